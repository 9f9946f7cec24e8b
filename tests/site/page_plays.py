"""How the commands of a page are done by a test: what its reader has, and how much less is played.

The words are the page's. What makes a run long is replaced by a little of the same, and a form of a
command gets names for its capital letters.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.published import published
from tests.sim.runs import ROOT
from tests.site.page_steps import FileStep, steps

SIZES = {
    "products.per_category": "1",
    "design.replications": "2",
    "profiles.count": "3",
}
"""Settings that make a run long, and what they are set to."""
OPTIONS = {"--seats": "2", "--shares": "1", "--conversations": "1000", "--workers": "1"}
"""The same of options."""
LESS = {
    "launch csales": ("--set", "profiles.count=8"),
    "launch": ("--set", "products.per_category=1"),
    "experiment csales": ("--set", "profiles.count=8"),
    "experiment pairwise": ("--set", "products.per_category=1"),
    "policy learn csales": ("--conversations", "200"),
    "policy learn pairwise": ("--conversations", "200"),
}
"""What is added to a command that says nothing of its size, by its first words."""
SERVES = re.compile(
    r"studio\b|annotate serve|play\b|study (?!.*--(bots|links|export|withdraw|rewrite))"
)
"""Commands that serve pages until they are stopped; that of `launch --studio` ends with the run."""


@dataclass(frozen=True)
class Play:
    """What a test needs to know of a page beside its text.

    Parameters
    ----------
    files : mapping
        What the reader has: names in the folder, and what gives their text.
    first : tuple of str
        Commands done before those of the page.
    names : mapping
        What stands on the page for something of the reader's, and what it is here.
    ends : mapping
        Beginnings of commands that end with another status than 0 at this size.
    left : mapping
        Beginnings of commands that are not done, and why.
    """

    files: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    first: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    ends: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)


def of_project(path: str) -> Callable[[], str]:
    """A file of the project."""
    return (ROOT / path).read_text


def of_page(page: str, name: str) -> Callable[[], str]:
    """A file that another page has its reader write."""

    def text() -> str:
        page_steps = steps((ROOT / page).read_text(encoding="utf-8"))
        return next(s.text for s in page_steps if isinstance(s, FileStep) and s.name == name)

    return text


def beginning_of(name: str, lines: int | None = None) -> Callable[[], str]:
    """The first lines of a published file; the test is skipped where there is none."""
    return lambda: "".join(published(name).read_text(encoding="utf-8").splitlines(True)[:lines])


def smaller(command: str) -> list[str]:
    """Return the words of a command that does a little of what the given one does."""
    words = shlex.split(command)
    said = set()
    for at, word in enumerate(words[:-1]):
        key, equals, _ = words[at + 1].partition("=")
        if word == "--set" and equals and key in SIZES:
            words[at + 1] = f"{key}={SIZES[key]}"
            said.add(key)
        if word in OPTIONS:
            words[at + 1] = OPTIONS[word]
            said.add(word)
    beginning = next((one for one in LESS if command.startswith(one)), None)
    if beginning is not None:
        option, value = LESS[beginning]
        if not {option, value.partition("=")[0]} & said:
            words += (option, value)
    return words


def named(text: str, names: Mapping[str, str]) -> str:
    """Return a text with what is here for what stands on the page: whole words alone."""
    if not names:
        return text
    there = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(rf"(?<![\w.-])(?<!\w/)({there})(?![\w-])", lambda found: names[found[0]], text)


SHOP = of_page("docs/tutorials/shop-analyst.md", "shop.csv")
PUBLISHED = {
    "csuser_profiles.jsonl": beginning_of("csuser_profiles.jsonl", 12),
    "products_amazon23.jsonl": beginning_of("products_amazon23.jsonl", 60),
}


def reviews() -> str:
    """What one buyer wrote of the first products."""
    said = {"user_id": "ada", "rating": 5.0, "text": "I needed one for my desk. It works."}
    rows = map(json.loads, PUBLISHED["products_amazon23.jsonl"]().splitlines()[:4])
    return "".join(json.dumps({**said, "parent_asin": row["parent_asin"]}) + "\n" for row in rows)


LOOP = {"experiment policy": "learns for minutes; tests/csales/policy/test_policy_loop.py does it"}
RAY, STORE = "Ray; tests/sim/shares has a cluster", "a store; tests/sim/shares has one"
FEW = {"policy evaluate": 4}  # refused: so few conversations cannot tell
DISCOUNT = "design.discount=0,0.1 --set products.per_category=1"
OPEN = "study examples/study/shop.toml --seats 24"
STUDY = "study examples/study/shop.toml --seats 20 --bots --out runs/study"

PLAYS = {
    "README.md": Play(
        files={"shop.csv": SHOP, "trajectories.json": beginning_of("retailsim_demo.json")},
        names={"new shop.csv": "new shop.csv --yes"},
        ends=FEW,
        left=LOOP,
    ),
    "docs/annotation.md": Play(
        left={
            "annotate score": "people rate; tests/annotation/test_annotate_command.py",
            "annotate rate": "a paid model; tests/annotation/test_annotate_by_model.py",
        }
    ),
    "docs/ask-or-show.md": Play(
        files=PUBLISHED,
        names={"launch play.toml": "launch play.toml --set design.replications=2"},
        ends=FEW,
        left=LOOP,
    ),
    "docs/backtest.md": Play(
        files={
            name: of_project(f"examples/backtest/{name}")
            for name in ("shop.toml", "observed.csv", "pitch.md")
        },
    ),
    "docs/calibration.md": Play(
        first=(STUDY,),
        names={
            "RUN [--out FILE]": "runs/study",
            "RUN": "runs/study",
            "TARGETS [--out FILE]": "my-targets.toml --out fitted.toml",
        },
        ends={"calibrate RUN --without": 1},  # without two of twenty there are too few
    ),
    "docs/cluster.md": Play(
        files={"big.toml": lambda: '[[sellers]]\nid = "a"\n[[buyers]]\nid = "b"\n'},
        names={"{}": "0", "$SLURM_ARRAY_TASK_ID": "0", "$((SLURM_RESTART_COUNT + 1))": "1"},
        left={
            "launch big.toml --executor": RAY,
            "resume": RAY,
            "launch big.toml --out runs/big --shares 64 --store": STORE,
            "shard s3": STORE,
            "gather s3": STORE,
            "replay s3": STORE,
        },
    ),
    "docs/commands.md": Play(
        names={
            "SCENARIO KEY=V1,V2,... [KEY=V1,V2,...]": f"pairwise {DISCOUNT}",
            "SCENARIO [KEY=V1,V2,...]": f"pairwise {DISCOUNT}",
            "D": "5",
            "policy learn SCENARIO": "policy learn csales --out learnt.json",
            "new [FILE]": "new --yes",
            "SCENARIO": "csales",
        }
    ),
    "docs/csales.md": Play(
        files=PUBLISHED
        | {
            "buyers.jsonl": PUBLISHED["csuser_profiles.jsonl"],
            "shop.jsonl": PUBLISHED["products_amazon23.jsonl"],
            "reviews.jsonl": reviews,
        },
        names={"REVIEWS": "reviews.jsonl", "FILE": "shop.jsonl"},
    ),
    "docs/environments.md": Play(
        files=PUBLISHED,
        first=(  # what the page's Python makes, and policies that its reader has
            "launch csales --set profiles.count=8 --out runs/learning",
            "launch csales --set profiles.count=8 --out runs/sales",
            "policy learn csales --conversations 200 --out learnt1.json",
            "policy learn csales --learner show-first --out show-first.json",
            "policy learn pairwise --conversations 200 --out before.json",
        ),
        names={
            "policy:pitcher.json": "policy:before.json",
            "items$seed.json": "items1.json",
            "$seed": "1",
        },
        left={"export runs/sales decisions": "Minari; tests/export/test_minari_dataset.py"},
    ),
    "docs/experiments.md": Play(),
    "docs/import.md": Play(files={"retailsim_demo.json": beginning_of("retailsim_demo.json")}),
    "docs/models.md": Play(),
    "docs/people.md": Play(
        first=(STUDY,),
        names={
            "RUN": "runs/study",
            OPEN: f"{OPEN} --out runs/people",
            "study runs/mine": "study runs/people",
            "shop.toml": "examples/study/shop.toml",
        },
    ),
    "docs/policy-lab.md": Play(
        files=PUBLISHED,
        first=("policy learn csales --conversations 200 --out learnt.json",),
        names={
            "RUN...": "runs/log",
            "runs/log --audit": "runs/log --audit --conversations 1000",
            "runs/retail --out learnt.json": "runs/retail --out new.json",
        },
        ends=FEW,
        left=LOOP,
    ),
    "docs/products.md": Play(files={"shop.csv": SHOP}),
    "docs/rules.md": Play(
        first=(
            "launch csales --out runs/mine --set profiles.count=8",
            "policy learn csales --conversations 200 --out learnt.json",
        ),
        names={
            "RUN": "runs/mine",
            "POLICY --scenario csales": "learnt.json --scenario csales --conversations 50",
            "FILE": "my-rules.toml",
        },
    ),
    "docs/studio.md": Play(first=("launch --set products.per_category=1 --out runs/first",)),
}
"""The pages whose commands are done here."""
