"""A protocol of somebody else's: launched, killed, resumed, verified, replayed and reported."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import retailsim
from retailsim.analysis import load
from retailsim.analysis.export import measures
from tests.sim.runs import ROOT, command, event_lines, events_of, launched, process, replayed, sim

TOY = ROOT / "tests" / "protocols" / "sealed_bid.py"
SALE = """
[run]
name = "sale"
[design]
protocol = "{protocol}"
replications = 2
[rules]
most_share = 1.0
[[sellers]]
id = "a"
[[sellers]]
id = "b"
[[sellers]]
id = "c"
[[buyers]]
id = "x"
[[buyers]]
id = "y"
"""


def sale(folder: Path, protocol: str = "sealed_bid:PROTOCOL") -> Path:
    """Write the scenario, with the protocol's module beside it."""
    folder.mkdir(exist_ok=True)
    shutil.copy(TOY, folder)
    (folder / "sale.toml").write_text(SALE.format(protocol=protocol))
    return folder / "sale.toml"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sale of eight products by two workers."""
    folder = tmp_path_factory.mktemp("sale")
    launched(folder / "run", sale(folder), "--workers", 2, "--set", "products.per_category=2")
    return folder / "run"


def test_where_nobody_speaks_the_protocol_is_why(run: Path, tmp_path: Path) -> None:
    result = sim("export", run, "transcripts", "--out", tmp_path / "chats.jsonl")
    assert (result.exit_code, result.stderr) == (
        0,
        "no chat holds any speech: in the protocol sealed_bid:PROTOCOL nobody speaks, "
        "or it does not say how (`chat`)\n",
    )


def test_two_workers_and_one_give_the_same_events(run: Path, tmp_path: Path) -> None:
    one = tmp_path / "one"
    launched(one, sale(tmp_path), "--set", "products.per_category=2")
    assert event_lines(one) == event_lines(run)
    assert len(events_of(run, "EpisodeOpened")) == 32
    assert len(events_of(run, "BidPlaced")) == 3 * 32


def test_three_sellers_bid_for_each_buyer_and_the_cheapest_sells(run: Path) -> None:
    bids: dict[str, dict[str, int]] = {}
    for event in events_of(run, "BidPlaced"):
        bids.setdefault(event["episode"], {})[event["bidder"]] = event["price_cents"]
    named = {event["episode"]: event["seller"] for event in events_of(run, "BidTaken")}
    orders = events_of(run, "OrderPlaced")
    assert orders and named.keys() == {order["episode"] for order in orders}
    for order in orders:
        lowest = min(bids[order["episode"]].values())
        assert (
            order["unit_price_cents"] == lowest == bids[order["episode"]][named[order["episode"]]]
        )
    assert {event["seller"] for event in events_of(run, "EpisodeOpened")} == {None}


@pytest.mark.slow
def test_what_the_table_rules_says_reaches_the_bidders(run: Path, tmp_path: Path) -> None:
    words = ("--set", "products.per_category=2", "--set", "rules.most_share=0.5")
    launched(tmp_path / "half", sale(tmp_path), *words)
    pairs = zip(events_of(tmp_path / "half", "BidPlaced"), events_of(run, "BidPlaced"), strict=True)
    assert all(half["price_cents"] == whole["price_cents"] // 2 for half, whole in pairs)


def test_a_choice_of_nobody_who_bid_is_refused(tmp_path: Path) -> None:
    scenario = sale(tmp_path)
    (tmp_path / "odd.py").write_text(
        "from .sealed_bid import Taker\n"
        "class Odd(Taker):\n"
        "    async def choose(self, request):\n"
        "        return 'nobody'\n"
    )
    words = ("--buyers", "odd:Odd", "--set", "products.per_category=1")
    sim("launch", scenario, "--out", tmp_path / "run", *words)
    failed = events_of(tmp_path / "run", "EpisodeFailed")
    assert {event["stage"] for event in failed} == {"choose"}
    assert "answered ChooseBid with no bidder: 'nobody'" in failed[0]["reason"]


def test_measures_are_those_of_the_orders(run: Path) -> None:
    said, orders = replayed(run), events_of(run, "OrderPlaced")
    assert said["overall"]["orders"] == len(orders)
    assert said["overall"]["net_revenue_cents"] == sum(o["unit_price_cents"] for o in orders)
    assert sum(row["orders"] for row in said["sellers"]) == len(orders)
    assert said["overall"]["conversion_rate"] == len(orders) / 32


@pytest.mark.slow
def test_a_measure_of_its_own_stands_wherever_the_shared_ones_do(run: Path, tmp_path: Path) -> None:
    said, orders = replayed(run), events_of(run, "OrderPlaced")
    bought = {order["episode"] for order in orders}
    bids = sum(event["episode"] in bought for event in events_of(run, "BidPlaced"))
    value = bids / len(orders)
    assert value == 3
    for row in (said["overall"], *said["buyers"], *said["categories"]):
        assert row["bids_per_order"] in (value, None)
        assert list(row)[-1] == "bids_per_order"
    assert said["overall"]["bids_per_order"] == value
    assert "bids_per_order" in said["pairs"][0] and "bids_per_order" in said["sellers"][0]
    assert "Bids per" in sim("replay", run).stdout
    compared = sim("compare", run, run)
    assert "Bids per order" in compared.stdout, compared.stderr
    planned = json.loads(sim("compare", run, run, "--json").stdout)["comparison"]["planned"]
    [change] = [one for one in planned if one["measure"] == "bids_per_order"]
    assert (change["first"]["value"], change["test"]["estimate"]) == (value, 0)
    page = tmp_path / "r.html"
    assert sim("report", run, "-o", page).exit_code == 0
    assert page.read_text().count("Bids per order") > 2
    table = measures(run)
    assert table.columns[-1] == "bids_per_order"
    assert table.filter(group="overall")["bids_per_order"].to_list() == [value]
    assert "Bids per order" in retailsim.load(run)._repr_html_()


@pytest.mark.slow
def test_what_only_one_of_two_runs_measures_is_not_compared(run: Path, tmp_path: Path) -> None:
    """A bare log does not say its protocol."""
    bare = tmp_path / "bare"
    shutil.copytree(run, bare)
    (bare / "run.toml").unlink()
    for pair in ((run, bare), (bare, run)):
        compared = sim("compare", *pair)
        assert "Conversion" in compared.stdout, compared.stderr
        assert "Bids per order" not in compared.stdout


@pytest.mark.slow
def test_it_is_verified_and_reported(run: Path, tmp_path: Path) -> None:
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr
    assert "every event is the same" in verified.stdout
    assert sim("report", run, "-o", tmp_path / "r.html").exit_code == 0
    assert "sale" in (tmp_path / "r.html").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_a_log_cut_anywhere_is_resumed_to_the_same_events(
    run: Path, tmp_path: Path, share: float
) -> None:
    """What is left of one worker's segment after a kill; the run folder alone is needed."""
    torn = tmp_path / "torn"
    shutil.copytree(run, torn)
    (torn / "events" / "SEAL").unlink()
    segment = sorted((torn / "events").glob("*.jsonl"))[0]
    opened = segment.rename(segment.with_suffix(".jsonl.open"))
    os.truncate(opened, int(opened.stat().st_size * share))
    resumed = sim("resume", torn)
    assert resumed.exit_code == 0, resumed.stderr
    assert event_lines(torn) == event_lines(run)
    assert replayed(torn) == replayed(run)
    assert sim("verify", torn).exit_code == 0


@pytest.mark.slow
def test_killed_at_any_moment_it_is_resumed_to_the_same_events(tmp_path: Path) -> None:
    words = (sale(tmp_path), "--workers", 2, "--set", "design.replications=40")
    launched(tmp_path / "whole", *words)
    draw = random.Random(7)
    for number in range(3):
        out = tmp_path / f"run{number}"
        started = subprocess.Popen(command("launch", *words, "--out", out), cwd=ROOT)
        while not list(out.glob("events/*")):
            time.sleep(0.01)
        time.sleep(draw.random() * 0.5)
        started.send_signal(signal.SIGKILL)
        started.wait()
        resumed = process("resume", out, "--workers", 2)
        assert resumed.returncode == 0, resumed.stderr
        assert event_lines(out) == event_lines(tmp_path / "whole")
        assert process("verify", out).returncode == 0


def test_a_changed_module_is_noticed(run: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(run, changed)
    module = changed / "inputs" / "plugins" / "sealed_bid.py"
    module.write_text(module.read_text() + "\n# not what it was\n")
    refused = sim("verify", changed)
    assert refused.exit_code == 2
    assert "an input of the run was changed" in refused.stderr


def installed(folder: Path, text: str) -> Path:
    """Lay the protocol's module where packages are, with its entry point; returns that folder."""
    package = folder / "site"
    info = package / "sealed_bid_sale-1.0.dist-info"
    info.mkdir(parents=True)
    (package / "sealed_bids.py").write_text(text)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sealed-bid-sale\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[retailsim.protocols]\nsealed = sealed_bids:PROTOCOL\n")
    return package


@pytest.mark.slow
def test_an_installed_protocol_has_its_own_tables_wherever_a_run_is_looked_at(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an entry point, as an agent of a package; its name is the point's."""
    package = installed(tmp_path, TOY.read_text())
    monkeypatch.syspath_prepend(str(package))
    scenario = sale(tmp_path / "mine", "sealed")
    said = launched(tmp_path / "run", scenario, "--set", "products.per_category=2")
    assert said["overall"]["orders"] == replayed(run)["overall"]["orders"]
    assert event_lines(tmp_path / "run") == event_lines(run)
    bids = load(tmp_path / "run").tables["bids"]
    assert bids.height == 3 * 32
    listed = sim("agents").stdout
    assert "sealed-bid sellers" in listed
    elsewhere = subprocess.run(
        [sys.executable, "-m", "sim", "verify", tmp_path / "run"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert elsewhere.returncode == 0, elsewhere.stderr


def refused(folder: Path, *settings: str) -> str:
    words = [word for setting in settings for word in ("--set", setting)]
    result = sim("launch", sale(folder), *words, "--out", folder / "out")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    return str(result.stderr)


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("rules.colour=3", "rules.colour: unknown key"),
        ("rules.most_share='a'", "rules.most_share: "),
        (
            "design.pairing='random'",
            "design.pairing: the protocol sealed_bid:PROTOCOL seats everybody",
        ),
        ("design.discount=0.1", 'design.discount: is only for design.protocol = "retail"'),
        (
            "design.protocol='nowhere:X'",
            "design.protocol: protocol 'nowhere:X': there is no module",
        ),
        ("design.protocol='retial'", "did you mean retail?"),
    ],
)
def test_what_it_does_not_understand_is_one_line(tmp_path: Path, setting: str, why: str) -> None:
    assert why in refused(tmp_path, setting)


def test_a_bidder_of_ones_own_takes_a_seat(tmp_path: Path) -> None:
    scenario = sale(tmp_path)
    (tmp_path / "greedy.py").write_text(
        "from .sealed_bid import Bidder\n"
        "class Greedy(Bidder):\n"
        "    async def bid(self, request):\n"
        "        return request.product.price_cents * 2\n"
    )
    words = ("--sellers", "behavioral,greedy:Greedy", "--set", "products.per_category=1")
    launched(tmp_path / "run", scenario, *words)
    sellers: dict[str, Any] = {row["seller"]: row for row in replayed(tmp_path / "run")["sellers"]}
    assert set(sellers) == {"behavioral"}
    buyers = {event["buyer_kind"] for event in events_of(tmp_path / "run", "EpisodeOpened")}
    assert buyers == {"plug-in"}


SAID = [
    pytest.param('tag="BidTaken"', 'tag="BidPlaced"', "tag 'BidPlaced', which its event BidPlaced"),
    pytest.param(
        "    run=kit.ProtocolRun(", "    run='nowhere:RUN' or dict(", "there is no module nowhere"
    ),
    *(
        pytest.param(*case, marks=pytest.mark.slow)
        for case in (
            ('tag="BidTaken"', 'tag="OrderPlaced"', "'OrderPlaced', which the log of every"),
            (
                'tag="BidTaken"',
                'tag="PitchPresented"',
                "another protocol has events called PitchPr",
            ),
            ("events=(BidPlaced, BidTaken)", "events=(BidPlaced, int)", "is not a class derived"),
            (
                "    market=kit.MarketRules(",
                "    market=dict(",
                "'market' is of type dict, not a MarketR",
            ),
            (
                "    agents=kit.ProtocolAgents(",
                "    agents=0 and dict(",
                "'agents' is of type int, not a Prot",
            ),
            (
                "    run=kit.ProtocolRun(",
                "    run=None and dict(",
                "'run' is missing, not a ProtocolRun",
            ),
        )
    ),
]
"""What is changed in the protocol, into what, and how it is refused: each is a process."""


@pytest.mark.parametrize(("old", "new", "why"), SAID)
def test_a_protocol_that_is_none_is_one_line(tmp_path: Path, old: str, new: str, why: str) -> None:
    scenario = sale(tmp_path)
    module = tmp_path / "sealed_bid.py"
    text = module.read_text()
    assert old in text
    module.write_text(text.replace(old, new))
    result = process("launch", scenario, "--out", tmp_path / "out")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1), result.stderr
    assert "design.protocol: protocol '" in result.stderr
    assert why in result.stderr


TWINS = """
from retailsim.sim.scenario.product_design import ProductDesign

class Twins(ProductDesign):
    def markets(self):
        return (msgspec.structs.replace(spec, id=spec.product.id) for spec in super().markets())

PROTOCOL = msgspec.structs.replace(PROTOCOL, run=kit.ProtocolRun(
    rules=Rules, design=lambda scenario, products, files, seed: Twins(scenario, products, seed)))
"""


@pytest.mark.slow
def test_ids_that_a_log_could_not_tell_apart_are_one_line(tmp_path: Path) -> None:
    scenario = sale(tmp_path)
    with (tmp_path / "sealed_bid.py").open("a") as module:
        module.write(TWINS)
    result = process("launch", scenario, "--out", tmp_path / "out")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1), result.stderr
    assert "protocol 'sealed-bid': two of its ids are '" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_market_that_never_ends_is_one_line(tmp_path: Path) -> None:
    scenario = sale(tmp_path)
    module = tmp_path / "sealed_bid.py"
    module.write_text(module.read_text().replace("self.ended = True", "pass"))
    result = process("launch", scenario, "--out", tmp_path / "out")
    assert result.returncode == 2
    assert "came to a standstill: nothing is due any more" in result.stderr
    assert "Traceback" not in result.stderr


def broken() -> tuple[str, int]:
    """The module with a decision that raises, and the line where it does."""
    text = TOY.read_text().replace("        self.ended = True\n", '        raise KeyError("zz")\n')
    return text, text[: text.index('raise KeyError("zz")')].count("\n") + 1


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_rules_that_raise_are_one_line_with_their_place(tmp_path: Path, workers: int) -> None:
    """The rules of a protocol are its author's: no traceback of ours, and where to look."""
    scenario, (text, line) = sale(tmp_path), broken()
    (tmp_path / "sealed_bid.py").write_text(text)
    done = process("launch", scenario, "--workers", workers, "--out", tmp_path / "run")
    assert done.returncode == 1
    said = f"sealed_bid.py, line {line}: the scenario's own code raised KeyError: 'zz'"
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_installed_rules_that_raise_are_one_line_too(tmp_path: Path, workers: int) -> None:
    text, line = broken()
    package = installed(tmp_path, text)
    words = ("launch", sale(tmp_path / "mine", "sealed"), "--workers", workers)
    done = process(*words, "--out", tmp_path / "run", PYTHONPATH=str(package))
    assert done.returncode == 1
    said = f"sealed_bids.py, line {line}: code of the package sealed_bids raised KeyError: 'zz'"
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_event_that_is_not_declared_is_one_line(tmp_path: Path) -> None:
    """No reader of the log would know what it is."""
    scenario = sale(tmp_path)
    text = TOY.read_text()
    assert "events=(BidPlaced, BidTaken)" in text
    (tmp_path / "sealed_bid.py").write_text(
        text.replace("events=(BidPlaced, BidTaken)", "events=(BidPlaced,)")
    )
    done = process("launch", scenario, "--out", tmp_path / "run")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert ": its protocol logs BidTaken, which it does not declare; name the class" in done.stderr
