"""What takes either seat, and episodes whose seller nobody named."""

from __future__ import annotations

import json
from pathlib import Path

from retailsim.analysis import load
from tests.analysis.fakelog import closed, market, opened, write_run
from tests.sim.runs import sim


def test_kinds_are_columns_and_unknown_in_old_logs(tmp_path: Path) -> None:
    told = opened(seller_kind="model", buyer_kind="plug-in")
    old = {"type": "EpisodeOpened", "market": "n", "episode": "f", "seq": 0, "t": 0}
    old |= {"source": "market", "seller": "s", "buyer": "b"}
    run = write_run(tmp_path / "run", [*market("m", closed("e", told)), old])
    assert load(run).episodes.select("episode", "seller_kind", "buyer_kind").rows() == [
        ("e", "model", "plug-in"),
        ("f", None, None),
    ]


def test_an_episode_that_nobody_was_named_for_is_in_the_totals_alone(tmp_path: Path) -> None:
    nobody = opened(None)
    run = write_run(tmp_path / "run", market("m", closed("e", nobody), closed("f", opened())))
    assert load(run).episodes["seller"].to_list() == [None, "s"]
    assert sim("replay", run).exit_code == 0
    measures = json.loads(sim("replay", run, "--json").stdout)
    assert (measures["episodes"]["closed"], measures["overall"]["episodes"]) == (2, 2)
    assert [row["seller"] for row in measures["sellers"]] == ["s"]
