"""A page as a browser without scripts has it: its forms, and their controls."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal

Kind = Literal["hidden", "text", "number", "one", "several", "button"]
"""What can be done with a control; "one" and "several" are chosen from options."""


@dataclass(kw_only=True)
class Control:
    """One control of a form, or several of one name.

    Parameters
    ----------
    name : str
    kind : str
    value : str
        What it holds.
    options : list of str
        Values to choose from.
    least, most : int or None
        Bounds of a number.
    """

    name: str
    kind: Kind
    value: str = ""
    options: list[str] = field(default_factory=list)
    least: int | None = None
    most: int | None = None


@dataclass(kw_only=True)
class Form:
    """A form: where it goes, its controls by name, and its buttons that have a name."""

    action: str
    controls: dict[str, Control] = field(default_factory=dict)
    buttons: list[Control] = field(default_factory=list)


class Page(HTMLParser):
    """What a page holds that can be sent, and the code that it shows at the end.

    Parameters
    ----------
    html : str

    Attributes
    ----------
    forms : list of Form
    code : str
        The completion code; empty where there is none.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.code = ""
        self._form: Form | None = None
        self._list: Control | None = None
        self._in_code = False
        self.feed(html)
        self.close()

    def form(self, action: str) -> Form | None:
        """Return the form that goes to an address."""
        return next((one for one in self.forms if one.action == action), None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in a tag."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(action=given.get("action", "").removeprefix("./"))
            self.forms.append(self._form)
        elif tag == "code" and given.get("id") == "code":
            self._in_code = True
        elif self._form is not None:
            self._control(self._form, tag, given)

    def handle_endtag(self, tag: str) -> None:
        """Leave a form, a list or the code."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._list = None
        elif tag == "code":
            self._in_code = False

    def handle_data(self, data: str) -> None:
        """Read the code."""
        if self._in_code:
            self.code += data.strip()

    def _control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "option" and self._list is not None and value:
            self._list.options.append(value)
        if not name:
            return
        match tag, given.get("type", ""):
            case "textarea", _:
                form.controls[name] = Control(name=name, kind="text")
            case "select", _:
                self._list = form.controls[name] = Control(name=name, kind="one")
            case "button", _:
                form.buttons.append(Control(name=name, kind="button", value=value))
            case "input", "hidden":
                form.controls[name] = Control(name=name, kind="hidden", value=value)
            case "input", "radio" | "checkbox" as type_:
                kind: Kind = "one" if type_ == "radio" else "several"
                found = form.controls.setdefault(name, Control(name=name, kind=kind))
                found.options.append(value)
            case "input", "number":
                form.controls[name] = Control(
                    name=name,
                    kind="number",
                    least=_whole(given.get("min")),
                    most=_whole(given.get("max")),
                )
            case "input", _:
                form.controls[name] = Control(name=name, kind="text")


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.lstrip("-").isdecimal() else None
