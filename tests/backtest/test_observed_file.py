"""The file of observed changes, as people write it; and one line for each way to write it wrong."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from campaign.surfaces.workbooks import packed, sheet_of
from retailsim.sim.backtest.errors import BadObserved
from retailsim.sim.backtest.observed_file import ObservedRow, read_observed
from retailsim.sim.backtest.observed_measures import observed
from retailsim.sim.scenario.protocol import scenario_protocol
from retailsim.sim.scenario.scenario import Scenario

HEADER = "name,from,change,measure,before,after,n_before,n_after"
PLAIN = f"{HEADER}\nMarch,0,design.discount=0.1,conversion,0.031,0.0395,12000,11800\n"


def read(path: Path, text: str, encoding: str = "utf-8") -> tuple[ObservedRow, ...]:
    (path / "observed.csv").write_text(text, encoding=encoding)
    return read_observed(path / "observed.csv")


TAB, SEMI = PLAIN.replace(",", "\t"), PLAIN.replace(",", ";")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (PLAIN, "utf-8"),
        (PLAIN, "utf-8-sig"),
        (TAB, "utf-16"),
        (PLAIN.replace("\n", "\r\n"), "utf-8"),
        (PLAIN.replace("0.031", "3.1%").replace("0.0395", "3.95 %"), "utf-8"),
        (SEMI.replace("0.031", "3,1 %").replace("0.0395", "3,95%"), "cp1252"),
        (SEMI.replace("0.031", "0,031").replace("0.0395", "0,0395"), "utf-8"),
        (SEMI.replace("12000", "12.000").replace("11800", "11.800"), "utf-8"),
        (PLAIN.replace("12000", '"12,000"').replace("11800", "11 800"), "utf-8"),
        (f"{PLAIN}\n,,,,,,,\n", "utf-8"),
        (PLAIN.replace("n_before", "Visits before").replace("name", "Date"), "utf-8"),
        (PLAIN.replace("March,0,", "March,design.discount=0,"), "utf-8"),
    ],
)
def test_a_row_is_read_however_it_is_written(text: str, encoding: str, tmp_path: Path) -> None:
    [row] = read(tmp_path, text, encoding)
    assert row == ObservedRow(
        line=2,
        name="March",
        was=("design.discount=0",),
        change=("design.discount=0.1",),
        measure="conversion",
        before=0.031,
        after=0.0395,
        n_before=12_000,
        n_after=11_800,
    )
    assert row.after_settings == ("design.discount=0.1",)


def test_a_workbook_is_read_too(tmp_path: Path) -> None:
    rows = [
        [float(cell) if cell.replace(".", "").isdigit() else cell for cell in line.split(",")]
        for line in PLAIN.splitlines()
    ]
    (tmp_path / "observed.xlsx").write_bytes(packed(sheet_of(rows)))
    [row] = read_observed(tmp_path / "observed.xlsx")
    assert (row.before, row.n_after, row.was) == (0.031, 11_800, ("design.discount=0",))


def test_a_change_of_several_keys_and_what_stays_as_it_was(tmp_path: Path) -> None:
    change = '"policy.Food.window_days=60 sellers.shop.persona={a=""x"", b=""y""}"'
    [row] = read(
        tmp_path, PLAIN.replace("March,0,design.discount=0.1", f",design.discount=0.2,{change}")
    )
    persona = 'sellers.shop.persona={a="x", b="y"}'
    assert row.change == ("policy.Food.window_days=60", persona)
    assert row.after_settings == ("design.discount=0.2", *row.change)
    assert row.name == ", ".join(row.change)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        (f"{HEADER}\n", "it has no row below its header"),
        ("hello\nworld\n", "without columns"),
        (PLAIN.replace("measure", "mesure"), "no column measure (is 'mesure' meant?)"),
        (PLAIN.replace("from", "visits_before"), "are the same column, n_before; leave one out"),
        (PLAIN.replace("0.031", "0,031"), "line 2: 9 fields where the header has 8"),
        (PLAIN.replace("0.031", "n/a"), "line 2: before: 'n/a' is no number"),
        (PLAIN.replace("0.031", ""), "line 2: before: it is empty"),
        (PLAIN.replace("12000", "0"), "line 2: n_before: '0' is no count above 0, such as 12000"),
        (PLAIN.replace("12000", "11.5"), "line 2: n_before: '11.5' is no count above 0"),
        (PLAIN.replace("design.discount=0.1", ""), "line 2: change: it is empty; say what changed"),
        (PLAIN.replace("design.discount=0.1", "10 % off"), "change: '10 % off' is not KEY=VALUE"),
        (PLAIN.replace("=0.1", "=0"), "line 2: change: 'design.discount=0' is what was there"),
        (PLAIN.replace("conversion", ""), "line 2: measure: it is empty; name one, such as"),
        (
            PLAIN.replace("=0.1", "=0.1 policy.Food.window_days=9"),
            "line 2: from: '0' belongs to which of 2 keys? Write KEY=VALUE",
        ),
        ("[1, 2]", "it is json, and no table; save it as CSV"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadObserved) as caught:
        read(tmp_path, text)
    told = str(caught.value)
    assert told.startswith(f"{tmp_path / 'observed.csv'}")
    assert said in told
    assert "\n" not in told and "catalogue" not in told


def test_a_row_that_is_there_twice_is_refused_and_another_month_is_not(tmp_path: Path) -> None:
    row = PLAIN.splitlines()[1]
    assert len(read(tmp_path, f"{PLAIN}{row.replace('March', 'April')}\n")) == 2
    with pytest.raises(BadObserved, match="line 4: the same as line 2; leave one out"):
        read(tmp_path, f"{PLAIN}{row.replace('March', 'April')}\n{row}\n")


def test_a_file_that_is_not_there_or_no_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadObserved, match="no such file"):
        read_observed(tmp_path / "none.csv")
    (tmp_path / "it.pdf").write_bytes(b"%PDF-1.7 and so on")
    with pytest.raises(BadObserved, match=r"it\.pdf: a PDF document, not a table of changes"):
        read_observed(tmp_path / "it.pdf")


def seen(path: Path, **changed: object) -> tuple[str, float, float, float]:
    """What a row says in a measure's units: its name, before, change and noise."""
    cells = {"measure": "conversion", "before": 0.031, "after": 0.0395, "sd_before": ""}
    cells |= {"sd_after": "", **changed}
    text = "change,n_before,n_after," + ",".join(cells) + "\n"
    text += "design.discount=0.1,12000,11800," + ",".join(map(str, cells.values()))
    [row] = read(path, text)
    found = observed(row, scenario_protocol(Scenario(), path), path / "observed.csv")
    return found.of.name, found.before, found.change, found.noise


def test_what_a_shop_counts_becomes_a_measure_with_its_error(tmp_path: Path) -> None:
    share = seen(tmp_path)
    assert share[:2] == ("conversion_rate", 0.031)
    assert share[2] == pytest.approx(0.0085)
    plain = math.hypot(math.sqrt(0.031 * 0.969 / 12_000), math.sqrt(0.0395 * 0.9605 / 11_800))
    assert share[3] == pytest.approx(plain, rel=0.01)
    counts = seen(tmp_path, measure="orders", before=372, after=466)
    assert counts[:2] == ("conversion_rate", 372 / 12_000)
    assert counts[3] == pytest.approx(plain, rel=0.01)
    units = seen(tmp_path, measure="units", before=600, after=590)
    assert units[:2] == ("units", 0.05)
    assert units[3] == pytest.approx(math.hypot(600**0.5 / 12_000, 590**0.5 / 11_800), rel=0.01)
    money = seen(tmp_path, measure="profit", before=1.2, after=1.1, sd_before=9, sd_after=8)
    assert money[0] == "profit_cents"
    assert money[1:3] == pytest.approx((120.0, -10.0))
    assert money[3] == pytest.approx(math.hypot(900 / 12_000**0.5, 800 / 11_800**0.5))
    assert seen(tmp_path, before=0, after=0)[3] > 0.0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"measure": "convrsion"}, "measure: none is called 'convrsion'; did you mean conversion?"),
        ({"before": 3.1}, "before: a share lies in 0 to 1, not at 3.1; write 3.1% or 0.031"),
        ({"measure": "orders"}, "before: 0.031 orders of 12,000 cannot be; it takes a count"),
        (
            {"measure": "orders", "before": 3e4, "after": 1},
            "before: 30000 orders of 12,000 cannot be",
        ),
        ({"measure": "profit"}, "profit needs sd_before and sd_after"),
        ({"measure": "profit", "sd_before": 0}, "sd_before: 0 is not above 0"),
    ],
)
def test_values_that_cannot_be_are_refused(
    changed: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(BadObserved) as caught:
        seen(tmp_path, **changed)
    assert f"line 2: {said}" in str(caught.value)
