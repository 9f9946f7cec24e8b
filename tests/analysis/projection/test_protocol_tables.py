"""A protocol's own columns and tables come out of the pass over the log that all tables come of."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retailsim import analysis
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.projection import loader, log_pieces, protocol_tables
from retailsim.analysis.projection.columns import EPISODES
from retailsim.analysis.projection.errors import BadTables
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.projection.protocol_tables import NO_MORE, ProtocolTables, table_set
from retailsim.analysis.projection.registered import protocol_name, registered
from retailsim.analysis.projection.tables import Column, RowTable, count, last, total
from retailsim.analysis.replay.replay import replay
from retailsim.events.messages import Event
from tests.analysis.fakelog import closed, market, opened, write_run
from tests.analysis.foreign import foreign_run

CENTS = {"cents": pl.Int64()}


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were read whole since."""
    folders: list[Path] = []
    reading = log_pieces.log_pieces

    def counting(folder: Path, *more: Any) -> Any:
        folders.append(folder)
        return reading(folder, *more)

    monkeypatch.setattr(loader, "log_pieces", counting)
    return folders


def test_a_protocol_has_columns_and_rows_of_its_own(tmp_path: Path) -> None:
    """Events of a type nobody declared are passed over; a row may belong to no episode."""
    found = analysis.load(foreign_run(tmp_path))
    row = found.episodes.row(0, named=True)
    assert (row["bids"], row["bid_cents"], row["last_bidder"]) == (2, 1600, "a")
    assert (row["units"], row["status"]) == (2, "closed")
    assert found.tables["bids"].rows() == [
        ("m", "m/1", 3, 3000, "b", 700),
        ("m", "m/1", 4, 4000, "a", 900),
        ("m", None, 7, 7000, "a", 50),
    ]
    assert found.tables["bids"].columns == ["market", "episode", "seq", "t", "bidder", "cents"]


def test_an_event_may_name_the_seller_of_an_episode_opened_without_one(tmp_path: Path) -> None:
    named = replay(foreign_run(tmp_path / "named", sold_by="late"))
    assert [(row.seller, row.units) for row in named.sellers] == [("late", 2)]
    nobody = replay(foreign_run(tmp_path / "nobody", protocol="sealed:PLAIN", sold_by="late"))
    assert nobody.sellers == nobody.pairs == ()
    assert nobody.overall.units == 2


def test_they_are_kept_and_read_back_without_the_log(tmp_path: Path, passes: list[Path]) -> None:
    run = foreign_run(tmp_path)
    first, second = analysis.load(run), analysis.load(run)
    assert len(passes) == 1
    assert_frame_equal(first.episodes, second.episodes)
    assert_frame_equal(first.tables["bids"], second.tables["bids"])
    assert set(second.tables) == {"bids"}


def test_what_is_declared_otherwise_is_read_anew(tmp_path: Path, passes: list[Path]) -> None:
    """The log is the same; what was kept of it is not what is asked for now."""
    run = foreign_run(tmp_path)
    analysis.load(run)
    bare = run / "run.toml"
    bare.write_text(bare.read_text().replace("SEALED", "PLAIN"))
    assert "bids" not in analysis.load(run).episodes.columns
    assert dict(analysis.load(run).tables) == {}
    assert len(passes) == 2


@pytest.mark.slow
@pytest.mark.parametrize("segment_bytes", [200, 1 << 20])
@pytest.mark.parametrize("compress", [False, True])
def test_the_layout_of_the_log_leaves_no_trace(
    tmp_path: Path, segment_bytes: int, compress: bool
) -> None:
    plain = analysis.load(foreign_run(tmp_path / "plain"))
    laid = foreign_run(tmp_path, batch=1, segment_bytes=segment_bytes, compress=compress)
    other = analysis.load(laid)
    assert_frame_equal(plain.episodes, other.episodes)
    assert_frame_equal(plain.tables["bids"], other.tables["bids"])


def test_rows_of_several_shards_stand_by_market_and_number(tmp_path: Path) -> None:
    lines = [[{**line, "market": name} for line in _bids(3)] for name in ("n", "m")]
    project = table_set("x", ProtocolTables(tables={"bids": RowTable("BidMade", CENTS)}))
    folder = write_run(tmp_path / "run", *lines) / "events"
    found = loader.project(folder, project).tables["bids"]
    assert found.select("market", "seq").rows() == [(m, n) for m in "mn" for n in range(3)]


def _bids(how_many: int) -> list[dict[str, Any]]:
    head = {"type": "BidMade", "episode": None, "t": 0, "source": "x", "cents": 1}
    return [{**head, "seq": seq} for seq in range(how_many)]


def test_an_older_line_without_a_field_has_null_there(tmp_path: Path) -> None:
    more = ProtocolTables(
        columns={"cents": last("BidMade", "cents", pl.Int64())},
        tables={"bids": RowTable("BidMade", CENTS)},
    )
    [line] = _bids(1)
    del line["cents"]
    run = write_run(tmp_path / "run", [{**line, "market": "m", "episode": "m/1"}])
    found = loader.project(run / "events", table_set("x", more))
    assert found.tables["bids"]["cents"].to_list() == [None]
    assert found.episodes["cents"].to_list() == [None]


def _measuring(*names: str, path: tuple[str, ...] = (), reads: str = "units") -> ProtocolTables:
    made = [
        Measure(name=name, label=name, unit="count", numerator=pl.col(reads), path=path)
        for name in names
    ]
    return ProtocolTables(measures=tuple(made))


WRONG: list[tuple[ProtocolTables, str]] = [
    (ProtocolTables(columns={"seller": count("X")}), "table already has a column 'seller'"),
    (ProtocolTables(columns={"status": count("X")}), "table already has a column 'status'"),
    (ProtocolTables(tables={"calls": RowTable("X", {})}), "there already is a table 'calls'"),
    (ProtocolTables(tables={"../up": RowTable("X", {})}), "'../up' cannot name a table"),
    (
        ProtocolTables(tables={"bids": RowTable("X", {"seq": pl.Int64()})}),
        "table 'bids' already has a column 'seq'",
    ),
    (
        ProtocolTables(columns={"sum": total("X", pl.col("odd"))}),
        "reads X.odd and does not say its type; it belongs into the column's `types`",
    ),
    (
        ProtocolTables(
            columns={"paid": last("OrderPlaced", "quantity", pl.String())},
        ),
        "column 'paid' takes OrderPlaced.quantity as String, others as Int64",
    ),
    (_measuring("refund_rate"), "there already is a measure or key 'refund_rate'"),
    (_measuring("ratings"), "there already is a measure or key 'ratings'"),
    (_measuring("seller"), "there already is a measure or key 'seller'"),
    (_measuring("mine", "mine"), "there already is a measure or key 'mine'"),
    (_measuring("mine", path=("sentiments", "Bored")), "a measure or key 'sentiments'"),
    (_measuring("mine", reads="odd"), "measure 'mine' reads 'odd', which the episodes table"),
]


@pytest.mark.parametrize(("more", "problem"), WRONG, ids=[problem for _, problem in WRONG])
def test_tables_that_do_not_go_with_the_others_are_one_line(
    more: ProtocolTables, problem: str
) -> None:
    with pytest.raises(BadTables) as caught:
        table_set("mine", more)
    assert problem in str(caught.value)
    assert str(caught.value).startswith("protocol mine, analysis: ")


def test_a_column_of_all_protocols_without_a_type_says_where_it_belongs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns = {**EPISODES.columns, "days": total("OrderDelivered", pl.col("days"))}
    monkeypatch.setattr(protocol_tables, "EPISODES", replace(EPISODES, columns=columns))
    told = (
        "column 'days' reads OrderDelivered.days and does not say its type; "
        "it belongs into FIELDS of analysis/projection/columns.py"
    )
    with pytest.raises(BadTables, match=re.escape(told)):
        table_set.__wrapped__("mine", NO_MORE)


def test_a_field_may_have_another_type_in_another_event() -> None:
    """``category`` is a text in an opening and a path in an inferred profile."""
    paths = {"category": pl.List(pl.String())}
    more = ProtocolTables(
        columns={"path": Column(("Guessed",), pl.col("category").list.join("/"), types=paths)}
    )
    decoded = table_set("x", more).decoded
    assert pl.Field("category", pl.List(pl.String())) in decoded["Guessed"].fields
    assert pl.Field("category", pl.String()) in decoded["EpisodeOpened"].fields


def test_a_protocol_that_is_not_here_leaves_what_all_protocols_share(tmp_path: Path) -> None:
    run = foreign_run(tmp_path, protocol="no-such-protocol")
    assert "no-such-protocol" in registered(run).missing
    assert replay(run).overall.units == 2
    assert dict(analysis.load(run).tables) == {}


def test_what_is_registered_for_analysis_has_to_be_that(tmp_path: Path) -> None:
    with pytest.raises(BadTables, match="it is a dict, not a ProtocolAnalysis"):
        analysis.load(foreign_run(tmp_path, protocol="sealed:ODD"))


@pytest.mark.parametrize(
    "told",
    [None, "", "[scenario.design]\n", "scenario = 3\n", "[[[", "[scenario.design]\nprotocol=1"],
)
def test_a_run_that_does_not_say_has_the_default_protocol(tmp_path: Path, told: str | None) -> None:
    """What the log says can be told whatever became of the file beside it."""
    run = write_run(tmp_path / "run", market("m", closed("m/1", opened())))
    if told is not None:
        (run / "run.toml").write_text(told)
    assert protocol_name(run) == "retail"
    assert isinstance(analysis.load(run), Projection)


def test_a_run_says_its_protocol(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [], protocol="csales")
    assert protocol_name(run) == "csales"
    assert {"actions", "inferences", "shown"} <= set(analysis.load(run).tables)


class Valued(Event, tag="ValueStated", kw_only=True):
    buyer: str
    cents: int | None
    share: float
    sure: bool = msgspec.field(name="certain", default=True)


class Listed(Event, tag="Listed", kw_only=True):
    items: tuple[str, ...]


class Either(Event, tag="Either", kw_only=True):
    what: int | str


def test_a_table_of_an_event_has_all_its_plain_fields() -> None:
    table = RowTable.of(Valued)
    assert table.on == "ValueStated"
    assert table.fields == {
        "buyer": pl.String(),
        "cents": pl.Int64(),
        "share": pl.Float64(),
        "certain": pl.Boolean(),
    }
    for event, field in ((Listed, "items"), (Either, "what")):
        with pytest.raises(TypeError, match=rf"{event.__name__}\.{field} is no plain value: say"):
            RowTable.of(event)


def test_a_measure_without_a_label_is_called_by_its_name() -> None:
    one = Measure(name="bids_per_order", unit="count", numerator=pl.col("bids"))
    assert one.label == "Bids per order"
    assert Measure(name="a", label="B", unit="count", numerator=pl.col("bids")).label == "B"
