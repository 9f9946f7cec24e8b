"""All surfaces. A new one is a module with a `SURFACE`, and a line here."""

from __future__ import annotations

from campaign.surface import Surface
from campaign.surfaces import (
    annotation,
    answers,
    catalogue,
    feeds,
    http_bodies,
    profiles,
    rule_files,
    run_files,
    scenario,
    settings,
    trajectories,
    wire,
    workbooks,
)

SURFACES: dict[str, Surface] = {
    one.name: one
    for one in (
        scenario.SURFACE,
        settings.SURFACE,
        catalogue.CSV,
        catalogue.JSONL,
        catalogue.PARQUET,
        feeds.SURFACE,
        workbooks.SURFACE,
        profiles.SURFACE,
        trajectories.SURFACE,
        answers.SURFACE,
        annotation.SURFACE,
        http_bodies.SURFACE,
        rule_files.SURFACE,
        run_files.SURFACE,
        wire.SURFACE,
    )
}
