"""The fixtures of `served`, which other folders take as well."""

from tests.hubs.served import checkpoint as checkpoint
from tests.hubs.served import copied as copied
from tests.hubs.served import copies as copies
from tests.hubs.served import downloads as downloads
from tests.hubs.served import hub as hub
from tests.hubs.served import served as served
from tests.hubs.served import table as table
