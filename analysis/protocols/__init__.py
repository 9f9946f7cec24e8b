"""What each protocol adds to analysis: its tables, measures and section of the report."""
