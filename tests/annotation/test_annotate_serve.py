"""`annotate serve`: links that stay, and everything that can be wrong, each in one line."""

from __future__ import annotations

import socket
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from retailsim.analysis.annotation.answers import read_ratings
from retailsim.analysis.annotation.form import page
from retailsim.analysis.annotation.form import read as read_form
from retailsim.sim.rate_page.links import Links
from retailsim.sim.rate_page.ratings import opened
from tests.annotation.rated import exported, lines
from tests.sim.runs import sim


def refused(*words: object) -> str:
    """What the command says that does not start; the port could not be listened on."""
    done = sim("annotate", "serve", *words, "--host", "127.0.0.1")
    assert done.exit_code == 2, done.output
    line: str = done.stderr.strip()
    assert "\n" not in line
    return line


def links(place: Path, *names: str) -> Links:
    with opened(place, names) as ratings:
        return ratings.links


def test_links_stay_the_same_and_are_for_the_organisers_eyes(tmp_path: Path) -> None:
    place, _ = exported(tmp_path)
    first = links(place, "ann")
    second = links(place, "bo", "ann")
    assert links(place) == second
    assert (second.organiser, second.raters[0]) == (first.organiser, first.raters[0])
    assert [one.name for one in second.raters] == ["ann", "bo"]
    assert len({second.organiser, *(one.token for one in second.raters)}) == 3
    assert stat.S_IMODE((place / "raters.json").stat().st_mode) == 0o600


def test_the_share_of_repeats_is_the_one_that_a_rater_began_with(tmp_path: Path) -> None:
    place, _ = exported(tmp_path, count=20, pairs=0)
    with opened(place, ("ann",), repeats=20) as ratings:
        assert [desk.total for desk in ratings.desks] == [24]
    with opened(place, ("bo",), repeats=0) as ratings:
        assert [desk.total for desk in ratings.desks] == [24, 20]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ((), "nobody rates here yet; name the raters: --raters ann,bo"),
        (("ann", ""), "--raters: '' is no name"),
        (("a\nb",), "has characters that cannot be seen; leave them out"),
        (("\u202eann",), "has characters that cannot be seen; leave them out"),
        (("x" * 61,), "is longer than 60 characters; shorten it"),
        (("model:gpt",), "is how models are called; a person needs another name"),
        (("Ann B.", "ann/b"), "and 'Ann B.' would both be in ratings-Ann-B.jsonl; change one"),
    ],
)
def test_a_name_that_cannot_be_a_raters_is_refused(
    names: Sequence[str], says: str, tmp_path: Path
) -> None:
    place, _ = exported(tmp_path)
    words = ("--raters", ",".join(names)) if names else ()
    assert says in refused(place, *words)
    assert not list(place.glob("ratings-*")) and not (place / "raters.json").exists()


def no_form(place: Path) -> None:
    (place / "form.html").unlink()


def no_key(place: Path) -> None:
    (place / "key.json").unlink()


def key_of_another(place: Path) -> None:
    text = (place / "key.json").read_text().replace('"e1"', '"e2"')
    (place / "key.json").write_text(text)


def key_without_an_item(place: Path) -> None:
    text = (place / "key.json").read_text().replace('"i3"', '"i33"')
    (place / "key.json").write_text(text)


def form_of_unknown_tasks(place: Path) -> None:
    sheet = read_form(place / "form.html")
    (place / "form.html").write_text(page(msgspec.structs.replace(sheet, tasks=sheet.tasks[:1])))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (no_form, ": there is no form.html here; make an export first: "),
        (no_key, "key.json: No such file or directory; give the key.json of an export"),
        (key_of_another, "key.json: it is not the key of form.html beside it; put the one back"),
        (key_without_an_item, "key.json: it is not the key of form.html beside it"),
        (form_of_unknown_tasks, "key.json: it is not the key of form.html beside it"),
    ],
)
def test_a_folder_that_is_no_export_is_refused(
    spoil: Callable[[Path], None], says: str, tmp_path: Path
) -> None:
    place, _ = exported(tmp_path)
    spoil(place)
    assert says in refused(place, "--raters", "ann")


def test_a_key_or_form_that_was_changed_since_is_refused(tmp_path: Path) -> None:
    place, _ = exported(tmp_path)
    links(place, "ann")
    for name, before, after in (
        ("key.json", '"right":"A"', '"right":"B"'),
        ("form.html", "Thing 1", "Thing 9"),
    ):
        original = (place / name).read_text()
        (place / name).write_text(original.replace(before, after, 1))
        says = f"{place / name}: it was changed since raters got their links; put back what was"
        assert says in refused(place, "--raters", "bo")
        (place / name).write_text(original)
    assert [one.name for one in links(place).raters] == ["ann"]


def test_two_servers_on_one_folder_are_one_too_many(tmp_path: Path) -> None:
    place, _ = exported(tmp_path)
    with opened(place, ("ann",)):
        assert "another `annotate serve` runs on this folder; end it first" in refused(place)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    place, _ = exported(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused(place, "--raters", "ann", "--port", port)
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in line


def test_what_a_killed_server_was_writing_is_cut_off_and_gone_on_with(tmp_path: Path) -> None:
    place, key = exported(tmp_path, count=6, pairs=0)
    with opened(place, ("ann",)) as ratings:
        ratings.desks[0].rate(1, "4", "")
    journal = place / "ratings-ann.jsonl"
    whole = journal.read_bytes()
    for cut in (b'{"act":"rated","item":"i', b"\xff", b"{}"):
        journal.write_bytes(whole + cut)
        assert len(read_ratings(journal, key).dirty) == 1 if cut != b"\xff" else True
        with opened(place) as ratings:
            assert ratings.desks[0].rated == 1
        assert journal.read_bytes() == whole
    journal.write_bytes(whole[:20])  # its first line was being written
    with opened(place) as ratings:
        assert ratings.desks[0].rated == 0
        ratings.desks[0].rate(2, "3", "")
    assert [line["rating"] for line in lines(place)] == [3]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense\n", ":1: no beginning of a journal: "),
        ('{"journal":1,"export":"e2","rater":"ann"}\n', ":1: ratings by 'ann' of export 'e2'; "),
        ('{"journal":1,"export":"e1","rater":"bo"}\n', ":1: ratings by 'bo' of export 'e1'; "),
        ('{"journal":1,"export":"e1","rater":"ann"}\n{}\n', ":2: no line of a journal: "),
        (
            '{"journal":1,"export":"e1","rater":"ann"}\n{"act":"undone"}\n',
            ":2: there is no rating that could be taken back; mend the line, or move the file away",
        ),
    ],
)
def test_a_journal_that_cannot_be_gone_on_with_is_named_by_its_line(
    text: str, says: str, tmp_path: Path
) -> None:
    place, _ = exported(tmp_path)
    (place / "ratings-ann.jsonl").write_text(text)
    assert f"{place / 'ratings-ann.jsonl'}{says}" in refused(place, "--raters", "ann")


def test_a_journal_that_leads_elsewhere_is_not_written_to(tmp_path: Path) -> None:
    place, _ = exported(tmp_path / "out")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch()
    (place / "ratings-ann.jsonl").symlink_to(elsewhere)
    assert "ratings-ann.jsonl: Too many levels of symbolic links" in refused(
        place, "--raters", "ann"
    )
    assert elsewhere.read_bytes() == b""
