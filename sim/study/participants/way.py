"""The way of a participant through a study, step by step; each is kept before it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from retailsim.agents.person.form import filled
from retailsim.sim.people.ended_market import EndedMarket
from retailsim.sim.study.form_file import Asked, StudyForm, fields_of
from retailsim.sim.study.participant import Participant, Stage, Tried
from retailsim.sim.study.session import StudySession, now

_replace = msgspec.structs.replace


class Way:
    """The steps of a study.

    Each method takes a participant as known now, keeps what comes of the step, and returns that.
    Whoever asks has made sure that the participant stands where the step is.

    Parameters
    ----------
    session : StudySession
    """

    def __init__(self, session: StudySession) -> None:
        self._session = session

    @property
    def form(self) -> StudyForm:
        """What is asked beside the conversations."""
        return self._session.materials.form

    def asked(self, one: Participant) -> tuple[Asked, ...]:
        """Return what a participant has to fill in now, beside a conversation."""
        match one.stage:
            case "checks":
                return self.form.checks
            case "play":
                return self.form.after(one.conversation)
            case "questions":
                return self.form.questions
        return ()

    def step(self, one: Participant) -> str:
        """Return a name for what a participant is to do now; no two steps have the same.

        A form says which step it is of, so that one that is sent twice, or from an old page,
        changes nothing.
        """
        match one.stage:
            case "checks":
                return f"checks-{self.tries(one) + 1}-{one.seat}"
            case "play":
                return f"after-{one.conversation}-{one.seat}"
        return f"{one.stage}-{one.seat}"

    def tries(self, one: Participant) -> int:
        """Return how often a participant has answered the comprehension checks."""
        names = [asked.field.name for asked in self.form.checks]
        return max((sum(tried.check == name for tried in one.tried) for name in names), default=0)

    def misses(self, one: Participant) -> int:
        """Return how many attention checks a participant has got wrong."""
        names = [asked.field.name for asked in self.form.checks]
        return sum(not tried.right and tried.check not in names for tried in one.tried)

    # -- the steps -------------------------------------------------------------------------

    def agreed(self, one: Participant) -> Participant:
        """Note consent to the text that was shown."""
        digest = self._session.materials.consent.digest
        return self._on(_replace(one, consent_at=now(), consent_digest=digest))

    def refused(self, one: Participant) -> Participant:
        """Note that consent was refused."""
        return self._session.end(one, "screened out", "refused consent")

    def has_read(self, one: Participant) -> Participant:
        """Note that the instructions were read."""
        return self._on(one)

    def checked(self, one: Participant, given: Mapping[str, Any]) -> Participant:
        """Take the answers to the comprehension checks; raises `BadAnswer`."""
        tried = _tried(self.form.checks, filled(fields_of(self.form.checks), given))
        one = _replace(one, tried=(*one.tried, *tried))
        if all(each.right for each in tried):
            return self._on(one)
        if self.tries(one) >= self.form.limits.tries:
            return self._session.end(one, "screened out", "did not pass the comprehension checks")
        return self._session.keep(one)

    def went_on(self, one: Participant, given: Mapping[str, Any]) -> Participant:
        """Take what was asked after a conversation, and go on; raises `BadAnswer`."""
        one = self._answered(one, given, f".{one.conversation}")
        if self._inattentive(one):
            return self._screened(one)
        if one.conversation < len(self._session.plan[one.seat]):
            one = _replace(one, conversation=one.conversation + 1)
            return self._session.keep(one)
        return self._on(one)

    def broke_off(self, one: Participant, ended: EndedMarket) -> Participant:
        """Note that the conversation broke off, and by whom."""
        late = "its time passed" if ended.late else "left"
        left = late if ended.gone else "not by the participant"
        why = f"conversation {one.conversation} broke off: {left}"
        return self._session.end(one, "failed", why)

    def answered(self, one: Participant, given: Mapping[str, Any]) -> Participant:
        """Take the answers to the last questions; raises `BadAnswer`."""
        one = self._answered(one, given, "")
        return self._screened(one) if self._inattentive(one) else self._on(one)

    # -- what they have in common ----------------------------------------------------------

    def _answered(self, one: Participant, given: Mapping[str, Any], suffix: str) -> Participant:
        asked = self.asked(one)
        values = filled(fields_of(asked), given)
        plain = {item.field.name for item in asked if not item.right}
        answers = {f"{name}{suffix}": value for name, value in values.items() if name in plain}
        tried = _tried(asked, values, suffix)
        return _replace(one, answers={**one.answers, **answers}, tried=(*one.tried, *tried))

    def _inattentive(self, one: Participant) -> bool:
        return self.misses(one) > self.form.limits.misses

    def _screened(self, one: Participant) -> Participant:
        return self._session.end(one, "screened out", "did not pass the attention checks")

    def _on(self, one: Participant) -> Participant:
        """Go on to the next stage that this study has."""
        there: Mapping[Stage, bool] = {
            "consent": True,
            "instructions": self._session.materials.instructions is not None,
            "checks": bool(self.form.checks),
            "play": True,
            "questions": bool(self.form.questions),
        }
        stages = list(there)
        for stage in stages[stages.index(one.stage) + 1 :]:
            if there[stage]:
                return self._session.keep(_replace(one, stage=stage))
        return self._session.end(one, "done")


def _tried(asked: Sequence[Asked], values: Mapping[str, Any], suffix: str = "") -> list[Tried]:
    """Return the tries at items that have a right answer; one that does not count is none."""
    return [
        Tried(
            check=f"{item.field.name}{suffix}",
            answer=values[item.field.name],
            right=item.is_right(values[item.field.name]),
            at=now(),
        )
        for item in asked
        if item.right and (item.field.only_if is None or values[item.field.name] is not None)
    ]
