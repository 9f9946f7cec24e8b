"""run.toml of a folder that somebody handed on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import PurePosixPath

import msgspec

from campaign.planting import planted
from campaign.surface import Surface, WrongInSilence, scratch
from campaign.surfaces.scenario import RICH
from retailsim.events.toml_text import parse_toml
from retailsim.sim.folder import run_folder
from retailsim.sim.scenario.scenario_file import decode


@cache
def seeds() -> tuple[bytes, ...]:
    """The file of a run."""
    file = run_folder.RunFile(
        run=run_folder.Identity(format=run_folder.FORMAT, id="a1", scenario_folder="."),
        versions=run_folder.versions(),
        scenario=decode(parse_toml(RICH.decode()), "rich"),
        inputs={"products.jsonl": "0" * 64, "plugins/mine.py": "1" * 64},
        plugins={"mine:Mine": "2" * 64},
        budget=1.5,
    )
    return (run_folder.as_toml(file).encode(),)


def feed(data: bytes) -> str:
    """Read it, and write it again: the same is read."""
    (scratch() / "run.toml").write_bytes(data)
    file = run_folder.RunFolder(scratch()).read()
    for name in file.inputs:
        if ".." in PurePosixPath(name).parts:
            raise WrongInSilence("inputs: a name that leads out of the folder")
    again = msgspec.convert(parse_toml(run_folder.as_toml(file)), run_folder.RunFile)
    if again != file and repr(again) != repr(file):
        raise WrongInSilence("run.toml: written again, it says something else")
    return "read"


def _wrong(as_toml: Callable[[run_folder.RunFile], str]) -> Callable[[run_folder.RunFile], str]:
    def wrong(file: run_folder.RunFile) -> str:
        text = as_toml(file)
        for name in ("seed", "workers", "concurrency"):
            number = getattr(file.scenario.run, name)
            text = text.replace(f"\n{name} = {number}\n", f"\n{name} = {number % 10}\n")
        return text

    return wrong


SURFACE = Surface(
    name="run-file",
    seeds=seeds,
    feed=feed,
    code=("sim/folder/run_folder.py", "sim/scenario/scenario.py", "events/toml_text.py"),
    bug=lambda: planted(run_folder, "as_toml", _wrong),
    tree=False,
)
