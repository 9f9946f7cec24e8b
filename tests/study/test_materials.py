"""What participants read: Markdown as a page, safe whatever stands in the file."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from retailsim.agents.person.desk import Desk
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.study_table import StudyTable
from retailsim.sim.study.errors import BadStudy
from retailsim.sim.study.made import new_study
from retailsim.sim.study.materials import CONSENT, Materials, read_materials, text_of
from retailsim.sim.terminal.audience import Nobody


def test_markdown_is_a_page_and_html_is_text() -> None:
    html = text_of(
        "# Title\n\n**bold** <script>alert(1)</script> <b onclick=x>\n\n<style>*{}</style>\n\n"
        "[bad](javascript:alert(1)) [good](https://a.example) ![seen](https://a.example/x.png)\n\n"
        "| a | b |\n|--:|:-:|\n| 1 | 2 |\n"
    ).html
    assert "<h1>Title</h1>" in html and "<strong>bold</strong>" in html
    assert "&lt;script&gt;" in html and "&lt;style&gt;" in html and "&lt;b onclick=x&gt;" in html
    for tag in ("<script", "<style", "<b ", "<img", "style=", 'href="javascript'):
        assert tag not in html
    assert '<td class="right">1</td>' in html
    assert '<a href="https://a.example" target="_blank" rel="noopener noreferrer">good</a>' in html


@pytest.mark.parametrize(
    ("text", "titled"), [("# A", True), ("\ufeff# A", True), ("A\n\n# B", False), ("## A", False)]
)
def test_a_text_may_have_a_title_of_its_own(text: str, titled: bool) -> None:
    assert text_of(text).titled == titled


def test_the_digest_is_the_files(tmp_path: Path) -> None:
    data = "# Einverständnis\r\n\r\nSie nehmen teil.\n".encode()
    (tmp_path / "c.md").write_bytes(data)
    found = read_materials(StudyTable(consent="c.md"), tmp_path)
    assert found.consent.digest == sha256(data).hexdigest()
    assert found.instructions is None
    assert Materials().consent == text_of(CONSENT)


@pytest.mark.parametrize(
    ("key", "data", "said"),
    [
        ("consent", b"\xff", "study.consent: .*c.md: is not UTF-8 at byte 1"),
        ("instructions", b" \n", "study.instructions: c.md is empty"),
        ("consent", b"x" * (2**20 + 1), "study.consent: .*c.md: cannot be read: it is larger"),
        (
            "form",
            b'[[questions]]\nname = "a"',
            r"^c.md: questions\[0\]: the key 'label' is missing",
        ),
        (
            "form",
            b'[[between]]\nname = "a"\nlabel = "?"\nafter = [3]',
            "^c.md: between.a: after: there is no conversation 3; each plays 2",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, key: str, data: bytes, said: str
) -> None:
    (tmp_path / "c.md").write_bytes(data)
    table = msgspec.convert({"conversations": 2, key: "c.md"}, StudyTable)
    with pytest.raises(BadStudy, match=said):
        read_materials(table, tmp_path)


@pytest.mark.parametrize("back", ["javascript:alert(1)", "panel.example", ""])
def test_who_goes_back_goes_to_an_address(tmp_path: Path, back: str) -> None:
    with pytest.raises(BadStudy, match=r"^study.back: .*https://"):
        read_materials(StudyTable(back=back), tmp_path)
    read_materials(StudyTable(back="https://panel.example/?cc={code}"), tmp_path)


def test_no_run_is_made_for_a_form_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "form.toml").write_text("[limits]\ntries = 0\n")
    (tmp_path / "shop.toml").write_text(
        '[products]\nper_category = 1\n[[sellers]]\nid = "s"\n[[buyers]]\nid = "b"\n'
        '[study]\nform = "form.toml"\n'
    )
    options = Options(scenario=str(tmp_path / "shop.toml"), out=tmp_path / "run")
    with pytest.raises(BadStudy, match=r"form.toml: limits.tries"):
        new_study(options, 2, Desk(gated=True), Nobody())
    assert not (tmp_path / "run").exists()
