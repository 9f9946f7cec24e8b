"""Filling in a form by chance, from what it shows and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retailsim.events.streams import Stream
from retailsim.sim.study.bots.page import Control, Form

Pairs = list[tuple[str, str]]
"""What is sent: names and values, as a browser sends them."""
TEXTS = (
    "Could you tell me more about it?",
    "I am not sure that this is what I need.",
    "That sounds good to me.",
    "What would you do in my place?",
    "Thank you, that helps.",
)
_LEAST, _MOST = 1, 5
_BUTTON = 0.15
"""How often a button with a name is taken instead of the usual one."""
_TICKED, _TICKS = 0.5, 2
"""How often a box is ticked, and how many of a longer list: often only a few may be."""
_NUMBERS = 10**9


def filled_by_chance(form: Form, stream: Stream, known: Mapping[str, Sequence[str]] = {}) -> Pairs:
    """Return what a form is sent with: any legal choice, and a few stock texts, each numbered.

    Parameters
    ----------
    stream : Stream
        Draws in the order of the form's controls.
    known : mapping of control to values
        What is answered to some controls whenever they are there.
    """
    pairs: Pairs = []
    for control in form.controls.values():
        values = known.get(control.name)
        if values is None:
            values = _drawn(control, stream)
        pairs += [(control.name, value) for value in values]
    if form.buttons and stream.chance(_BUTTON):
        button = stream.pick(form.buttons)
        pairs.append((button.name, button.value))
    return pairs


def _drawn(control: Control, stream: Stream) -> Sequence[str]:
    match control.kind:
        case "hidden":
            return (control.value,)
        case "one":
            return (stream.pick(control.options),)
        case "several":
            often = min(_TICKED, _TICKS / max(1, len(control.options)))
            return [one for one in control.options if stream.chance(often)]
        case "number":
            low = _LEAST if control.least is None else control.least
            high = max(low, _MOST) if control.most is None else control.most
            return (str(stream.integer(low, min(high, low + _MOST))),)
    return (f"{stream.pick(TEXTS)} ({stream.integer(1, _NUMBERS)})",)
