"""The file of a page: how it begins, and where it may be written.

Apart from what writes the page, whose packages take a second to load.
"""

from __future__ import annotations

from pathlib import Path

from retailsim.events.named_file import check_named

HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>"""
"""How every page begins. It is known by this again, also one of an earlier version: to change it
is to refuse to replace those, or to keep this beside the new one.
"""


def check_page(file: Path, option: str) -> None:
    """Refuse to write a page over something else, or among what a run is made of.

    Parameters
    ----------
    option : str
        The option that named the file.

    Raises
    ------
    InsideRun, InTheWay
    """
    check_named(file, _BEGINS, what="a page", advice=f"name another file with {option}")


def check_chart(file: Path, page: Path, option: str) -> None:
    """Refuse a chart as `check_page` does; one beside a page that is there may be replaced.

    Raises
    ------
    InsideRun, InTheWay
    """
    advice = f"name a page in another folder with {option}"
    check_named(file, _BEGINS, what="a chart beside a page", advice=advice, beside=page)


_BEGINS = (HEAD.encode(),)
