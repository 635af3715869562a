"""`python -m flows` is `photofinish`."""

from flows.cli import main

main()
