"""What all protocols of a market share: requests, admission, orders, the ledger, shipping."""
