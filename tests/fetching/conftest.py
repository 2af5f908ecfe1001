"""The hubs on this machine."""

from tests.hubs.served import checkpoint as checkpoint
from tests.hubs.served import copies as copies
from tests.hubs.served import downloads as downloads
from tests.hubs.served import hub as hub
from tests.hubs.served import served as served
from tests.hubs.served import table as table
