"""`python -m ui` is `youju`."""

import sys

from ui.cli import main

if __name__ == "__main__":  # worker processes import this module
    sys.exit(main())
