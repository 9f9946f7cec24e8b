"""The studio as a process of its own, asked as a browser asks."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def served(root: Path) -> Iterator[tuple[OpenerDirector, str, subprocess.Popen[str]]]:
    """Start `studio` on a run, or a folder of runs.

    Yields
    ------
    tuple
        Who has its cookie, the address of its first page, which ends in a slash, and the process.
    """
    words = (sys.executable, "-m", "sim", "studio", str(root))
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        link = process.stdout.readline().strip()
        browser = build_opener(HTTPCookieProcessor(CookieJar()))
        with browser.open(link) as answer:
            answer.read()
        yield browser, link.partition("?")[0], process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()
