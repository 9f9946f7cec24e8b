"""Providers of language models: addresses, keys, capabilities, prices, what their errors mean."""
