"""Arms that say once what they all say, and nothing of where each lies."""

from __future__ import annotations

from pathlib import Path

from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Quiet


class SayingOnce:
    """Plays arms as the commands do: an `ArmPlayer`."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def launch(self, options: Options) -> int:
        """Play a run from its beginning."""
        from retailsim.sim.run.launch import launch

        return launch(options, _Once(self._said, options.out))

    def resume(self, run: Path, *, workers: int | None, budget: float | None) -> int:
        """Play what is missing of a run."""
        from retailsim.sim.run.resume import resume

        terminal = _Once(self._said, run)
        return resume(run, terminal, workers=workers, retry_failed=False, budget=budget)


class _Once(Quiet):
    """Leaves out what was said of another arm, and the lines that name this one's folder."""

    def __init__(self, said: set[str], run: Path | None) -> None:
        super().__init__()
        self._said = said
        self._run = str(run)

    def say(self, text: str) -> None:
        """Say something new."""
        if self._run not in text and text not in self._said:
            self._said.add(text)
            super().say(text)
