"""A buyer's words: questions, reasons, complaints and reviews, consistent with what drove them."""

from __future__ import annotations

from functools import cache

from retailsim.agents.retail.behavioral import speech as say
from retailsim.agents.retail.behavioral.questions import THANKS, AskedQuestions
from retailsim.agents.retail.behavioral.sheet import clean
from retailsim.agents.retail.behavioral.terms import Terms, terms_of
from retailsim.agents.retail.behavioral.text_features import read_pitch
from retailsim.market.protocols.retail.requests import Complain, WriteReview

Poles = tuple[str, ...]


def topics_reason(topics: tuple[str, ...], word: int) -> str:
    """Return one sentence on why these topics were chosen."""
    reasons = [say.TOPIC_REASONS[topic][(word >> 8 * i) % 2] for i, topic in enumerate(topics)]
    text = ", and ".join(reasons)
    return f"{text[0].upper()}{text[1:]}."


def question_text(asked: AskedQuestions, turn: int, name: str, poles: Poles, word: int) -> str:
    """Return the words of a question; `word` chooses among equivalent wordings."""
    if asked.topic == THANKS:
        return say.THANKS[word % 2]
    opener = (say.ASK_OPENERS if turn == 1 else say.ASK_AGAIN)[word % 3].format(name=name)
    if asked.aspect is not None:
        body = say.ASKS[asked.topic][(word >> 8) % 2].format(question=asked.aspect.question)
    else:
        body = (say.ASKS_AGAIN if asked.again else say.ASKS)[asked.topic][(word >> 8) % 2]
    return f"{opener} {body} {_color(poles, word >> 16)}"


def _color(poles: Poles, word: int) -> str:
    pole = poles[word % len(poles)] if poles else ""
    return say.ASK_COLORS[pole][(word >> 8) % 2]


def decision_reason(driver: str, buys: bool, terms: Terms, poles: Poles, word: int) -> str:
    """Return why the buyer decided so: the strongest driver, then what its traits add."""
    main = (say.BOUGHT_FOR if buys else say.LEFT_FOR)[driver][word % 2]
    if poles:
        side = 0 if buys else 1
        colors = [
            say.DECISION_COLORS[pole][side][(word >> 8 + i) % 2] for i, pole in enumerate(poles)
        ]
        main = f"{main}; {', '.join(colors[:-1])}{', and ' if colors[1:] else ''}{colors[-1]}"
    text = main.format(name=terms.sheet.name, price=terms.price, fee=terms.fee, total=terms.total)
    return f"{text}, so I {'will take it' if buys else 'leave it'}."


def quantity_reason(count: int, word: int) -> str:
    """Return why so many are ordered."""
    if count == 0:
        return say.QUANTITY_NONE
    if count == 1:
        return say.QUANTITY_ONE[(word >> 24) % 3]
    return say.QUANTITY_MORE[(word >> 24) % 2].format(count=count)


def complaint_text(request: Complain, insists: bool, word: int) -> str:
    """Return the buyer's next message to support."""
    if request.turn > 1:
        if insists and request.proposed and request.proposed.outcome == "exchanged":
            return say.MONEY_BACK[word % 2]
        if insists:
            return say.INSISTENCE[word % 3]
        if request.proposed is None:
            return say.DETAILS[word % 2]
        if request.proposed.outcome == "delivered":
            return say.WAITING[(request.turn + word) % 2]
        return say.FOLLOW_UPS[(request.turn + word % 2) % 4]
    table = say.COMPLAINTS.get(request.issue, say.COMPLAINTS[""])
    name = terms_of(request.offer).sheet.name
    issue = clean(request.issue, 60)
    return table[word % 2].format(order=request.order.id, name=name, issue=issue)


def review_text(request: WriteReview, rating: int, poles: Poles, word: int) -> str:
    """Return two or three sentences that agree with the rating and with what happened."""
    level = 0 if rating <= 2 else 1 if rating == 3 else 2
    head = say.REVIEWS[request.aspect][level][word % 3]
    if request.aspect == "product":
        head = head.format(name=terms_of(request.offer).sheet.name)
    text = f"{head} {_note(request, level)}"
    spoken = poles if request.aspect == "product" else _beyond_price(poles)
    if not spoken:
        return text
    return f"{text} {say.REVIEW_COLORS[spoken[(word >> 8) % len(spoken)]][level]}"


@cache
def _beyond_price(poles: Poles) -> Poles:
    """Without the poles whose remarks are about money, which fit the product alone."""
    return tuple(pole for pole in poles if pole not in ("sensitive", "indifferent"))


def _note(request: WriteReview, level: int) -> str:
    match request.aspect:
        case "pitch":
            return _pitch_note(request, level)
        case "pre_inquiry":
            return say.INQUIRY_NOTES[level > 0]
        case _:
            note = say.OUTCOME_NOTES[request.outcome or ""]
            return note.format(issue=clean(request.issue or "", 60))


def _pitch_note(request: WriteReview, level: int) -> str:
    seen = read_pitch(request.pitch, request.offer)
    if seen.push > 0.6 or seen.hype > 0.5:
        return say.PITCH_NOTES["direct" if level == 2 else "pushy"]
    if seen.warmth > 0.6:
        return say.PITCH_NOTES["warm"]
    return say.PITCH_NOTES["dry" if seen.logic > 0.6 else ""]
