"""``python -m winnow_agent``."""

import sys

from winnow_agent.main import main

if __name__ == "__main__":
    sys.exit(main())
