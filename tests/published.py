"""The published data of the papers, where they lie beside the repository: not ours to hand on."""

from __future__ import annotations

from pathlib import Path

import pytest

_FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"


def published(name: str) -> Path:
    """Return the path of a published file; without it, the test that asks is skipped."""
    path = _FOLDER / name
    if not path.is_file():
        pytest.skip(f"shared/data/{name} is not beside the repository")
    return path
