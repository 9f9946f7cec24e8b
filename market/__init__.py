"""What is true: products, prices, policies, orders, the ledger, the protocols."""

if __name__ == "market":  # imported by its bare name, it would be a second copy of every module
    raise ImportError(
        "market of RetailSim is retailsim.market: write `from retailsim.market import ...`"
    )
