"""`profiles build`: a file of buyer profiles out of a file of reviews."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from retailsim.events.named_file import check_outside
from retailsim.market.catalogue.product_files import Problems, builtin_catalogue, read_products
from retailsim.market.protocols.csales.profile_file import read_profiles
from retailsim.market.protocols.csales.values import Profile
from retailsim.sim.errors import CannotWrite
from retailsim.sim.protocols.csales.buyer_profiles.by_rules import extract
from retailsim.sim.protocols.csales.buyer_profiles.reviews import Buyer, read_buyers
from retailsim.sim.terminal.terminal import Terminal


class BuildOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told."""

    reviews: Path
    out: Path
    catalog: Path | None = None
    model: str | None = None
    settings: tuple[str, ...] = ()
    least: int = 3
    budget: float | None = None


def build(terminal: Terminal, **options: Any) -> int:
    """Write the profiles, one line each; a file that has some already is gone on with.

    Returns the exit status: 3 where a provider stopped it, and the same command goes on.

    Parameters
    ----------
    **options
        The fields of `BuildOptions`.
    """
    told = BuildOptions(**options)
    check_outside(told.out)
    catalog = told.catalog or builtin_catalogue()
    products = {product.id: product for product in read_products(catalog, problems=Problems())}
    buyers, dropped = read_buyers(told.reviews, products, told.least)
    done = {profile.id for profile in read_profiles(told.out)} if _begun(told.out) else set()
    todo = [buyer for buyer in buyers if buyer.id not in done]
    terminal.say(
        f"{len(buyers):,} buyers with {told.least} reviews or more, {len(done):,} done already; "
        f"{dropped:,} rows left out"
    )
    if told.model is None:
        for buyer in todo:
            _keep(told.out, extract(buyer))
    else:
        _ask(told, todo, terminal)
    terminal.out(f"{told.out}: {_count(told.out):,} of {len(buyers):,} profiles")
    return 0


def _ask(told: BuildOptions, todo: list[Buyer], terminal: Terminal) -> None:
    from retailsim.sim.budget.batch import ModelBatch
    from retailsim.sim.protocols.csales.buyer_profiles.by_model import ask_all

    batch = ModelBatch(told.model or "", told.settings, told.budget)
    ask_all(batch, todo, lambda one: _keep(told.out, one), terminal.say, kept=str(told.out))


def _begun(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _count(path: Path) -> int:
    return len(path.read_bytes().splitlines()) if path.exists() else 0


def _keep(path: Path, profile: Profile) -> None:
    """Append one profile as files hold them."""
    low, high = profile.budget_cents
    row = {
        "id": profile.id,
        "general_preference": profile.general_preference,
        "target_needs": profile.target_needs,
        "purchase_reason": profile.purchase_reason,
        "budget": (low / 100, high / 100),
        "target_category": profile.target_category,
        "decision_making_style": profile.decision_making_style,
        "dialogue_openness": profile.dialogue_openness,
    }
    try:
        with path.open("ab") as file:
            file.write(msgspec.json.encode(row) + b"\n")
    except OSError as error:
        raise CannotWrite(path, error, "what is written is kept") from None
