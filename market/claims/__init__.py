"""Claims: what a seller's text says about a product that its sheet does not carry."""
