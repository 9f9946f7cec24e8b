"""What participants read and are asked: Markdown texts and a form, as they are kept in the run."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
from markdown_it import MarkdownIt
from markdown_it.token import Token

from retailsim.events.whole_file import read_bounded
from retailsim.sim.scenario.study_table import StudyTable
from retailsim.sim.study.errors import BadStudy
from retailsim.sim.study.form_file import StudyForm, read_form

MOST_BYTES = 1 << 20
"""Of one file."""
CONSENT = """# Taking part

You are asked to take part in a study about buying and selling. You will talk to somebody about a
product, as people do in a shop. Whom you talk to is played by a computer program, the prices are
made up, and nothing is really bought or sold.

Taking part is voluntary.
"""
"""What participants agree to where the study has no text of its own."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text in Markdown.

    Parameters
    ----------
    html : str
        Safe to stand in a page: what is HTML in the file is shown as the text that it is.
    digest : str
        SHA-256 of the file.
    titled : bool
        Whether it begins with a title of its own.
    """

    html: str
    digest: str
    titled: bool


class Materials(msgspec.Struct, frozen=True, kw_only=True):
    """All that a participant reads and is asked beside the conversations.

    Parameters
    ----------
    consent : Text
    instructions : Text or None
        None: there are none.
    form : StudyForm
    """

    consent: Text = msgspec.field(default_factory=lambda: text_of(CONSENT))
    instructions: Text | None = None
    form: StudyForm = StudyForm()


def read_materials(table: StudyTable, folder: Path) -> Materials:
    """Return what the files of a study hold, checked.

    Parameters
    ----------
    folder : Path
        Where paths begin that are not absolute: the run's ``inputs``, once it is made.

    Raises
    ------
    BadStudy
        If one of them cannot be read, is empty, or is not what it should be.
    """
    form = StudyForm()
    if table.form is not None:
        form = read_form(_read(folder / table.form, "study.form"), table.form)
    _check_after(form, table)
    if table.back is not None and not table.back.startswith(("https://", "http://")):
        raise BadStudy("study.back", f"{table.back}: write an address that begins with https://")
    return Materials(
        consent=_text(table.consent, folder, "consent") or text_of(CONSENT),
        instructions=_text(table.instructions, folder, "instructions"),
        form=form,
    )


def text_of(markdown: str) -> Text:
    """Return a text in Markdown as a page shows it."""
    tokens = _MARKDOWN.parse(markdown.removeprefix("\ufeff"))
    _without_styles(tokens)
    return Text(
        html=_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}),
        digest=sha256(markdown.encode()).hexdigest(),
        titled=bool(tokens) and (tokens[0].type, tokens[0].tag) == ("heading_open", "h1"),
    )


def _text(path: str | None, folder: Path, key: str) -> Text | None:
    if path is None:
        return None
    found = _read(folder / path, f"study.{key}")
    if not found.strip():
        raise BadStudy(f"study.{key}", f"{path} is empty; write what participants shall read")
    return text_of(found)


def _read(path: Path, key: str) -> str:
    try:
        return read_bounded(path, MOST_BYTES).decode()
    except OSError as error:
        raise BadStudy(key, f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadStudy(key, f"{path}: is not UTF-8 at byte {error.start + 1}") from None


def _check_after(form: StudyForm, table: StudyTable) -> None:
    for one in form.between:
        for conversation in one.after:
            if conversation > table.conversations:
                raise BadStudy(
                    table.form,
                    f"between.{one.field.name}: after: there is no conversation {conversation}; "
                    f"each plays {table.conversations}",
                )


def _without_styles(tokens: Sequence[Token]) -> None:
    """Say by class what tables say by style, which the pages' policy refuses; mark links."""
    for token in tokens:
        style = token.attrs.pop("style", None)
        if style is not None:
            token.attrSet("class", str(style).rpartition(":")[2])
        if token.type == "link_open":
            token.attrSet("target", "_blank")  # who reads on does not leave the study
            token.attrSet("rel", "noopener noreferrer")
        _without_styles(token.children or ())


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
