"""Parts of a third party."""
