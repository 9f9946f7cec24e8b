"""Looking at runs: compare, report, export."""
