"""The report's section on claims: by seller and kind, and sentence by sentence."""

from __future__ import annotations

import msgspec
import polars as pl

from retailsim.analysis.exhibits.parts import Cell, ReportTable, Section, row, table
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.protocols.claims import claims_by_seller, readers_told
from retailsim.market.claims.rules import KINDS, load_rules

MOST_SENTENCES = 40
"""Sentences that the report shows."""


def claims_section(projection: Projection) -> Section | None:
    """Return the report's section on claims; None where there were none and no model read."""
    if not claims_told(projection):
        return None
    return Section(
        name="claims",
        title="Claims",
        lead="Sentences of pitches and answers that the claim reader found to say what the product "
        "sheet does not carry. " + readers_told(projection),
        tables=claims_tables(projection),
    )


def claims_told(projection: Projection) -> bool:
    """Whether there is anything to say: a claim, or a model that read and found none."""
    return not all(projection.tables[name].is_empty() for name in ("claims", "readings"))


def claims_tables(projection: Projection) -> tuple[ReportTable, ...]:
    """Return the tables of claims by seller and kind, and sentence by sentence."""
    claims = projection.tables["claims"]
    return _sellers(projection, claims), _sentences(claims)


def _sellers(projection: Projection, claims: pl.DataFrame) -> ReportTable:
    rows = []
    for seller, n in claims_by_seller(projection).items():
        own = claims.filter(seller=seller)
        kinds = (str(own.filter(kind=kind).height or "") for kind in KINDS)
        rows.append(row(seller, Cell(f"{n:,}"), *map(Cell, kinds)))
    return table("Unsupported claims by seller and kind", ("", "All", *KINDS), rows)


def _sentences(claims: pl.DataFrame) -> ReportTable:
    whys = {ready.rule.name: ready.rule.why for ready in load_rules().ready}
    said = claims.group_by("seller", "sentence", "rule", "verdict").len()
    order = ["len", "seller", "sentence"]
    shown = said.sort(order, descending=[True, False, False]).head(MOST_SENTENCES)
    rows = [
        row(
            str(seller), Cell(str(sentence)), Cell(f"{n:,}"), Cell(str(verdict), whys.get(rule, ""))
        )
        for seller, sentence, rule, verdict, n in shown.iter_rows()
    ]
    more = said.height - shown.height
    note = f"{more:,} more are in the log." if more else ""
    told = table("What they said", ("", "Sentence", "Times", "Verdict"), rows, note)
    return msgspec.structs.replace(told, folded=True)
