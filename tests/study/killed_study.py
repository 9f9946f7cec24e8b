"""A study in which bots take part while its server is killed again and again.

By hand, for any number of bots: python -m tests.study.killed_study FOLDER BOTS KILLS
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec

from retailsim.agents.person.desk import Desk
from retailsim.events.log.reader import read_lines
from retailsim.sim.study.bots.bot import Bot
from retailsim.sim.study.bots.manners import plans
from retailsim.sim.study.bots.rehearsal import right_answers, take_part
from retailsim.sim.study.links import ROOM
from retailsim.sim.study.links_file import address_of
from retailsim.sim.study.made import session_of
from tests.serving import HOME
from tests.sim.ports import free_port
from tests.sim.runs import ROOT, command
from tests.waiting import until

FORM = """
[limits]
tries = 2
[[checks]]
name = "role"
label = "Whom do you play?"
kind = "choice"
options = { buyer = "A buyer", seller = "A seller" }
right = "buyer"
[[between]]
name = "liked"
label = "How did you like it?"
kind = "number"
least = 1
most = 7
[[questions]]
name = "said"
label = "Anything else?"
[[questions]]
name = "attention"
label = "Choose blue."
kind = "choice"
options = { red = "Red", blue = "Blue" }
right = "blue"
"""
SCENARIO = """
[products]
per_category = 1
[design]
max_turns = 1
broadcast = "episode"
[[sellers]]
id = "plain"
[[sellers]]
id = "bold"
[[buyers]]
id = "people"
agent = "person"
options = { when_gone = "leave" }
[study]
conversations = 2
form = "form.toml"
[study.bonus]
base_cents = 50
"""
Server = subprocess.Popen[bytes]
FORMS = 8
"""Of each bot, in which all kills come: most send more."""
JITTER_S = 0.1
"""And so much later, at most."""


class Killed(msgspec.Struct, frozen=True):
    """What came of it: the run, the bots, how often the server was killed, and what it took."""

    run: Path
    bots: list[Bot]
    kills: int
    seconds: float
    servers_cpu_s: float
    bots_cpu_s: float


def played(folder: Path, count: int, kills: int, seed: int = 1) -> Killed:
    """Have so many bots take part, and kill the server so often at moments drawn by a seed."""
    (folder / "form.toml").write_text(FORM)
    (folder / "study.toml").write_text(SCENARIO)
    run = folder / "run"
    ports = ("--port", str(free_port()), "--organisers-port", str(free_port()))
    make = ("study", folder / "study.toml", "--seats", count, "--out", run, "--seed", seed)
    said = folder / "server.txt"
    first = _started(make, ports, said)
    began, used = time.monotonic(), _cpu(resource.RUSAGE_CHILDREN)
    own = _cpu(resource.RUSAGE_SELF)
    session = session_of(run, Desk(gated=True))
    link = address_of(session, f"http://{HOME}:{ports[1]}", ROOM)
    right = right_answers(session.materials.form)

    bots = [Bot(plan=plan, link=link, right=right) for plan in plans(count, seed)]
    moments = random.Random(seed)
    after = sorted(moments.sample(range(count, FORMS * count), kills))

    async def main() -> int:
        taking_part = asyncio.create_task(take_part(bots))
        done, server = 0, first
        try:
            while done < kills and not taking_part.done():
                await asyncio.sleep(moments.uniform(0, JITTER_S))
                if sum(len(bot.told) for bot in bots) < after[done]:
                    continue
                server.kill()
                server.wait()
                done += 1
                server = await asyncio.to_thread(_started, ("study", run), (), said)  # as before
            await taking_part
            return done
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)

    done = asyncio.run(main())
    used = _cpu(resource.RUSAGE_CHILDREN) - used
    return Killed(
        run=run,
        bots=bots,
        kills=done,
        seconds=time.monotonic() - began,
        servers_cpu_s=used,
        bots_cpu_s=_cpu(resource.RUSAGE_SELF) - own,
    )


def answered(run: Path) -> dict[str, str]:
    """What people answered in the log, as JSON, by the question's id, worked out from the log."""
    found: dict[str, str] = {}
    for record in _records(run):
        answer = json.loads(record["answer"])
        if "gone" not in answer:
            text = f"{record['market']}/{record['source']}/{record['key']}"
            id_ = sha256(text.encode()).hexdigest()[:16]
            assert id_ not in found, "a question was answered twice"
            found[id_] = record["answer"]
    return found


def _records(run: Path) -> Iterator[dict[str, str]]:
    for line in read_lines(run / "events"):
        if line.startswith(b'{"type":"OutsideAnswered"'):
            record = json.loads(line)
            if record["source"].startswith("buyer:p") and record.get("answer") is not None:
                yield record


def _started(words: tuple[object, ...], ports: tuple[str, ...], said: Path) -> Server:
    """Start the program, and return once it answers."""
    with said.open("wb") as out:
        server = subprocess.Popen(
            command(*words, *ports), cwd=ROOT, stdout=out, stderr=subprocess.DEVNULL
        )

    def answers() -> bool:
        assert server.poll() is None, "the server did not begin"
        return b"/p/" in said.read_bytes()

    until(answers)
    return server


def _cpu(of: int) -> float:
    used = resource.getrusage(of)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    place, count, kills = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with suppress(FileExistsError):
        place.mkdir(parents=True)
    found = played(place, count, kills)
    print(f"{count} bots, {found.kills} kills, {found.seconds:.1f} s")
    print(f"CPU: servers {found.servers_cpu_s:.1f} s, bots {found.bots_cpu_s:.1f} s")
    told = [one for bot in found.bots for one in bot.told]
    kept = answered(found.run)
    lost = [one for one in told if one.action == "answer" and one.question not in kept]
    print(f"{len(told)} forms told to be kept, {len(kept)} answers in the log, {len(lost)} lost")
    print(Counter(bot.code or bot.why for bot in found.bots))
