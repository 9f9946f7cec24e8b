"""Agents of the sales conversation: CSI sellers, CSUser buyers, and baselines."""
