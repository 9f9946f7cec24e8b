"""The report: right numbers, plain words where nothing can be said, and hostile text as text."""

from __future__ import annotations

import itertools
import re
import shutil
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retailsim.analysis.exhibits import charts
from retailsim.analysis.exhibits.parts import Cell, Report, ReportTable
from retailsim.analysis.projection.loader import load
from retailsim.analysis.report.content import report
from retailsim.analysis.report.images import svg
from retailsim.analysis.report.page import page
from retailsim.events.log.writer import LogWriter
from retailsim.events.messages import SCHEMA_VERSION
from retailsim.market.core.money import dollars, in_currency
from tests.analysis.fakelog import closed, encode, market, opened, order, refund, review, write_run
from tests.browser import Watch, expect
from tests.cases import quick
from tests.published import published
from tests.sim.runs import SMALL, launched, scenario, sim, torn

COUNTED = """
[products]
per_category = 5
[design]
discount = 0.1
[[sellers]]
id = "eager"
agent = "behavioral"
[[sellers]]
id = "patient"
agent = "behavioral"
options = { concession = 0.9 }
[[buyers]]
id = "keen"
agent = "behavioral"
options = { inclination = 1.0 }
[[buyers]]
id = "careful"
agent = "behavioral"
[[buyers]]
id = "forgetful"
agent = "forgetful:Forgetful"
"""
FORGETFUL = """
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer

class Forgetful(BehavioralBuyer):
    async def review(self, request):
        if request.outcome == "refunded":
            raise KeyError("what did I buy?")
        return await super().review(request)
"""
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">&amp;"\'</svg>'


def tables(found: Report) -> dict[str, ReportTable]:
    return {table.title: table for section in found.sections for table in section.tables}


def cells(table: ReportTable) -> dict[str, list[Cell]]:
    return {row[0].text: list(row[1:]) for row in table.rows}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "run"
    launched(out, *SMALL, "--set", "design.price_multipliers=[0.9, 1.0, 1.1]")
    return out


@pytest.fixture(scope="module")
def html(run: Path) -> str:
    result = sim("report", run, "-o", run.parent / "report.html")
    assert result.exit_code == 0, result.stderr
    return (run.parent / "report.html").read_text()


@pytest.mark.slow
def test_a_report_has_every_section_a_run_has_something_for(run: Path) -> None:
    names = [section.name for section in report(run, {}).sections]
    assert names == [
        *("findings", "summary", "profit", "products", "seats", "pairs", "funnel", "prices"),
        *("personas", "refunds", "claims", "rules", "worth", "examples", "made"),
    ]


class Reader(HTMLParser):
    """Collects what a browser would load, and checks that tags are balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [
            str(value)
            for name, value in attrs
            if name in ("src", "href", "xlink:href") and not str(value).startswith("#")
        ]


def test_a_page_runs_no_script_and_loads_nothing(html: str) -> None:
    reader = Reader()
    reader.feed(html)
    assert reader.loads == []
    assert "script" not in reader.tags
    assert reader.tags.count("svg") >= 5
    assert "default-src 'none'" in html
    assert "NaN" not in html
    assert "nan%" not in html


def test_every_chart_says_in_words_what_it_shows(html: str) -> None:
    labels = re.findall(r'<div class="chart" role="img" aria-label="([^"]*)"', html)
    assert len(labels) >= 5
    assert all(labels)


@pytest.mark.slow
def test_charts_are_written_as_files_on_request(run: Path, tmp_path: Path) -> None:
    result = sim("report", run, "-o", tmp_path / "r.html", "--charts", "png")
    assert result.exit_code == 0, result.stderr
    names = {path.name for path in tmp_path.glob("*.png")}
    assert names >= {"sellers.png", "buyers.png", "pairs.png", "funnel.png", "prices.png"}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.glob("*.png"))


@pytest.mark.slow
def test_a_folder_that_is_made_for_it_is_said(run: Path, tmp_path: Path) -> None:
    result = sim("report", run, "-o", tmp_path / "reprots" / "r.html")
    assert result.stderr == f"made the folder {tmp_path / 'reprots'}\n"
    assert (tmp_path / "reprots" / "r.html").exists()


@pytest.mark.slow
def test_without_a_file_it_lies_beside_the_run(run: Path) -> None:
    result = sim("report", run)
    assert result.exit_code == 0, result.stderr
    assert (run / "derived" / "report.html").exists()
    assert "report.html" in result.stdout


@pytest.mark.slow
def test_a_place_that_cannot_be_written_is_named(run: Path) -> None:
    result = sim("report", run, "-o", "/proc/nowhere/r.html")
    assert result.exit_code == 2
    assert "name another file with --out" in result.stderr


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    result = sim("report", tmp_path)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.fixture(scope="module", params=["ours", "published"])
def counted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which episodes of every kind end: one of our own, and the published trajectories."""
    out = tmp_path_factory.mktemp("counted") / "run"
    if request.param == "published":
        assert sim("import", published("retailsim_demo.json"), "--out", out).exit_code == 0
        return out
    folder = tmp_path_factory.mktemp("scenario")
    (folder / "forgetful.py").write_text(FORGETFUL)
    launched(out, scenario(folder, COUNTED))
    kinds = {line["type"] for line in _lines(out)}
    assert {"EpisodeFailed", "EpisodeClosed", "RefundIssued"} <= kinds  # it fails refunded
    return out


@pytest.mark.slow
def test_the_tables_of_seats_are_those_of_plain_python(counted: Path) -> None:
    found = tables(report(counted, {}))
    sums: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(float))
    for line in _lines(counted):
        key = line.get("episode")
        if key is None:
            continue
        match line["type"]:
            case "EpisodeOpened":
                sums[key].update(seller=line["seller"], buyer=line["buyer"])
            case "EpisodeClosed":
                sums[key]["decided"] = 1
            case "OrderPlaced":
                sums[key]["decided"] = 1
                sums[key]["units"] += line["quantity"]
                sums[key]["orders"] += 1
                sums[key]["net"] += line["quantity"] * line["unit_price_cents"]
            case "RefundIssued":
                sums[key]["refunded"] += line["quantity"]
                sums[key]["net"] -= line["amount_cents"]
            case "ReviewPosted":
                sums[key]["stars"] += line["rating"]
                sums[key]["reviews"] += 1
    for title, role in (("Sellers", "seller"), ("Buyers", "buyer")):
        rows = cells(found[title])
        behind = found[title].columns.index("Conversion") - 1  # profit, where it is known
        episodes = [one for one in sums.values() if one["decided"]]
        assert set(rows) == {str(one[role]) for one in episodes}
        for name, row in rows.items():
            some = [one for one in episodes if one[role] == name]
            total = {k: sum(one[k] for one in some) for k in ("orders", "units", "net", "refunded")}
            buying = [one for one in some if one["orders"]]
            stars = sum(one["stars"] for one in buying) / sum(one["reviews"] for one in buying)
            assert [row[0].text, *(cell.text for cell in row[behind:])] == [
                f"{len(some):,}",
                f"{len(buying) / len(some):.1%}",
                dollars(total["net"]),
                dollars(total["net"] / len(some)),
                f"{total['refunded'] / total['units']:.1%}",
                f"{total['units'] / total['orders']:.2f}",
                f"{stars:.2f}",
            ]


def _lines(run: Path) -> list[dict[str, Any]]:
    import json

    return [
        json.loads(line)
        for path in sorted((run / "events").glob("*.jsonl"))
        for line in path.read_text().splitlines()
        if line.startswith('{"type"')
    ]


def hostile(folder: Path) -> Path:
    names = {"seller": HOSTILE, "buyer": f"b{HOSTILE}", "title": HOSTILE, "category": HOSTILE}
    parts = [
        closed(f"e{n}", opened(product=f"p{n}", **names), order(), refund(), review("product", 3))
        for n in range(3)
    ]
    return write_run(folder / "run", market("m", *parts))


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    html = page(report(hostile(tmp_path), {"seed": HOSTILE, "scenario": HOSTILE}))
    reader = Reader()
    reader.feed(html)
    assert reader.loads == []
    assert "img" not in reader.tags
    assert "script" not in reader.tags
    assert "<script" not in html.lower()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parts", "said"),
    quick(
        2,
        [
            ([], "No episode came to a decision"),
            ([closed("e", opened())], "Nothing was bought"),
            ([closed("e", opened(), order(), refund())], "Only one product"),
            ([closed("e", opened(), order(), refund())], "Everything that was bought was refunded"),
        ],
    ),
)
def test_where_nothing_can_be_said_the_report_says_so(
    parts: list[Any], said: str, tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run", market("m", *parts))
    found = report(run, {})
    assert any(said in warning for warning in found.warnings)
    html = page(found)
    assert "nan" not in re.sub(r"[a-z]*nan[a-z]+", "", html.lower())


def test_a_run_that_is_not_finished_says_so(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", market("m", closed("e", opened())), seal=False)
    assert "not finished" in report(run, {}).warnings[0]


def test_a_damaged_log_is_one_line(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy, ignore=shutil.ignore_patterns("derived"))
    [path] = (copy / "events").glob("*.jsonl")
    path.write_bytes(path.read_bytes().replace(b'"quantity":1', b'"quantity":3', 1))
    result = sim("report", copy)
    assert result.exit_code == 2
    assert "damaged" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (copy / "derived" / "report.html").exists()


@pytest.mark.slow
def test_logs_of_several_versions_say_so(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", market("m", closed("e", opened(), order())), seal=False)
    assert not any("version" in warning for warning in report(run, {}).warnings)
    newer = SCHEMA_VERSION + 1
    with LogWriter(run / "events", run="run", shard=1, schema=newer, batch_bytes=1) as writer:
        for event in market("n", closed("f", opened(product="q"), order())):
            writer.append(encode(event), 1)
    said = report(run, {}).warnings
    assert any(f"event schemas {SCHEMA_VERSION} and {newer}" in warning for warning in said)
    assert any(f"Event schema {newer} is newer" in warning for warning in said)


@pytest.mark.slow
def test_one_seller_who_sells_nothing_has_a_report(tmp_path: Path) -> None:
    launched(
        tmp_path / "run",
        *SMALL,
        "--sellers",
        "quiet-clerk",
        "--buyers",
        "careful-saver",
        "--set",
        "buyers.0.options.inclination=-50.0",
    )
    found = report(tmp_path / "run", {})
    assert any("Nothing was bought" in warning for warning in found.warnings)
    html = page(found)
    assert "nan" not in re.sub(r"[a-z]*nan[a-z]+", "", html.lower())


@pytest.mark.slow
def test_pairs_funnel_and_refunds_are_those_of_plain_python(counted: Path) -> None:
    """Each number again by plain counting of log lines."""
    found = tables(report(counted, {}))
    seen: dict[str, dict[str, Any]] = defaultdict(dict)
    for line in _lines(counted):
        if line.get("episode"):
            seen[line["episode"]].setdefault(line["type"], line)
            if line["type"] == "ReviewPosted" and line["aspect"] == "product":
                seen[line["episode"]]["product review"] = line
    done = [one for one in seen.values() if one.keys() & {"EpisodeClosed", "OrderPlaced"}]

    def net(one: dict[str, Any]) -> int:
        order_, back = one.get("OrderPlaced"), one.get("RefundIssued")
        gained = order_["quantity"] * order_["unit_price_cents"] if order_ else 0
        return int(gained - (back["amount_cents"] if back else 0))

    at = found["Pairs"].columns.index("Net revenue") - 1
    for name, row in cells(found["Pairs"]).items():
        pair = [
            one
            for one in done
            if name == f"{one['EpisodeOpened']['seller']} / {one['EpisodeOpened']['buyer']}"
        ]
        assert row[0].text == f"{len(pair):,}"
        assert row[at].text == dollars(sum(map(net, pair)))
    funnel = cells(found["Episodes that reached this step"])
    for label, kind in (
        ("bought", "OrderPlaced"),
        ("reviewed the product", "product review"),
        ("got money back", "RefundIssued"),
    ):
        assert funnel[label][0].text == f"{sum(kind in one for one in done):,}"
    buying = [one for one in done if "OrderPlaced" in one]
    for title, event, field in (
        ("By issue", "IssueRaised", "issue"),
        ("By category", "EpisodeOpened", "category"),
    ):
        for name, row in cells(found[title]).items():
            some = [one for one in buying if one[event][field] == name]
            units = sum(one["OrderPlaced"]["quantity"] for one in some)
            back = [one["RefundIssued"] for one in some if "RefundIssued" in one]
            assert row[0].text == f"{len(some):,}"
            assert row[1].text == f"{sum(line['quantity'] for line in back) / units:.1%}"
            assert row[2].text == dollars(sum(line["amount_cents"] for line in back))


@pytest.mark.slow
def test_a_browser_draws_every_chart(run: Path, html: str, watch: Watch) -> None:
    watch.page.goto((run.parent / "report.html").as_uri())
    assert watch.page.locator("svg").count() == html.count("<svg") > 3


@pytest.mark.slow
def test_a_browser_makes_nothing_of_hostile_text(tmp_path: Path, watch: Watch) -> None:
    made = tmp_path / "hostile.html"
    made.write_text(page(report(hostile(tmp_path), {"seed": HOSTILE})), encoding="utf-8")
    watch.page.goto(made.as_uri())
    assert watch.page.locator("img, script").count() == 0
    expect(watch.page.get_by_text("alert(1)").first).to_be_visible()


@pytest.mark.slow
def test_conversations_have_a_section_of_their_own(tmp_path: Path) -> None:
    launched(tmp_path / "run", "csales", "--set", "profiles.count=24")
    found = report(tmp_path / "run", {})
    [section] = [section for section in found.sections if section.name == "sales"]
    titles = [table.title for table in section.tables]
    assert titles == [
        *("Sellers", "Who gains, per conversation", "By openness and decision style"),
        *("What sellers read off buyers, turn by turn", "What sellers did"),
        "Contrasts",
    ]
    sellers = cells(section.tables[0])
    assert set(sellers) == {"csi", "fixed-script", "random-action"}
    assert "SWR (published)" in section.tables[0].columns
    assert "SWR (of all)" in section.tables[0].columns
    assert "NaN" not in page(found)


@pytest.mark.slow
def test_every_rate_of_the_funnel_has_an_interval_and_n(run: Path) -> None:
    funnel = cells(tables(report(run, {}))["Episodes that reached this step"])
    some = load(run).episodes.filter(pl.col("status") == "closed")
    for label, came, of in (
        ("bought", some.filter(pl.col("orders") > 0), some),
        (
            "got money back",
            some.filter(pl.col("units_refunded") > 0),
            some.filter(pl.col("orders") > 0),
        ),
    ):
        count, of_all, of_those, _ = funnel[label]
        assert count.text == f"{came.height:,}"
        assert of_all.text == f"{came.height / some.height:.1%}"
        assert of_those.text == f"{came.height / of.height:.1%}"
        for cell, n in ((of_all, some.height), (of_those, of.height)):
            assert f"n {n:,}" in cell.below.split("; ")
            assert " to " in cell.below


@pytest.mark.slow
def test_the_report_says_what_episodes_share_and_what_that_takes_away(run: Path) -> None:
    rows = cells(tables(report(run, {}))["What episodes share"])
    some = load(run).episodes.filter(pl.col("status") == "closed")
    bought = (some["orders"] > 0).cast(pl.Float64)
    for name, key in (("product", "product"), ("buyer", "buyer"), ("seller", "seller")):
        units, alike, effect, worth, conversion = rows[name]
        assert units.text == f"{some[key].n_unique()}"
        # Balanced: analysis of variance by hand.
        means = some.with_columns(b=bought).group_by(key).agg(pl.col("b").mean(), n=pl.len())
        size = some.height / means.height
        between = size * float(means["b"].var())  # type: ignore[arg-type]
        spread = float(((bought - bought.mean()) ** 2).sum())
        within = (spread - between * (means.height - 1)) / (some.height - means.height)
        found = (between - within) / (between + (size - 1) * within)
        assert alike.text == f"{found:.2f}"
        assert float(effect.text) >= 1.0
        assert float(worth.text) == pytest.approx(some.height / float(effect.text), rel=0.06)
        assert conversion.text == f"{float(bought.sum()) / some.height:.1%}"
    ends = re.findall(r"([\d.]+)%", rows["product and buyer"][-1].below)
    alone = re.findall(r"([\d.]+)%", rows["product"][-1].below)
    assert float(ends[1]) - float(ends[0]) > float(alone[1]) - float(alone[0])


def test_names_that_look_alike_when_shortened_have_a_line_each() -> None:
    names = [f"openrouter/some-vendor/a-model-of-the-year-{n}" for n in range(3)]
    figure = charts.bars("b", "t", [(name, 1.0) for name in names], "x")
    assert figure is not None
    [shown] = figure.spec["datasets"].values()
    assert len({row["name"] for row in shown}) == 3
    assert all(len(row["name"]) <= 40 for row in shown)
    assert figure.says == "; ".join(f"{name}: 1" for name in names)


def test_each_number_of_an_axis_stands_where_it_belongs() -> None:
    """Also the first and the last, which would touch their neighbours if they were moved in."""
    rows = [("a", -20.0, -31.0, -9.5), ("b", -3.0, -8.0, 2.5)]
    figure = charts.intervals("i", "t", rows, "profit", form=charts.MONEY)
    assert figure is not None
    numbers = r'<text text-anchor="(\w+)" transform="translate\(([\d.-]+),[^>]*>−?\$\d+</text>'
    anchors, places = zip(*re.findall(numbers, svg(figure)), strict=True)
    assert set(anchors) == {"middle"}
    at = [float(place) for place in places]
    assert len(at) > 4
    steps = [after - before for before, after in itertools.pairwise(at)]
    assert max(steps) - min(steps) <= 1.0  # whole pixels


def test_a_share_in_bars_is_said_in_percent() -> None:
    figure = charts.bars("b", "t", [("a", 0.984)], "x", form=".0%")
    assert figure is not None
    assert figure.says == "a: 98%"


@pytest.mark.parametrize(
    ("folder", "name", "title"),
    [("all", "demographic", "demographic: all"), ("pairwise-1", "pairwise", "pairwise-1")],
)
def test_the_title_says_what_was_run(folder: str, name: str, title: str, tmp_path: Path) -> None:
    run = write_run(tmp_path / folder, market("m", closed("e", opened())))
    found = report(run, {"run": name})
    assert found.title == title
    assert found.lead == "1 episode between 1 seller and 1 buyer."


def test_on_paper_it_is_dark_on_white_whatever_the_screen_is(html: str) -> None:
    assert html.index("@media print") > html.index("prefers-color-scheme: dark")
    printed = html.split("@media print")[1].split("</style>")[0]
    assert "--paper: #ffffff" in printed
    assert "--ink: #000000" in printed


@pytest.mark.slow
def test_with_a_single_product_nothing_promises_an_interval(tmp_path: Path) -> None:
    parts = [closed(f"e{n}", opened(), *([order()] if n % 2 else [])) for n in range(6)]
    found = report(write_run(tmp_path / "run", market("m", *parts)), {})
    assert any("so there are no intervals" in warning for warning in found.warnings)
    assert not any("Student" in warning for warning in found.warnings)
    [summary] = [one for one in found.sections if one.name == "summary"]
    below = {headline.name: headline.below for headline in summary.headlines}
    for name in ("Conversion", "Net revenue per episode", "Refund rate", "Units per order"):
        assert "a single cluster: no interval" in below[name]


@pytest.mark.slow
def test_notes_may_go_on_in_another_line_and_numbers_may_not(tmp_path: Path) -> None:
    """Notes in every cell pushed the last columns out of the page."""
    parts = [closed(f"e{n}", opened(product=f"p{n}"), order()) for n in range(3)]
    html = page(report(write_run(tmp_path / "run", market("m", *parts)), {}))
    lines = re.findall(r"<small(?: class=.(note).)?>([^<]*)</small>", html)
    assert ("note", "3 clusters, no spread") in lines
    assert ("note", "nothing was counted") in lines
    assert all(mark == "" for mark, line in lines if " to " in line or line.startswith("n "))


@pytest.mark.slow
def test_a_run_that_was_killed_inside_a_line_has_its_conversations(
    run: Path, tmp_path: Path
) -> None:
    found = report(torn(run, tmp_path / "torn"), {})
    [examples] = (section for section in found.sections if section.name == "examples")
    assert {"not bought", "bought and kept"} <= {
        one.title.partition(":")[0] for one in examples.conversations
    }
    assert all(one.messages for one in examples.conversations)
    assert any("not finished" in warning for warning in found.warnings)


def test_a_loss_has_its_minus_before_the_sign_of_any_currency() -> None:
    points = pl.DataFrame(
        {"x": [0.0, 1.0], "value": [-30.0, 20.0], "low": [-40.0] * 2, "high": [30.0] * 2}
    )
    for code, mark in (("USD", "$"), ("EUR", "€"), ("CHF", "CHF ")):
        with in_currency(code):
            figures = (
                charts.amounts("a", "t", [("lost", -30.0), ("won", 20.0)], "an episode"),
                charts.response("r", "t", points, "discount", "cents"),
            )
        for figure in figures:
            drawn = svg(figure)
            assert re.search(rf">−{re.escape(mark)}\d", drawn), code
            assert f"{mark}−" not in drawn and f"{mark}-" not in drawn
