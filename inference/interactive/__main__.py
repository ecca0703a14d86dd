"""Start the process that computes outlines: ``python -m inference.interactive``."""

from inference.interactive.process import main

if __name__ == "__main__":
    raise SystemExit(main())
