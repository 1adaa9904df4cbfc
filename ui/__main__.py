"""`python -m ui` is `youju`."""

import sys

from ui.cli import main

sys.exit(main())
