"""Decisions read off logs: the numbers an environment gave, from anybody's run, executing none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retailsim.agents.csales.behavioral.action_policy import Chance, Csi
from retailsim.agents.csales.policy.by_hand import show_first
from retailsim.agents.csales.policy.features import NAMES
from retailsim.analysis.policy.decisions import joined
from retailsim.events.errors import RetailSimError
from retailsim.market.core.propensities import WHOLE
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE
from retailsim.sim.learning.csales.logged import read_logged
from retailsim.sim.learning.csales.targets import OfFile, OfSeller
from tests.environments.walk import assert_told, walked
from tests.learning.logged_runs import only, rewritten, talked
from tests.sim.runs import events_of, launched, torn


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve conversations of ``csi``, which explores."""
    return talked(
        tmp_path_factory.mktemp("run") / "csi", "--set", "sellers.csi.options.explore=0.3"
    )


def test_an_environments_numbers_come_back_from_its_log(tmp_path: Path) -> None:
    """Observations, masks, actions and rewards: the log says what the learner was given."""
    gymnasium = pytest.importorskip(
        "gymnasium", reason="gymnasium is not installed: the extra rl has it"
    )
    import retailsim.envs  # noqa: F401 - registers it

    reward = {"revenue": 1.0, "turn": -0.5}
    env = gymnasium.make(
        "retailsim/CSales-v0", out=tmp_path / "run", episodes=6, reward=reward,
        settings={"profiles.count": 6},
    )  # fmt: skip
    given = walked(env, episodes=6)
    found = read_logged([tmp_path / "run"], reward=reward).decisions
    assert sum(map(len, given.values())) == len(found)
    assert_told(found, given)


def test_rows_are_what_the_log_says(run: Path) -> None:
    found = read_logged([run]).decisions
    logged = events_of(run, "ActionChosen")
    order = {name: number for number, name in enumerate(found.ids)}
    logged.sort(key=lambda event: (order[event["episode"]], event["turn"]))
    assert [DEFAULT_TABLE.names[one] for one in found.chosen] == [
        ": ".join(filter(None, (event["action"], event["strategy"]))) for event in logged
    ]
    for event, odds, mask in zip(logged, found.propensities, found.mask, strict=True):
        assert event["options"] == [DEFAULT_TABLE.names[one] for one in np.flatnonzero(mask)]
        assert [one * WHOLE for one in odds[mask]] == event["probabilities"]
        assert not odds[~mask].any()
    revenue = {e["episode"]: e["unit_price_cents"] / 100 for e in events_of(run, "OrderPlaced")}
    assert list(found.terms["revenue"]) == [revenue.get(name, 0.0) for name in found.ids]
    np.testing.assert_allclose(found.returns, found.terms["revenue"])
    profiled = {event["episode"]: event for event in events_of(run, "BuyerProfiled")}
    assert [found.clusters[one] for one in found.cluster] == [
        profiled[name]["profile"] for name in found.ids
    ]
    assert list(found.segments["style"]) == [
        profiled[name]["decision_making_style"] for name in found.ids
    ]
    assert found.as_read.all()
    assert found.feature_names == NAMES


def test_what_a_seller_would_do_is_what_it_logs(run: Path) -> None:
    """A second way to the propensities: from the view of the log instead of the live seat."""
    same, other = OfSeller(Csi(), explore=0.3), OfSeller(Csi(0.7), explore=0.3)
    logged = read_logged([run], others=[same, other])
    np.testing.assert_array_equal(logged.others[0], logged.decisions.propensities)
    assert abs(logged.others[1] - logged.decisions.propensities).max() > 0.05


def test_what_a_file_would_do_is_what_its_seat_logs(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    show_first().save(path)
    out = talked(
        tmp_path / "run", "--set", "sellers.p.options.explore=0.25", sellers=f"policy:{path}"
    )
    others = [OfFile(show_first(), share, path) for share in (0.25, 0.0)]
    logged = read_logged([out], others=others)
    np.testing.assert_allclose(logged.others[0], logged.decisions.propensities, atol=1e-9)
    np.testing.assert_array_equal(logged.others[1].sum(axis=1), 1.0)
    assert (logged.others[1].max(axis=1) == 1.0).all()


@pytest.mark.slow
def test_a_table_of_more_options_is_read_by_their_names(tmp_path: Path) -> None:
    """Items, discounts and where to look are part of the act, and so of its propensity."""
    table = "actions={items=['nearest','dearest'],discounts=[0,10],category=['nearest','root']}"
    out = talked(
        tmp_path / "run", "--set", table, "--set", "sellers.csi.options.explore=0.6", profiles=30
    )
    logged = read_logged([out], others=[OfSeller(Csi(), explore=0.6)])
    found = logged.decisions
    assert {"Suggestion: dearest", "Category Search: root"} <= set(found.names)
    assert len(found.names) == 15
    taken = {found.names[one] for one in found.chosen}
    assert {"Suggestion: dearest", "Category Search: root"} <= taken
    assert found.as_read.all()
    np.testing.assert_array_equal(logged.others[0], found.propensities)
    show_first().save(tmp_path / "p.json")
    with pytest.raises(RetailSimError, match="was learnt for other options"):
        read_logged([out], others=[OfFile(show_first(), 0.0, tmp_path / "p.json")])


def test_a_search_that_a_policy_would_not_have_made_is_marked(tmp_path: Path) -> None:
    """``random-action`` draws its category, and no propensity says so; its options are as said."""
    out = talked(tmp_path / "run", sellers="random-action")
    logged = read_logged([out], others=[OfSeller(Chance())])
    search = logged.decisions.chosen == DEFAULT_TABLE.names.index("Category Search")
    assert 0.0 < logged.decisions.as_read[search].mean() < 1.0
    assert logged.decisions.as_read[~search].all()
    np.testing.assert_array_equal(logged.others[0], logged.decisions.propensities)


@pytest.mark.slow
def test_several_runs_and_one_seller(run: Path, tmp_path: Path) -> None:
    two = talked(tmp_path / "two", "--set", "run.seed=9", sellers="csi,fixed-script", profiles=20)
    both = read_logged([run, two]).decisions
    assert len(both.ids) == 12 + 40
    assert len(both.clusters) == len(set(both.clusters)) <= 32
    one = read_logged([run, two], seller="csi").decisions
    assert len(one.ids) == 12 + 20
    kept = both.of_episodes(both.seller == "csi")
    for name in ("features", "chosen", "propensities", "episode", "rewards", "turn"):
        np.testing.assert_array_equal(getattr(one, name), getattr(kept, name))
    assert [one.clusters[c] for c in one.cluster] == [kept.clusters[c] for c in kept.cluster]
    halves = [both.of_episodes(both.seller == name) for name in ("csi", "fixed-script")]
    back = joined(halves)
    assert sorted(back.ids) == sorted(both.ids)
    assert back.returns.sum() == pytest.approx(both.returns.sum())
    assert len(back.clusters) == len(both.clusters)
    assert list(back.starts) == [int(np.argmax(back.episode == e)) for e in range(len(back.ids))]


def test_what_did_not_come_to_its_end_is_left_out_and_counted(run: Path, tmp_path: Path) -> None:
    part = read_logged([torn(run, tmp_path / "torn", "ActionChosen")]).decisions
    whole = read_logged([run]).decisions
    assert 0 < len(part.ids) < len(whole.ids)
    same = whole.of_episodes(np.isin(whole.ids, part.ids))
    np.testing.assert_array_equal(part.features, same.features)
    name = events_of(run, "MarketClosed")[0]["market"]
    failing = {"type": "EpisodeFailed", "stage": "turn", "reason": "because"}
    failed = rewritten(
        run,
        tmp_path / "failed",
        lambda e: e | failing if e["type"] == "EpisodeClosed" and e["market"] == name else e,
    )
    found = read_logged([failed]).decisions
    assert (found.failed, len(found.ids)) == (1, 11)
    none = rewritten(run, tmp_path / "none", lambda e: e if e["type"] != "MarketClosed" else None)
    with pytest.raises(RetailSimError, match=r"conversation \(0 failed, 12 unfinished"):
        read_logged([none])


def test_propensities_that_nobody_stated_are_not_a_number(run: Path, tmp_path: Path) -> None:
    models = rewritten(run, tmp_path / "null", only("ActionChosen", probabilities=None))
    found = read_logged([models]).decisions
    assert np.isnan(found.propensities).all()
    assert not found.known.any()
    np.testing.assert_array_equal(found.mask, read_logged([run]).decisions.mask)


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("ActionChosen", {"options": ("Beg",)}, "the run's table has no option 'Beg'"),
        ("ActionChosen", {"options": ("Suggestion",) * 2}, "an option stands twice"),
        ("ActionChosen", {"probabilities": (0.5,)}, r"probabilities \[0.5\] for"),
        ("ActionChosen", {"options": ("Suggestion",), "probabilities": (0.4,)}, "for 1 options"),
        ("ItemsShown", {"prices_cents": ()}, "market .*: zip"),
        ("OrderPlaced", {"unit_price_cents": 10**400}, "too large"),
        ("ActionChosen", {"turn": "one"}, "a line is not an event"),
        ("BuyerProfiled", {"type": "MarketOpened"}, "acts before there is a buyer"),
    ],
)
def test_a_log_that_contradicts_itself_is_one_line(
    run: Path, tmp_path: Path, kind: str, fields: dict[str, object], said: str
) -> None:
    out = rewritten(run, tmp_path / "out", only(kind, **fields))
    with pytest.raises(RetailSimError, match=said) as caught:
        read_logged([out])
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_what_is_no_log_to_go_by_is_one_line(run: Path, tmp_path: Path) -> None:
    silent = talked(tmp_path / "silent", "--set", "design.transcripts=false")
    other = tmp_path / "retail"
    launched(other, "guidance", "--set", "products.per_category=1")
    changed = rewritten(run, tmp_path / "changed", lambda event: event)
    with (changed / "inputs" / "products.jsonl").open("a") as products:
        products.write("{}\n")
    for runs, seller, said in (
        ([tmp_path / "nowhere"], None, "there is no such folder"),
        ([other], None, "its protocol is retail; policies are judged in csales"),
        ([silent], None, r"leaves out what was said \(design.transcripts = false\)"),
        ([changed], None, "an input of the run was changed"),
        ([run, run], None, "is the same run as .*; name each log once"),
        ([run], "bob", "--seller bob: in the logs there are only csi"),
    ):
        with pytest.raises(RetailSimError, match=said) as caught:
            read_logged(runs, seller=seller)
        assert "\n" not in str(caught.value)


def test_nothing_of_a_run_is_executed(run: Path, tmp_path: Path) -> None:
    out = rewritten(run, tmp_path / "out", lambda event: event)
    trap = tmp_path / "ran"
    for place in (out, out / "inputs", out / "inputs" / "plugins"):
        place.mkdir(exist_ok=True)
        (place / "trap.py").write_text(f"open({str(trap)!r}, 'w')\nX = 1\n")
    text = (out / "run.toml").read_text()
    (out / "run.toml").write_text(text.replace('agent = "csi"', 'agent = "trap:X"'))
    assert "trap:X" in (out / "run.toml").read_text()
    assert len(read_logged([out]).decisions.ids) == 12
    named = text.replace('protocol = "csales"', 'protocol = "trap:X"')
    (out / "run.toml").write_text(named)
    with pytest.raises(RetailSimError, match="its protocol is trap:X"):
        read_logged([out])
    assert not trap.exists()
