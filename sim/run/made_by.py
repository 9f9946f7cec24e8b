"""Whether this version plays a run as the one that made it did."""

from __future__ import annotations

from msgspec.structs import replace

from retailsim.sim.folder.run_folder import RunFile, told_apart, versions
from retailsim.sim.seats.cast import used_models


def other_version(file: RunFile) -> str | None:
    """Say which version made a run and which one this is, where that makes a difference to it.

    Other prompts make none to a run in which no model is asked.

    Raises
    ------
    EmbeddingUnavailable
        If it needs embeddings whose package is not installed.
    """
    made, now = file.versions, versions(file.scenario)
    if not used_models(file.scenario):
        made = replace(made, prompts=now.prompts)
    return None if made == now else told_apart(made, now)
