"""What is mutated: each package with its code and the tests that have to see a change of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from campaign.mutants.mutant import Mutant, compiles, mutants

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Package:
    """Code that is mutated, and its tests.

    Parameters
    ----------
    code, tests : sequence of str
        Files and folders, relative to the root.
    without : sequence of str
        Folders of `code` that are a package of their own here.
    """

    code: Sequence[str]
    tests: Sequence[str]
    without: Sequence[str] = ()

    def modules(self, root: Path = ROOT) -> list[str]:
        """The files of its code, in order."""
        return _python(root, self.code, lambda path: not path.startswith(tuple(self.without)))

    def test_files(self, root: Path = ROOT) -> list[str]:
        """The files of its tests, in order."""
        return _python(root, self.tests, lambda path: Path(path).name.startswith("test_"))


def _files(folder: str, names: str) -> list[str]:
    return [f"tests/{folder}/test_{name}.py" for name in names.split()]


PACKAGES = {
    "events": Package(("events",), ("tests/events",)),
    "market": Package(
        ("market",),
        ("tests/market", "tests/claims", "tests/retail", "tests/csales", "tests/protocols"),
        without=("market/rules/",),
    ),
    "statistics": Package(
        ("analysis/statistics",),
        (
            "tests/statistics",
            *_files("analysis/experiments", "experiment_figures gap_limits verdicts"),
            *_files("analysis/measures", "break_even comparison same_arms verdict"),
        ),
    ),
    "measures": Package(
        ("analysis/measures",),
        (
            "tests/analysis/experiments",
            "tests/analysis/measures",
            *_files("analysis/projection", "columns_read protocol_tables"),
            *_files("analysis/protocols", "sales_gains sales_measures"),
            *_files("analysis/replay", "cost"),
            *_files("people", "beside_people"),
        ),
    ),
    "budget": Package(
        ("sim/budget",),
        (
            "tests/sim/budget",
            *_files("sim/play", "retries"),
            *_files("sim/run", "model_settings"),
        ),
    ),
    "rules": Package(("market/rules", "analysis/rules", "sim/rules"), ("tests/rules",)),
    "estimators": Package(
        ("analysis/policy",),
        (
            "tests/analysis/policy",
            "tests/policy",
            *_files("learning", "arrow audit_of_a_log logged_decisions"),
            *_files("csales", "sales_moves"),
            *_files("retail", "retail_moves"),
        ),
    ),
}


def _python(root: Path, places: Sequence[str], taken: Callable[[str], bool]) -> list[str]:
    files = [
        file
        for place in places
        for file in ((root / place).rglob("*.py") if (root / place).is_dir() else [root / place])
    ]
    return sorted({name for file in files if taken(name := file.relative_to(root).as_posix())})


def all_mutants(package: Package, root: Path = ROOT) -> list[Mutant]:
    """Return every mutant of a package."""
    return [
        mutant
        for path in package.modules(root)
        for mutant in mutants(path, (root / path).read_bytes())
    ]


def sampled(found: Sequence[Mutant], count: int, seed: int, root: Path = ROOT) -> list[Mutant]:
    """Draw mutants with equal chances, by seed.

    Each has a random rank of its own, made of the seed and what it is known by; the first are
    taken. So most of a sample stays when code is changed.
    """
    ranked = sorted(found, key=lambda one: sha256(f"{seed}/{one.key}".encode()).digest())
    return [*_first(ranked, count, root)]


def _first(ranked: Sequence[Mutant], count: int, root: Path) -> Iterator[Mutant]:
    for mutant in ranked:
        if count == 0:
            return
        if compiles(mutant.applied((root / mutant.path).read_bytes())):
            count -= 1
            yield mutant
