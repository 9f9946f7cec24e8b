"""What is true: products, prices, policies, orders, the ledger, the protocols."""
