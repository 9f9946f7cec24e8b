"""The protocols: who may say what when, a package each, and the registry of them."""
