"""``python -m sim`` as it is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_windows_is_sent_to_wsl() -> None:
    code = "import sys; sys.platform = 'win32'; import retailsim"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
    assert found.stderr.splitlines()[-1] == (
        "ImportError: retailsim runs on Linux and macOS; on Windows install and run it in WSL, "
        "see learn.microsoft.com/windows/wsl"
    )


def test_a_file_that_hides_the_package_is_named(tmp_path: Path) -> None:
    """Python looks in the working folder first, where a script is easily called retailsim.py."""
    (tmp_path / "retailsim.py").write_text("x = 1\n")
    code = (
        "import runpy, sys; sys.path.insert(0, ''); "
        f"runpy.run_path({str(ROOT / 'launcher' / 'sim' / '__main__.py')!r}, run_name='__main__')"
    )
    words = [sys.executable, "-c", code]
    found = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert found.stderr.startswith("error: ")
    assert "retailsim.py hides the installed retailsim; rename it" in found.stderr
    assert found.stderr.count("\n") == 1
