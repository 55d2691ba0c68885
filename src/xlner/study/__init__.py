"""Floor 8: studies. A plan becomes runs, runs leave a ledger, and a ledger becomes a report."""
