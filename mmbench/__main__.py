"""`python -m mmbench` is `mmbench`, where the script is not on the path."""

import sys

from mmbench.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
