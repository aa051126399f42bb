"""`python -m periscope`: the command line."""

import sys

from periscope.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
