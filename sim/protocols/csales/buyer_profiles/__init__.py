"""Buyer profiles out of reviews that real buyers wrote."""
