"""Attempts at model calls, from a run's telemetry; it may be deleted, and it is never the truth."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from retailsim.analysis.replay.cost import Attempts

_FIELDS = pl.Struct(
    {
        "model": pl.String(),
        "latency_s": pl.Float64(),
        "outcome": pl.String(),
        "retry": pl.Int64(),
        "body_bytes": pl.Int64(),
        "repeated_bytes": pl.Int64(),
    }
)
_EVENT = '"model attempt"'


def attempts(run: Path) -> tuple[Attempts, ...]:
    """Return what was sent to each model, by name; lines that cannot be read do not count."""
    frames = [_read(path) for path in sorted((run / "telemetry").glob("*.jsonl"))]
    known = [frame for frame in frames if not frame.is_empty()]
    if not known:
        return ()
    rows = pl.concat(known).sort("model")
    return tuple(
        _summary(str(model), some) for (model,), some in rows.group_by("model", maintain_order=True)
    )


def _read(path: Path) -> pl.DataFrame:
    """Return a file's attempts; wall-clock notes are no reason to refuse a report."""
    try:
        data = path.read_bytes()
    except OSError:
        return pl.DataFrame()
    lines = [line for line in data.splitlines() if _EVENT.encode() in line]
    # A line cut off by a kill does not end as it should.
    whole = b"\n".join(line for line in lines if line.endswith(b"}"))
    if not whole:
        return pl.DataFrame()
    try:
        decoded = pl.scan_lines(whole).select(pl.col("line").str.json_decode(_FIELDS)).collect()
    except pl.exceptions.PolarsError:
        return pl.DataFrame()
    return decoded.unnest("line").drop_nulls(["model", "outcome"])


def _summary(model: str, rows: pl.DataFrame) -> Attempts:
    latency = rows.filter(outcome="answered")["latency_s"].drop_nulls()
    sent = rows.drop_nulls(["body_bytes", "repeated_bytes"])
    total = int(sent["body_bytes"].sum())
    counts = rows.group_by("outcome").len().sort("outcome")
    p50, p90, p99 = (_quantile(latency, share) for share in (0.5, 0.9, 0.99))
    return Attempts(
        model=model,
        attempts=rows.height,
        retries=int((rows["retry"] > 0).sum()),
        outcomes=dict(zip(counts["outcome"], counts["len"], strict=True)),
        latency_p50_s=p50,
        latency_p90_s=p90,
        latency_p99_s=p99,
        repeated_share=int(sent["repeated_bytes"].sum()) / total if total else None,
    )


def _quantile(latency: pl.Series, share: float) -> float | None:
    found = latency.quantile(share, interpolation="linear")
    return None if found is None else round(found, 4)
