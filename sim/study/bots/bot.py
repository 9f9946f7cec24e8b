"""A bot: a participant without scripts, who fills in by chance what the pages ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp
import msgspec
from yarl import URL

from retailsim.events.streams import Seed, Stream
from retailsim.sim.study.bots.filling import Pairs, filled_by_chance
from retailsim.sim.study.bots.manners import BotPlan
from retailsim.sim.study.bots.page import Control, Form, Page

TRIES = 20
"""How often a form is filled in anew before a bot gives up."""
ASIDE = ("leave", "withdraw")
"""Forms that are not the step a page is about."""
_AGAIN = frozenset({429, 500, 502, 503, 504})
_SEEN = (200, 409, 422)
_TIMEOUT = aiohttp.ClientTimeout(total=60)

Right = Mapping[str, Sequence[str]]
"""Control -> values that are the right answer to a check."""


class GivenUp(Exception):
    """A bot cannot go on; the text says why."""


class Told(msgspec.Struct, frozen=True):
    """What a bot sent and was told was kept: where to, and all controls of the form."""

    action: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def question(self) -> str:
        """The question or step that it answered."""
        return dict(self.pairs).get("question", "")


@dataclass(kw_only=True)
class Bot:
    """One bot.

    Parameters
    ----------
    plan : BotPlan
    link : str
        Which it follows, such as the room's.
    right : mapping of control to values
        Right answers to checks, as far as the bot knows them.
    pause_s : float
        Seconds before it looks again where there is nothing to do, or nobody answers.
    patience_s : float
        Seconds after which it gives up where nobody answers.

    Attributes
    ----------
    at : str
        The address of its place, once it has one.
    code : str
        The completion code it was shown.
    why : str
        Why it has none.
    told : list of Told
        What it was told was kept.

    Notes
    -----
    Stream used: ``bot TRY`` by the bot's number and the question.
    """

    plan: BotPlan
    link: str
    right: Right = field(default_factory=dict)
    pause_s: float = 0.2
    patience_s: float = 60.0
    at: str = ""
    code: str = ""
    why: str = ""
    told: list[Told] = field(default_factory=list)
    _left: bool = False

    @property
    def seat(self) -> str:
        """The seat that it has; empty without one."""
        return URL(self.at).path.rstrip("/").rpartition("/")[2].partition(".")[0] if self.at else ""

    async def take_part(self) -> None:
        """Take part, as planned, until there is a code or nothing more to do."""
        if self.plan.manner == "absent":
            self.why = "never came"
            return
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar, timeout=_TIMEOUT) as browser:
            try:
                await self._go(browser)
            except GivenUp as error:
                self.why = str(error)

    async def _go(self, browser: aiohttp.ClientSession) -> None:
        came = str(URL(self.link).update_query(label=self.plan.label))
        html = await self._look(browser, came)
        question, tries = "", 0
        while True:
            page = Page(html)
            if page.code:
                self.code = page.code
                return
            form = next((one for one in page.forms if one.action not in ASIDE), None)
            if form is None:  # the partner has to say something first
                await asyncio.sleep(self.pause_s)
                html = await self._look(browser, self.at)
                continue
            if self.plan.manner == "vanishes" and len(self.told) >= self.plan.until:
                raise GivenUp("went away")
            asked = form.controls["question"].value
            tries = tries + 1 if asked == question else 1
            question = asked
            if tries > TRIES:
                raise GivenUp(f"could not answer {form.action} {asked}")
            if self.plan.manner == "reloads":
                await self._look(browser, self.at)
            html = await self._sent(browser, page, form, tries) or await self._look(
                browser, came if self.plan.manner == "twice" else self.at
            )

    async def _sent(
        self, browser: aiohttp.ClientSession, page: Page, form: Form, tries: int
    ) -> str | None:
        """Fill in a form and send it; returns the page that asks again, if one does."""
        leave = page.form("leave")
        if self._leaves(leave) and leave is not None:
            self._left = True
            pairs = [(one.name, one.value) for one in leave.controls.values()]
            return await self._post(browser, leave.action, pairs)
        pairs = self._filled(form, tries)
        if self.plan.manner != "twice":
            return await self._post(browser, form.action, pairs)
        first, second = await asyncio.gather(
            self._post(browser, form.action, pairs), self._post(browser, form.action, pairs)
        )
        return first if first == second else None

    def _leaves(self, leave: Form | None) -> bool:
        wants = self.plan.manner == "leaves" and len(self.told) >= self.plan.until
        return leave is not None and wants and not self._left

    def _filled(self, form: Form, tries: int) -> Pairs:
        question = form.controls["question"].value
        stream = Seed(self.plan.seed).stream(f"bot {tries}", f"{self.plan.number}/{question}")
        if any(one.name == "agree" for one in form.buttons):
            agrees = "no" if self.plan.manner == "refuses" else "yes"
            return [("question", question), ("agree", agrees)]
        return filled_by_chance(form, stream, self._known(form, stream))

    def _known(self, form: Form, stream: Stream) -> Right:
        """Return what the bot knows to answer; one that fails knows what is wrong."""
        if self.plan.manner != "fails":
            return self.right
        return {
            name: (wrong_answer(control, self.right[name], stream),)
            for name, control in form.controls.items()
            if name in self.right
        }

    async def _look(self, browser: aiohttp.ClientSession, url: str) -> str:
        """Return a page, however long it takes until somebody answers."""
        until = asyncio.get_running_loop().time() + self.patience_s
        while True:
            try:
                async with browser.get(url) as answer:
                    html = await answer.text()
                    if answer.status not in _AGAIN:
                        return self._seen(answer, html)
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            if asyncio.get_running_loop().time() > until:
                raise GivenUp("nobody answered")
            await asyncio.sleep(self.pause_s)

    def _seen(self, answer: aiohttp.ClientResponse, html: str) -> str:
        if answer.status != 200:
            raise GivenUp(f"was told {answer.status}")
        self.at = str(answer.url.with_query(None).with_fragment(None))
        return html

    async def _post(self, browser: aiohttp.ClientSession, action: str, pairs: Pairs) -> str | None:
        """Send a form; returns the page that asks again, if one does. It is not sent anew."""
        try:
            async with browser.post(
                URL(self.at).join(URL(action)), data=pairs, allow_redirects=False
            ) as answer:
                html = await answer.text()
                if answer.status == 303:
                    self.told.append(Told(action, tuple(pairs)))
                elif answer.status in _SEEN:
                    return html
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass  # whether it was kept, the page says that is loaded next
        return None


def wrong_answer(control: Control, right: Sequence[str], stream: Stream) -> str:
    """Return an answer to a check that is legal and not the right one."""
    if control.kind == "number":
        number = int(right[0])
        return str(number + 1 if control.most is None or number < control.most else number - 1)
    others = [one for one in control.options if one not in right]
    return stream.pick(others) if others else "no idea"
