"""Floor 8: every command of the command line as a function of the same name."""
