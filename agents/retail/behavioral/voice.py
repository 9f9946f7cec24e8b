"""How a seller says things: phrase tables by trait, chosen once for a persona.

Templates take named texts of the offer (`terms.Terms.body` and the product's name); the product
sheet's own words enter only as values. No template states a fact about a product, so a seller
that claims nothing beyond the sheet is honest by construction; `OVERCLAIMS` are the exception
and are used only by sellers whose traits or options make them.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

Phrases = tuple[str, ...]
ByPole = Mapping[str, Phrases]

GREETINGS: ByPole = {
    "friendly": (
        "Hello, friends, and a warm welcome to all of you; I am so glad you are here with me.",
        "Hi everyone, it is lovely to have you here, and thank you for spending a little time"
        " together with us.",
        "Welcome, friends, come on in; I am really happy to see so many of you this {season}.",
    ),
    "reserved": (
        "Good day. This presentation is about one item, and I will keep to it.",
        "Good day. I will go through the offer in order, without detours.",
        "Good day to those watching. The item first, then the terms, then your decision.",
    ),
    "": (
        "Hello and welcome; here is something from our selection for this {month}.",
        "Hello everyone, thank you for tuning in; let us look at one item properly.",
        "Welcome to the show; today there is one item on the table and a few minutes for it.",
    ),
}

HOOKS: ByPole = {
    "rational": (
        "Let us compare what counts: the figure you pay, the facts on the sheet, and the reason"
        " why anyone would choose the {name} over leaving things as they are.",
        "The fact is that most of us buy {kind} without reading the specification; today we read"
        " it, because exactly there the difference is made.",
        "I will give you evidence instead of adjectives: one specification sheet, one figure for"
        " the price, and the reason why I picked the {name}.",
    ),
    "emotional": (
        "Imagine the moment when the parcel is on your table, you open it, and you feel that"
        " little joy of having chosen the {name} just for yourself.",
        "Do you know that feeling when something simply speaks to your heart? Picture the {name}"
        " in your own days this {season}, and feel what it does to you.",
        "I want you to dream with me for a second: it is a quiet evening in {month}, and the"
        " {name} is the one thing you look at with love.",
    ),
    "": (
        "If you have looked at {kind} lately and could not decide, picture having somebody go"
        " through one of them with you; the {name} is the one I have here.",
        "There are many {kind} out there, and for a good reason people feel lost among them; so"
        " we take just one, the {name}, and look at it closely.",
        "You may know the feeling of putting off a purchase because there is too much to read;"
        " let me go through the {name} with you, fact by fact.",
    ),
}

INTRODUCTIONS: Phrases = (
    "What I have in front of me is the {name}{by}, and the price is {offer}.",
    "The item is called {name}{by}; it is offered at {offer}.",
    "This is the {name}{by}, and you can have it for {offer}.",
)

PUSHES: ByPole = {
    "assertive": (
        "You want this, so go ahead and order now; do not wait until somebody else decides for"
        " you.",
        "I will be direct: now is the moment, grab it today and the question is settled.",
        "Make it yours right now; people who hesitate come back to me every week and regret it.",
        "Decide now, order now, and today you can cross this off your list.",
    ),
    "passive": (
        "Perhaps it is something for you, perhaps not; there is no hurry and no pressure from my"
        " side.",
        "If you like, you might have a look at it whenever you find the time.",
        "Maybe you want to sleep on it first, and that is fine; take your time.",
        "I would only suggest it if you like the idea; whenever you are ready will do.",
    ),
    "": (
        "If it suits you, you can order it today while we are here.",
        "Have a look at it, and if it convinces you, go ahead.",
        "You can order today, or keep the page open and come back to it.",
        "If that sounds right to you, today is a good day to order.",
    ),
}

CORE_AUDIENCE: Mapping[str, Phrases] = {
    "Fashion": (
        "Who is it for? {who} who would like one more piece to reach for in the morning without"
        " thinking twice about what goes with what.",
        "I think first of {who_low} who are sorting out their wardrobe for {season} and want to"
        " know what they get before they pay.",
    ),
    "Home": (
        "Who is it for? People who are putting their home in order for {season} and would rather"
        " choose one thing carefully than three in a rush.",
        "I think first of anyone who spends their evenings at home and notices the small things"
        " that are missing there.",
    ),
    "Electronics": (
        "Who is it for? People who want to know what a device does before it arrives, and who"
        " would rather read one sheet than twenty opinions.",
        "I think first of anyone whose present device is on its last legs and who does not want"
        " to make a science of replacing it.",
    ),
    "Food": (
        "Who is it for? People who plan their cupboard for {season} and like to know what is in"
        " the basket before it comes to the door.",
        "I think first of anyone who cooks, shares and snacks at home and is open to something"
        " for the next shopping list.",
    ),
}

SECOND_AUDIENCE: Phrases = (
    "And then there are those who look for a gift: if somebody in your family has mentioned"
    " {kind} lately, you have an answer ready before the next birthday comes round.",
    "There is a second group that I would not forget, and that is anyone who buys for others, as a"
    " gift or for a shared household, and needs a choice that is easy to explain.",
    "It is also worth a look for anyone who has never bought {kind} before and wants to start"
    " with a sheet that can be read in a minute, or to give one as a gift.",
)

QUESTIONS: Phrases = (
    "You may ask: what do I really know about it before it arrives?",
    "The first question I usually get is: what does the sheet actually say?",
    "Somebody always asks: how do I know what I am getting?",
)
SILENT_SHEET: Phrases = (
    "The sheet is short on this one, and I will not make anything up; ask me, and I tell you"
    " what is written there and what is not.",
    "The listing itself says little beyond the name, so I keep to that and leave the rest to"
    " your questions.",
)
RETURN_QUESTIONS: Phrases = (
    "And what if it is not right for you? You have {returns} to send it back, {condition}, and"
    " if the fault is ours, the way back is on us.",
    "And the second question: what happens if I change my mind? It can go back within {returns},"
    " {condition}; that is the rule and it holds for everybody.",
)
METHODS: Phrases = (
    "Put it side by side with the alternatives you have open in the other window: compare what"
    " each of them puts in writing and what it asks you to pay, and take the one that tells you"
    " more.",
    "I rely on what the maker has put in writing, because a specification can be checked and an"
    " adjective cannot; that is the authority I would trust for a thing like this.",
    "Think of the value per use: the price of {price} is paid once, and every time you reach for"
    " it, that amount is shared by one use more, until it hardly counts.",
)
VALUES: ByPole = {
    "rational": (
        "The reason to buy is in the figures: {price} for the item, {fee} for shipping, and"
        " exactly what the specification states.",
        "As a matter of fact the sum is easy to check: {price} plus {fee} for shipping, against"
        " what stands on the sheet.",
    ),
    "emotional": (
        "And honestly, value is a feeling too: you will feel it in your heart when it is yours,"
        " and {price} with {fee} for shipping is a small price for a little joy.",
        "Some things we buy with love and not with a calculator; {price}, and {fee} to bring it"
        " to you, and then picture the delight when you open it.",
    ),
    "": (
        "So that is {price} for the item and {fee} for shipping, and you know the reason why it"
        " is on the table.",
        "The price is {price}, shipping is {fee}, and how you feel about it is up to you.",
    ),
}
FACT_LEADS: ByPole = {
    "rational": ("For the record, {fact}.", "A fact you can check: {fact}.", "Exactly: {fact}."),
    "emotional": ("I love this part: {fact}.", "Just feel this: {fact}.", "And here, {fact}."),
    "": ("On the sheet, {fact}.", "What I can tell you is that {fact}.", "Also, {fact}."),
}
URGENCY: Phrases = (
    "Why not later? Because it is {month}, and {reason}.",
    "The moment matters as well: it is {month}, and {reason}.",
    "One word on timing: {season} is here, and {reason}.",
)
TERMS: Phrases = (
    "Delivery is estimated at {days}, shipping is {fee} per order, and you know the price by now:"
    " {price}.",
    "It ships for {fee} and takes {days}; the price stays at {price} for everyone watching.",
)
SIGN_OFFS: ByPole = {
    "friendly": (
        "Thank you, friends, it was lovely to be together, and I am happy to answer whatever you"
        " ask.",
        "I am so glad you stayed; write to me, you are always welcome.",
    ),
    "reserved": (
        "That concludes the presentation. Questions will be answered.",
        "That is all on this item. Please direct questions to the desk.",
    ),
    "": (
        "Thank you for watching, and send me your questions.",
        "That was it from my side; I am here for questions.",
    ),
}
FILLERS: Phrases = (
    "If you are unsure, write down the two things that matter most to you in {kind}, and ask me"
    " about precisely these two before you decide anything.",
    "Have a look at the page while I talk; everything that I mention about the item stands there,"
    " and what does not stand there I leave out.",
    "A purchase should still make sense a week later, so think about where it will be kept, who"
    " will use it and how often that is going to be.",
    "I prefer a short list that holds to a long one that does not, so ask for the point that is"
    " missing and you will get a plain answer.",
    "Check what you have at home first: if it still does its work, keep it, and if it does not,"
    " you know what you are looking for.",
    "And please read the terms as carefully as the name on the box, since the two belong together"
    " and you agree to both of them.",
)

OVERCLAIM_LEADS: Phrases = ("And I tell you", "Believe me", "Mark my words", "I promise you")
OVERCLAIMS: Phrases = (
    "it will last you a lifetime",
    "nothing else on the market comes anywhere near it",
    "experts everywhere recommend it",
    "you are guaranteed to be delighted with it every single day",
    "you will never need another one",
    "it has been tested far beyond every standard",
    "it is simply the number one of its kind",
    "the results are life-changing",
)
"""Claims that no product sheet carries."""

ANSWER_OPENERS: ByPole = {
    "friendly": (
        "Thank you so much for asking, I am happy to help you with that!",
        "What a lovely question, I am glad you asked!",
        "Of course, my friend, let me look that up for you together with the sheet.",
    ),
    "reserved": ("Noted.", "Regarding your question:", "The information is as follows."),
    "": ("Thank you for the question.", "Good that you ask.", "Let me look that up for you."),
}
ANSWER_COLORS: ByPole = {
    "rational": (
        "These are the facts as they stand on the sheet, and I would compare them line by line"
        " with whatever else you are considering.",
        "I give you the figure and the source because that is what a decision should rest on.",
    ),
    "emotional": (
        "I know how it feels to wait for the right thing, and I would love for you to have that"
        " little moment of joy.",
        "Listen to your heart a bit as well; I can imagine how much you will love it.",
    ),
    "": (
        "That is what I have in front of me, and it should give you a fair picture of it.",
        "I hope this covers it; everything else about the order stands on the page.",
    ),
}
ANSWER_CLOSERS: ByPole = {
    "assertive": (
        "So that is settled; go ahead and order now, there is nothing left in the way.",
        "My advice is plain: put it in the basket today and be done with it.",
    ),
    "passive": (
        "Perhaps that helps a little; please take your time, there is no hurry at all.",
        "I might be of use with something else, whenever you like.",
    ),
    "": ("Is there anything else you would like to know?", "Let me know if something is missing."),
}
SOURCES: Phrases = (
    "If you want to check it yourself, the page shows the same sheet that I am reading from.",
    "You find the same on the page, so you can read it again before you decide.",
)
SPEC_FALLBACKS: Phrases = (
    "The sheet does not say anything about {aspect}, and I do not want to guess.",
    "About {aspect} the listing is silent, so I cannot confirm it either way.",
)
EVASIONS: Phrases = (
    "That is hard to say in general, it really depends; most people seem to find their way with"
    " it once they have it at home, and I would not worry too much about details of that kind. In"
    " my experience such questions answer themselves once the parcel is there and you have had it"
    " in your hands for a day or two.",
    "I am not sure I can go into that here; have a look at the page some time, and I trust that"
    " it will work out for you one way or another. Everybody asks for something else, and if I went"
    " through all of it with everyone, we would still be sitting here tomorrow.",
)
COMPARISONS: Phrases = (
    "I can only speak for what is on this sheet and will not make up figures about others.",
    "For other products I have no sheet here, so compare them against this one yourself.",
)

SUPPORT_OPENERS: ByPole = {
    "friendly": (
        "Oh no, I am so sorry about that, and thank you for telling me!",
        "I am really sorry you had this trouble, let us put it right together.",
    ),
    "reserved": ("Your message has been received.", "The case has been recorded."),
    "": ("I am sorry to hear that.", "Thank you for letting us know."),
}
SUPPORT_AGAIN: ByPole = {
    "friendly": (
        "Thank you for staying in touch, I am happy to go through it with you.",
        "Of course, I am glad to clear that up for you!",
    ),
    "reserved": ("Your reply has been noted.", "Regarding your reply:"),
    "": ("Thank you for your reply.", "Understood."),
}
SUPPORT_CLOSERS: ByPole = {
    "assertive": (
        "That is how we will do it, starting today.",
        "You have my word on it, and it is being done right now.",
    ),
    "passive": (
        "I hope that is all right with you, perhaps you could let me know.",
        "If you like, we can of course look at it once more.",
    ),
    "": ("Please let me know if you need anything else.", "I will keep you posted."),
}


class Voice(msgspec.Struct, frozen=True):
    """The phrase tables of one persona."""

    greetings: Phrases
    hooks: Phrases
    pushes: Phrases
    values: Phrases
    fact_leads: Phrases
    sign_offs: Phrases
    answer_openers: Phrases
    answer_colors: Phrases
    answer_closers: Phrases
    support_openers: Phrases
    support_again: Phrases
    support_closers: Phrases


def voice_of(persona: Mapping[str, str] | None) -> Voice:
    """Return the phrase tables for `persona`; a trait that is not set speaks neutrally."""
    traits = persona or {}
    warmth = traits.get("friendliness", "")
    reason = traits.get("rationality", "")
    force = traits.get("assertiveness", "")
    return Voice(
        greetings=GREETINGS[warmth],
        hooks=HOOKS[reason],
        pushes=PUSHES[force],
        values=VALUES[reason],
        fact_leads=FACT_LEADS[reason],
        sign_offs=SIGN_OFFS[warmth],
        answer_openers=ANSWER_OPENERS[warmth],
        answer_colors=ANSWER_COLORS[reason],
        answer_closers=ANSWER_CLOSERS[force],
        support_openers=SUPPORT_OPENERS[warmth],
        support_again=SUPPORT_AGAIN[warmth],
        support_closers=SUPPORT_CLOSERS[force],
    )
