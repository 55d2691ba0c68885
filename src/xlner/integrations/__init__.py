"""Floor 8: xlner in the tools of others, a file for each. Nothing here is imported unless it is asked for."""
