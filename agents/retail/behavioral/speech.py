"""How a buyer says things: phrase tables by trait, topic, driver, issue and rating.

Templates take named texts only; what a product sheet or a seller says never becomes a template.
"""

from __future__ import annotations

from collections.abc import Mapping

Phrases = tuple[str, ...]

TOPIC_REASONS: Mapping[str, Phrases] = {
    "product specifications": (
        "I need to know what exactly I would be getting",
        "the presentation left some details of the item open",
    ),
    "product comparison": (
        "I have other options in mind and want to know where this one stands",
        "I would like to hear how it differs from similar items",
    ),
    "price/discount": (
        "I want to be sure what I would really pay",
        "I would like to know whether the price can still move",
    ),
    "shipping": (
        "I have to know when it would be here and what that adds to the bill",
        "the fee and the time of delivery matter for me",
    ),
}

ASK_OPENERS: Phrases = (
    "Hi, I have just watched your presentation of the {name}.",
    "Hello, I am thinking about getting the {name}.",
    "Hi there, thanks for showing us the {name}.",
)
ASK_AGAIN: Phrases = (
    "Thanks for the reply, that is one point less on my list.",
    "Okay, noted, and there is something else.",
    "Got it, thanks; one more point before I make up my mind.",
)

ASKS: Mapping[str, Phrases] = {
    "product specifications": (
        "Before I decide, could you tell me {question}? If it is written on the sheet, please"
        " quote it as it stands there.",
        "What I could not make out is {question}. Could you look that up for me and tell me what"
        " the sheet says about it?",
    ),
    "product comparison": (
        "How does it compare with other products of this kind? I have two or three open in front"
        " of me, and it is not clear to me what sets yours apart from them.",
        "I am also looking at alternatives. What would you say is the one difference that I"
        " should compare before I choose between them?",
    ),
    "price/discount": (
        "Is the price you named the final one, or is there any discount on it at the moment? I"
        " would like to know the whole amount before I go any further.",
        "Could you confirm the price for me, and tell me whether a discount applies to it now or"
        " if I take more than one?",
    ),
    "shipping": (
        "How much is shipping, and how many days does it take to arrive once I have placed the"
        " order? I need to plan around that.",
        "When would it arrive if I order it now, and what do you charge for shipping? Is that per"
        " order or for each piece?",
    ),
}
ASKS_AGAIN: Mapping[str, Phrases] = {
    "product comparison": (
        "Coming back to the comparison with other products: is there a point where yours is the"
        " weaker one? I would rather hear it from you than find out later.",
        "And once more on the alternatives: which of the things you named would you compare first"
        " if you were in my place?",
    ),
    "price/discount": (
        "Back to the price: is that the amount I would see on the bill, or does anything come on"
        " top of it when I order?",
        "And once more about the price: would a discount come later this season, or is there no"
        " point in waiting for it?",
    ),
    "shipping": (
        "One more thing on shipping: is that fee all there is to it, and how sure is the number of"
        " days that you named for delivery?",
        "And about the delivery once more: does it still arrive within that time when I order in"
        " the evening, and who do I turn to about shipping?",
    ),
}
THANKS: Phrases = (
    "That is all I wanted to know, thank you. I will think about it for a moment and then decide;"
    " no other questions from my side.",
    "Thanks, that helps me to make up my mind. I have no further questions, so I will leave it at"
    " that for now.",
)
ASK_COLORS: Mapping[str, Phrases] = {
    "picky": (
        "Please be precise, I send things back when a detail is off.",
        "I am particular about this, so a vague reply will not do.",
    ),
    "easygoing": ("A rough idea is fine for me.", "No need to be too exact about it."),
    "sensitive": ("I watch every dollar that I spend.", "My budget is tight this month."),
    "indifferent": ("The amount is not my main concern.", "Money is not what decides it for me."),
    "rational": ("I would rather have facts than impressions.", "I want to weigh this up."),
    "emotional": ("I am already a bit in love with it!", "I have such a good feeling about it!"),
    "": ("It would help me to decide.", "Thanks in advance for looking into it."),
}

BOUGHT_FOR: Mapping[str, Phrases] = {
    "liking": (
        "The {name} is simply something I can see myself using",
        "It is the kind of thing I have been looking for",
    ),
    "price": (
        "At {price} it is below what I was ready to pay",
        "{price} is a fair amount for what is offered here",
    ),
    "fit": ("It is made for someone like me", "It suits me and was clearly meant for me"),
    "pitch": ("The presentation convinced me", "I was won over by the way it was presented"),
    "answers": ("My questions were answered properly", "The replies cleared up what was open"),
}
LEFT_FOR: Mapping[str, Phrases] = {
    "liking": (
        "The {name} does not really appeal to me",
        "I do not see what I would use it for",
    ),
    "price": (
        "{price} is more than I am ready to pay for it",
        "At {price} it is above my limit",
    ),
    "fit": ("It is not really made for someone like me", "I do not see it as meant for me"),
    "pitch": (
        "The presentation did not convince me",
        "I came away from the presentation with little that I could hold on to",
    ),
    "pushy": (
        "The presentation was too pushy for me",
        "So much pressure and so many big words put me off",
    ),
    "answers": (
        "My questions were not really answered",
        "I asked and did not get a reply that I could work with",
    ),
    "nothing": (
        "Nothing speaks against it, but I can do without it for now",
        "It is all right, and still I would rather keep what I have",
    ),
}
DECISION_COLORS: Mapping[str, tuple[Phrases, Phrases]] = {
    "picky": (
        (
            "it met every point on my list, which few things do",
            "I went through each detail and found no flaw that matters",
        ),
        (
            "it does not meet my standards on every point",
            "I am particular, and some details did not hold up",
        ),
    ),
    "easygoing": (
        ("it does not have to be perfect for me", "I am easy to please and it will do nicely"),
        ("no hard feelings, maybe another time", "I am relaxed about it and may come back"),
    ),
    "sensitive": (
        (
            "I checked that every dollar, shipping of {fee} included, is well spent",
            "with {fee} for shipping it still fits my budget",
        ),
        (
            "I have to watch my budget, and {fee} for shipping comes on top",
            "every dollar counts for me, and {total} in all is money I can save",
        ),
    ),
    "indifferent": (
        ("what it costs does not bother me", "I did not give the amount a second thought"),
        ("it was not about the money", "the amount played no part in it"),
    ),
    "rational": (
        (
            "weighing the facts for and against, the balance is positive",
            "the information on the sheet supports it",
        ),
        (
            "weighing the facts for and against, the balance is negative",
            "the evidence for it is too thin",
        ),
    ),
    "emotional": (
        ("I just love it and can't wait to have it", "my heart said yes at once"),
        ("it did not make my heart beat faster", "I just did not feel it"),
    ),
}

QUANTITY_NONE = "I am not ordering any."
QUANTITY_ONE: Phrases = ("One is enough for my needs.", "I need just one.", "One to begin with.")
QUANTITY_MORE: Phrases = (
    "I take {count} so that I have some in reserve.",
    "I order {count}, since they get used up and others in the house want one too.",
)

COMPLAINTS: Mapping[str, Phrases] = {
    "shipping delay": (
        "Hi, my order {order} with the {name} should have been here by now, and I am still"
        " waiting. Can you tell me where it is, and what you can do about it?",
        "Hello, I am writing about order {order}. The {name} is late, and I was counting on it"
        " arriving as announced. What happens now?",
    ),
    "wrong item received": (
        "Hi, order {order} arrived, but what is in the parcel is not the {name} that I ordered."
        " Somebody must have mixed something up. How do I get the right one?",
        "Hello, I received a different item instead of the {name}; the order is {order}. I have"
        " not used it. Please tell me how we sort this out.",
    ),
    "change of mind": (
        "Hi, I received the {name} from order {order}, and on reflection it is not for me."
        " Nothing is wrong with it. I would like to return it and get my money back.",
        "Hello, I have changed my mind about the {name}, order {order}. It is as it came. Can I"
        " send it back, and how does that work?",
    ),
    "damaged on arrival": (
        "Hi, the {name} from order {order} arrived damaged. The box was dented, and the item"
        " inside did not survive that. I would like to have this put right.",
        "Hello, I have just opened order {order}, and the {name} is damaged. I cannot use it like"
        " this. What are the next steps?",
    ),
    "not as described": (
        "Hi, I received the {name}, order {order}, and it is not what was described in your"
        " presentation. I bought it because of what you said about it, and that does not hold.",
        "Hello, the {name} from order {order} does not match what you told us in the show. I feel"
        " misled and would like to know how you will settle this.",
    ),
    "": (
        "Hi, there is a problem with order {order}, the {name}: {issue}. I would like to know how"
        " we can settle this.",
        "Hello, I am not content with the {name} from order {order}. It is about this: {issue}.",
    ),
}
DETAILS: Phrases = (
    "The packaging and everything that belongs to it are here, and it is as I described it. I"
    " would like to hear your proposal now.",
    "I have told you what there is to tell; it is all still in the box. Please let me know what"
    " you can offer.",
)
FOLLOW_UPS: Phrases = (
    "That sounds fair to me. Do I get a label for the way back by mail, and until when should I"
    " hand in the parcel?",
    "All right, I agree with that. Roughly how long will it take until the whole thing is done?",
    "Good, thank you. Just so that I do not get it wrong: is there anything that I have to enclose"
    " with the parcel?",
    "Fine, then I will wait for your confirmation. Thank you for seeing to it.",
)
WAITING: Phrases = (
    "All right, then I will wait. Will somebody tell me when it reaches the depot?",
    "Fine, as long as it comes. What should I do if nothing has arrived by the end of the week?",
)
MONEY_BACK: Phrases = (
    "Thank you, but I do not want another one. I have to insist on my money back; please"
    " reconsider.",
    "An exchange does not help me any more. I would like the money back and ask you to reconsider.",
)
INSISTENCE: Phrases = (
    "I am sorry, but this is not acceptable to me. I paid for something that I cannot keep like"
    " this; please reconsider what you offer.",
    "I have to insist: leaving it as it is does not solve my problem. Please look at it again or"
    " hand it to somebody who can decide.",
    "I ask you to reconsider. I was a fair customer, and I expect to be treated like one.",
)

REVIEWS: Mapping[str, tuple[Phrases, Phrases, Phrases]] = {
    "pitch": (
        (
            "The presentation did not do much for me.",
            "I found the presentation hard to trust.",
            "I did not get a clear picture from the presentation.",
        ),
        (
            "The presentation was all right, with parts that I could have done without.",
            "A decent presentation, neither dull nor especially convincing.",
            "I got the idea of the item, though some of it passed me by.",
        ),
        (
            "A good presentation that made me want to know more.",
            "I liked how the item was presented.",
            "The presentation told me what I wanted to hear about it and kept me watching.",
        ),
    ),
    "pre_inquiry": (
        (
            "I asked and was left with hardly more than before.",
            "The replies went past my questions.",
            "Asking turned out to be of little use.",
        ),
        (
            "My questions were answered in part.",
            "The replies were fine, if a little general.",
            "Some of it was helpful, some of it I had to look up myself.",
        ),
        (
            "My questions were answered quickly and to the point.",
            "The replies were clear and helped me to decide.",
            "I asked, and I got the information I needed.",
        ),
    ),
    "post_inquiry": (
        (
            "I was left alone with my problem.",
            "Support did not do anything for me.",
            "I would not want to go through that again.",
        ),
        (
            "Support was correct, but it took some effort.",
            "The problem was dealt with, though not the way I had hoped.",
            "It was handled in the end.",
        ),
        (
            "Support took care of it without any fuss.",
            "The problem was solved quickly and fairly.",
            "I am happy with how this was handled.",
        ),
    ),
    "product": (
        (
            "I am disappointed with the {name}.",
            "The {name} did not work out for me.",
            "I cannot say much good about the {name}.",
        ),
        (
            "The {name} is all right, but getting to that point was not.",
            "A mixed experience with the {name}.",
            "The {name} itself is fine, what came with it less so.",
        ),
        (
            "I am content with the {name}.",
            "The {name} does what I got it for.",
            "Glad that I ordered the {name}.",
        ),
    ),
}
"""Aspect -> phrases for one and two, three, four and five stars."""

OUTCOME_NOTES: Mapping[str, str] = {
    "exchanged": "There was an issue ({issue}), and it was exchanged for another one.",
    "refunded": "There was an issue ({issue}), and I got my money back.",
    "delivered": "There was an issue ({issue}), and it was left at that.",
    "": "It arrived as announced, without any trouble.",
}
PITCH_NOTES: Mapping[str, str] = {
    "pushy": "It pressed me to buy more than I like.",
    "direct": "It did not beat about the bush.",
    "warm": "The seller came across as friendly.",
    "dry": "It kept to the facts and figures.",
    "": "It covered the item, the price and the terms.",
}
INQUIRY_NOTES: Mapping[bool, str] = {
    True: "What I was told was specific and had to do with what I asked.",
    False: "I would have wished for something more specific to hold on to.",
}
REVIEW_COLORS: Mapping[str, tuple[str, str, str]] = {
    "picky": (
        "I look closely, and I found too much amiss.",
        "I look closely, and there is room for improvement.",
        "I look closely, and that says something.",
    ),
    "easygoing": (
        "And I am not hard to please.",
        "No big thing, I can live with it.",
        "That is all I ask for.",
    ),
    "sensitive": (
        "It was not worth what I would have had to spend.",
        "For the money I had hoped for a little more.",
        "Good value for what I spend.",
    ),
    "indifferent": (
        "It is not about the money.",
        "The money is not the point.",
        "I would spend that again.",
    ),
    "rational": (
        "That is the conclusion from the facts.",
        "On balance, the points for and against even out.",
        "On balance, the points in favor prevail.",
    ),
    "emotional": (
        "It left me with a bad feeling.",
        "I am torn about it.",
        "I really enjoyed it!",
    ),
}
