"""`python -m xlner` is the command line."""

from xlner.cli import main

main()
