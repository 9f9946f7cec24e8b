"""Who sits on either side: kinds, and sellers that are named after the opening."""

from __future__ import annotations

import json
from pathlib import Path

from polars.testing import assert_frame_equal

from retailsim.analysis import load
from retailsim.events.messages import SellerNamed
from tests.analysis.fakelog import closed, episode, market, opened, order, write_run
from tests.sim.runs import sim

KIND = ("seller", "seller_kind", "buyer_kind", "seller_gender", "seller_rationality")


def test_kinds_are_columns_and_unknown_in_old_logs(tmp_path: Path) -> None:
    told = opened(seller_kind="model", buyer_kind="plug-in")
    silent = {"type": "EpisodeOpened", "market": "n", "episode": "f"}
    old = silent | {"seq": 0, "t": 0, "source": "market", "seller": "s", "buyer": "b"}
    run = write_run(tmp_path / "run", [*market("m", closed("e", told)), old])
    assert load(run).episodes.select("episode", "seller_kind", "buyer_kind").rows() == [
        ("e", "model", "plug-in"),
        ("f", None, None),
    ]


def test_a_seller_that_is_named_later_is_the_episodes_seller(tmp_path: Path) -> None:
    named = SellerNamed(
        seller="t",
        seller_kind="model",
        seller_gender="female",
        seller_persona={"rationality": "rational"},
    )
    nobody = opened(None)
    run = write_run(tmp_path / "run", market("m", closed("e", nobody, named, order())))
    assert load(run).episodes.select(KIND).rows() == [("t", "model", None, "female", "rational")]
    measures = json.loads(sim("replay", run, "--json").stdout)
    assert [(row["seller"], row["orders"]) for row in measures["sellers"]] == [("t", 1)]


def test_an_episode_that_nobody_was_named_for_is_in_the_totals_alone(tmp_path: Path) -> None:
    nobody = opened(None)
    run = write_run(tmp_path / "run", market("m", closed("e", nobody), closed("f", opened())))
    assert load(run).episodes["seller"].to_list() == [None, "s"]
    assert sim("replay", run).exit_code == 0
    measures = json.loads(sim("replay", run, "--json").stdout)
    assert (measures["episodes"]["closed"], measures["overall"]["episodes"]) == (2, 2)
    assert [row["seller"] for row in measures["sellers"]] == ["s"]


def test_naming_survives_segments(tmp_path: Path) -> None:
    nobody = opened(None)
    events = market("m", episode("e", nobody, *(SellerNamed(seller=f"s{n}") for n in range(9))))
    whole = write_run(tmp_path / "whole" / "run", events)
    parts = write_run(tmp_path / "parts" / "run", events, segment_bytes=200, batch=1)
    assert load(whole).episodes["seller"].to_list() == ["s8"]
    assert_frame_equal(load(whole).episodes, load(parts).episodes)
