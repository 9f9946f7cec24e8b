"""Copies of product sheets for those who sit at the table."""

from __future__ import annotations

import msgspec

from retailsim.market.catalogue.product import Product


def apart(product: Product) -> Product:
    """Copy a sheet: what an agent does to it stays in this conversation."""
    return msgspec.structs.replace(product, details=dict(product.details))


def for_buyer(product: Product) -> Product:
    """Leave out what only sellers see."""
    return msgspec.structs.replace(product, unit_cost_cents=None)
