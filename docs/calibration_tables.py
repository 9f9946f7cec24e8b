"""Writes the tables of calibration.md from what is known of seeds, and fits anew what ships.

``python docs/calibration_tables.py`` prints the tables; ``--write`` puts them into the page.
``--refit NAME`` fits the targets called NAME first, puts the values where they ship (the targets'
file, the agents' parameters, the built-in scenarios) and writes ``seeds-NAME.toml``; ``--seeds
NAME`` does only the latter.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "calibration.md"
CALIBRATION = ROOT / "sim" / "calibration"
SCENARIOS = ROOT / "sim" / "data"
PARAMETERS = ROOT / "agents" / "data" / "behavioral.toml"
NAMES = ("published", "stand-ins")
NUMBER = r"-?\d+(?:\.\d+)?"


def table(name: str) -> str:
    """Return the table of one of our targets' files, as the page holds it."""
    seeds = tomllib.loads((CALIBRATION / f"seeds-{name}.toml").read_text(encoding="utf-8"))
    lines = [
        "| target | published | mean over seeds | off by | allowed | single seeds |",
        "|---|---:|---:|---:|---:|---:|",
        *(_row(cell) for cell in seeds["cells"]),
    ]
    return "\n".join(lines)


def _row(cell: Mapping[str, Any]) -> str:
    off = cell["mean"] - cell["target"]
    far = "" if cell["within"] else ", too far" if cell["fitted"] else ", not fitted"
    return (
        f"| {cell['name']} | {cell['target']:.3f} | {cell['mean']:.3f} ± "
        f"{cell['standard_error']:.3f} | {off:+.3f}{far} | {cell['allowed']:.3f} | "
        f"{cell['low']:.3f} to {cell['high']:.3f} |"
    )


def markers(name: str) -> tuple[str, str]:
    """Return what stands around a table in the page."""
    return f"<!-- {name}: by docs/calibration_tables.py -->", f"<!-- end of {name} -->"


def written(page: str, name: str) -> str:
    """Return a table as a page holds it."""
    begin, end = markers(name)
    return page.split(begin, 1)[1].split(end, 1)[0].strip()


def refit(name: str, *, fitted: bool) -> None:
    """Calibrate one of our targets' files, and put what comes of it into its places."""
    with tempfile.TemporaryDirectory() as folder:
        cells = Path(folder) / "cells.toml"
        words = ["--cells", str(cells), "--json", *([] if fitted else ["--rounds", "0"])]
        done = subprocess.run(
            [sys.executable, "-m", "sim", "calibrate", name, *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=False,
        )
        found = json.loads(done.stdout)
        if fitted:
            ship(name, {one["key"]: one["value"] for one in found["parameters"]})
        (CALIBRATION / f"seeds-{name}.toml").write_bytes(cells.read_bytes())


def ship(name: str, values: Mapping[str, float]) -> None:
    """Put fitted values where they ship."""
    for key, value in values.items():
        _in_file(CALIBRATION / f"{name}.toml", _start(key), value)
        scenario, colon, option = key.partition(":")
        if colon:
            _in_seats(SCENARIOS / f"{scenario}.toml", option, value)
        else:
            _in_file(PARAMETERS, _dotted(key, PARAMETERS), value)
    if name == "published":
        _ship_elasticity(values)


def _ship_elasticity(values: Mapping[str, float]) -> None:
    """Its level is that of `demographic`, whose items it sells, and the shift of each pole."""
    path = SCENARIOS / "elasticity.toml"
    for seat in tomllib.loads(path.read_text(encoding="utf-8"))["buyers"]:
        pole = seat["persona"]["price_consciousness"]
        level = values["demographic:inclination"] + values[f"buyer.poles.{pole}.shift"]
        _in_seats(path, f"buyers/{seat['id']}/inclination", level)


def _start(key: str) -> str:
    """Match what stands before a parameter's start in a targets' file."""
    return rf'key = "{re.escape(key)}"\nstart = '


def _dotted(key: str, path: Path) -> str:
    """Match what stands before a dotted key's number: in its table, or in an inline one."""
    tables = re.findall(r"^\[([^\]]+)\]", path.read_text(encoding="utf-8"), re.MULTILINE)
    parts = key.split(".")
    size = max(size for size in range(1, len(parts)) if ".".join(parts[:size]) in tables)
    name, *inline = parts[size:]
    table_ = re.escape(".".join(parts[:size]))
    head = rf"\n\[{table_}\](?:(?!\n\[)[\s\S])*?\n{re.escape(name)} = "
    return head + (rf"\{{[^}}\n]*?\b{re.escape(inline[0])} = " if inline else "")


def _in_file(path: Path, before: str, value: float) -> None:
    text = path.read_text(encoding="utf-8")
    new, count = re.subn(rf"({before}){NUMBER}", rf"\g<1>{value:.4f}", text)
    if count != 1:
        raise SystemExit(f"{path}: {before!r} stands there {count} times")
    path.write_text(new, encoding="utf-8")


def _in_seats(path: Path, option: str, value: float) -> None:
    """Change an option of one seat, or of all buyers."""
    place, _, name = option.rpartition("/")
    side, _, seat = (place or "buyers").partition("/")
    before = r"[^\n]*?\b".join(re.escape(part) + r" = " for part in name.split("."))
    blocks = re.split(r"(?=^\[\[)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for number, block in enumerate(blocks):
        meant = block.startswith(f"[[{side}]]") and (not seat or f'id = "{seat}"' in block)
        if not meant:
            continue
        changed, count = re.subn(
            rf"(\noptions = [^\n]*?\b{before}){NUMBER}", rf"\g<1>{value:.4f}", block
        )
        if count != 1:
            raise SystemExit(f"{path}: {option} stands {count} times in a seat")
        blocks[number] = changed
    path.write_text("".join(blocks), encoding="utf-8")


def main() -> None:
    """Print the tables or put them into their page, after fitting anew what is asked for."""
    words = sys.argv[1:]
    for flag in ("--refit", "--seeds"):
        if flag in words:
            refit(words[words.index(flag) + 1], fitted=flag == "--refit")
    if "--write" not in words:
        sys.stdout.write("\n\n".join(map(table, NAMES)) + "\n")
        return
    page = PAGE.read_text(encoding="utf-8")
    for name in NAMES:
        begin, end = markers(name)
        head, tail = page.split(begin, 1)[0], page.split(end, 1)[1]
        page = f"{head}{begin}\n\n{table(name)}\n\n{end}{tail}"
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
