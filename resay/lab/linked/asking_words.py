"""What assistants that ask one thing after another say, and what their customers answer. Made up; nothing was taken from any corpus.

`{value}` of a `{slot}` is wanted of a `{thing}`; `{phrase}` is a value in words of its own, or several; `{detail}` is asked of what was
found, which is called `{name}`.
"""

from __future__ import annotations

THINGS = (
    *("car", "flight", "room", "table", "film", "doctor", "taxi", "bouquet", "gift", "class", "course", "ticket", "tour", "plumber"),
    *("apartment", "job", "bicycle", "boat", "cake", "pizza", "parcel", "claim", "loan", "book", "concert", "dentist", "gardener", "gym"),
    *("hotel", "museum", "painter", "phone", "recipe", "repair", "sofa", "teacher", "tent", "train", "van", "vet", "camera", "desk"),
)
"""What an assistant is for."""

DETAILS = (
    *("phone number", "address", "price", "name", "rating", "web page", "opening hours", "length", "colour", "weight", "owner", "year"),
    *("distance", "deposit", "e-mail address", "nearest station", "number of seats", "menu", "closing time", "age limit", "language"),
    *("insurance", "parking", "capacity", "delivery time", "warranty", "starting time", "floor", "discount", "type", "postal code"),
)
"""What is asked of what was found."""

COMMON = (
    ("size", ("small", "medium", "large", "extra large", "tiny", "very big")),
    ("number of people", ("one", "two", "three", "four", "five", "six", "eight", "ten", "a dozen")),
    ("way to pay", ("cash", "credit card", "bank transfer", "invoice", "voucher", "debit card")),
    ("class", ("first class", "second class", "business", "economy", "standard")),
    ("weekday", ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")),
    ("material", ("wood", "steel", "leather", "glass", "plastic", "cotton", "wool")),
    ("language", ("english", "spanish", "german", "polish", "french", "turkish", "swedish", "danish")),
    ("month", ("january", "february", "march", "april", "may", "june", "july", "august", "october", "december")),
    ("age", ("under ten", "ten to fifteen", "over eighteen", "sixty", "seventeen", "seventy")),
    ("floor", ("ground floor", "first floor", "second floor", "top floor", "basement")),
    ("delivery", ("by post", "by courier", "pick up", "express", "overnight")),
    ("view", ("sea view", "garden view", "street side", "quiet side", "mountain view")),
    ("quality", ("good", "excellent", "fair", "used", "new", "like new")),
    ("distance", ("near", "far", "around the corner", "within a mile", "ten miles", "walking distance")),
    ("level", ("beginner", "advanced", "intermediate", "expert", "first timer")),
)
"""Slots that an assistant for anything may ask for, with values."""

GREETINGS = (
    *("hello, how can i help you?", "welcome. what kind of {thing} do you want?", "hi there! tell me about the {thing} you need."),
    *("good day. what can i do for you?", "this is the {thing} line. how may i help?", "hello! looking for a {thing}?", "how can i help?"),
    *("welcome to {thing} search. say what you want.", "you have reached the {thing} service. please say what you need.", "go ahead."),
    *("thanks for calling. which {thing} are you after?", "{thing} desk, what will it be?", "let's find you a {thing}. what matters most?"),
    *("please describe the {thing}.", "hello, i can help you with a {thing}; you may say a {slot} or a {slot2}.", "at your service."),
)

ASKS = (
    *("what {slot}?", "which {slot} would you like?", "what {slot} do you want?", "please tell me the {slot}.", "and the {slot}?"),
    *("what is the {slot}?", "do you have a {slot} in mind?", "any {slot} in particular?", "{slot}, please?", "which {slot}?"),
    *("what {slot} should it be?", "could you give me the {slot}?", "do you want a certain {slot}?", "now i need the {slot}."),
    *("is there a {slot} that you prefer?", "tell me which {slot} you want, {value} or {value2} for example.", "the {slot}?"),
    *("would you like {value}, {value2} or another {slot}?", "what about the {slot}?", "i still need a {slot}.", "say the {slot} now."),
    *("how about the {slot}: {value} or {value2}?", "what sort of {slot} are you thinking of?", "please choose a {slot}."),
)

IMPLICIT = (
    *(
        "ok, {value}.",
        "{value}.",
        "{slot} {value}.",
        "a {thing} with {value}.",
        "alright, {value} it is.",
        "got {value}.",
        "{value}, fine.",
    ),
    *("so {value} for the {slot}.", "good, {slot}: {value}.", "noted, {value}.", "sure, {value}.", "i have {value} as {slot}."),
)
"""What is said of a value before the next question."""

EXPLICIT = (
    *("did you say {value}?", "you want {value}, is that right?", "was that {value}?", "{value}, correct?", "so {value} as the {slot}?"),
    *("i heard {value}. is this correct?", "do you want {value}?", "shall i take {value}?", "just to check: {slot} {value}?"),
    *("you said {value}, yes?", "let me confirm, the {slot} is {value}?", "is the {slot} {value}?"),
)

REFUSALS = (
    *("there is no {thing} with {value}.", "sorry, no {value} at the moment.", "i have nothing with {value}.", "we don't offer {value}."),
    *(
        "i could not find a {thing} for {value}.",
        "unfortunately {value} is not available.",
        "no {thing} matches {value}.",
        "{value} is sold out.",
    ),
    *("i'm afraid {slot} {value} cannot be had.", "nothing found for {value}.", "we are out of {value}.", "no results for {value}."),
    *("apologies, there isn't any {thing} in that {slot}.", "that {slot} is not possible, sorry.", "i see no {thing} with that {slot}."),
)

OFFERS = (
    *(
        "{name} is a nice {thing} with {value}.",
        "i found {name}, {value}.",
        "how about {name}?",
        "there is {name}: {value}.",
        "i suggest {name}.",
    ),
    *(
        "one {thing} matches: {name}.",
        "{name} would fit, {slot} {value}.",
        "my best match is {name}.",
        "you could take {name} with {value}.",
    ),
    *(
        "i have {name} for you.",
        "what do you think of {name}? {value}.",
        "{name} has {value}.",
        "{name} is available.",
        "let me offer {name}.",
    ),
)

TELLS = (
    *("the {detail} of {name} is {answer}.", "{name} has the {detail} {answer}.", "its {detail} is {answer}.", "{detail}: {answer}."),
    *(
        "that would be {answer}.",
        "{answer}.",
        "sure, the {detail} is {answer}.",
        "for {name} the {detail} is {answer}.",
        "it says {answer}.",
    ),
    *("here you go: {answer}.", "the {detail}? {answer}.", "i have {answer} as the {detail}.", "let me see, {answer}."),
)

LOST = (
    *("sorry, i didn't catch that.", "i did not understand.", "pardon?", "could you say that again?", "please repeat.", "come again?"),
    *("i'm having trouble hearing you.", "excuse me, what did you say?", "that was not clear.", "sorry?", "i missed that."),
    *("i don't know what you mean.", "please speak after the tone.", "hm, try once more.", "i am confused. you want a {thing}, right?"),
    *("could you put it another way?", "i could not hear you, please speak up.", "let's try again."),
)

ELSE = (
    *("anything else?", "is there anything else?", "can i help you further?", "what else would you like to know?", "do you need more?"),
    *("will that be all?", "any more questions?", "was that everything?", "what next?", "something more?"),
)

GOODBYES = (
    *("goodbye.", "thank you, bye.", "have a nice day.", "thanks for calling.", "bye!", "see you soon.", "you're welcome, goodbye."),
    *("take care.", "until next time.", "all the best."),
)
