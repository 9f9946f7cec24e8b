"""Whether our five packages are ours: their plain names are easily taken by others."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sim.errors import Shadowed

PACKAGES = ("agents", "analysis", "events", "market", "sim")


def check_packages() -> None:
    """Make sure that each of our packages is the one beside this one.

    Raises
    ------
    Shadowed
        Naming the intruder.
    """
    home = Path(__file__).resolve().parent.parent
    for package in PACKAGES:
        spec = find_spec(package)
        places = list(spec.submodule_search_locations or ()) if spec else []
        found = Path(places[0]).resolve() if places else None
        if found != home / package:
            raise Shadowed(package, str(found or (spec and spec.origin)), str(home / package))
