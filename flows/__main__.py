"""`python -m flows` is `photofinish`."""

import sys

try:
    from flows.cli import main
except KeyboardInterrupt:
    sys.exit("stopped before it began")

main()
