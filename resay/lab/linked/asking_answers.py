"""What customers say to assistants that ask one thing after another. Made up; nothing was taken from any corpus.

`{phrase}` is one value or several, each put as in `PHRASES`; the other gaps are those of `asking_words`.
"""

from __future__ import annotations

PHRASES = (
    *("{value} {slot}", "{slot} {value}", "the {slot} {value}", "a {value} {slot}", "{value} as the {slot}", "{value} for the {slot}"),
    *("the {value} one", "some {value}", "with {value}", "a {slot} of {value}", "something {value}", "the {slot} should be {value}"),
    *(
        "the {slot} is {value}",
        "{value} as {slot}",
        "of {slot} {value}",
        "in {value}",
        "for {value}",
        "any {value}",
        "{value} type of {slot}",
    ),
)
"""A value with something around it; half of the time it stands alone."""

OPENINGS = (
    *(
        "i'm looking for a {thing} {phrase}",
        "i need a {thing} {phrase}",
        "i want a {thing} {phrase}",
        "{phrase} {thing}",
        "a {thing} {phrase}",
    ),
    *("i would like a {thing} {phrase}", "can you find me a {thing} {phrase}", "find a {thing} {phrase}", "do you have a {thing} {phrase}"),
    *("i'd like to book a {thing} {phrase}", "is there a {thing} {phrase}", "looking for {phrase} {thing}", "get me a {thing} {phrase}"),
    *("yes i need a {phrase} {thing}", "hello i want a {phrase} {thing}", "hi i am searching for a {thing} {phrase}", "{thing} {phrase}"),
    *(
        "could i get a {phrase} {thing} please",
        "show me a {thing} {phrase}",
        "my friend wants a {thing} {phrase}",
        "we need a {thing} {phrase}",
    ),
    *(
        "i was hoping for a {thing} {phrase}",
        "are there any {thing}s {phrase}",
        "a {phrase} {thing} please",
        "i'm after a {thing} {phrase}",
    ),
)

ANSWERS = (
    *("{phrase} please", "i want {phrase}", "i'd like {phrase}", "i would like {phrase}", "make it {phrase}", "it should be {phrase}"),
    *(
        "um {phrase}",
        "uh {phrase}",
        "maybe {phrase}",
        "let's say {phrase}",
        "{phrase} i think",
        "i'm looking for {phrase}",
        "i need {phrase}",
    ),
    *("{phrase} would be good", "can i have {phrase}", "give me {phrase}", "{phrase} if possible", "i prefer {phrase}", "it's {phrase}"),
    *("do you have {phrase}", "{phrase} thanks", "well {phrase}", "i'll take {phrase}", "preferably {phrase}", "that would be {phrase}"),
    *(
        "put down {phrase}",
        "i think {phrase}",
        "{phrase} is fine",
        "yeah {phrase}",
        "okay {phrase}",
        "i was thinking {phrase}",
        "just {phrase}",
    ),
    *("probably {phrase}", "{phrase} sounds good", "i guess {phrase}", "we want {phrase}", "hmm {phrase}", "something like {phrase}"),
)
"""Around an answer; half of the time it stands alone."""

CHANGES = (
    *(
        "how about {phrase}",
        "what about {phrase}",
        "then {phrase}",
        "okay then {phrase}",
        "try {phrase}",
        "{phrase} instead",
        "or {phrase}",
    ),
    *(
        "is there {phrase}",
        "do you have {phrase} then",
        "let's do {phrase}",
        "change it to {phrase}",
        "maybe {phrase} then",
        "{phrase} then",
    ),
    *("can i get {phrase} instead", "and with {phrase}", "i could take {phrase}", "would {phrase} work", "alright {phrase}", "hm {phrase}"),
    *(
        "well how about {phrase}",
        "i'd also take {phrase}",
        "any {thing} with {phrase}",
        "are there any with {phrase}",
        "let me try {phrase}",
    ),
)

INDIFFERENT = (
    *("any", "i don't care", "it doesn't matter", "any {slot}", "anything", "no preference", "whatever", "i don't mind", "doesn't matter"),
    *("any kind", "all of them are fine", "you choose", "anything is fine", "whichever", "any will do", "i have no preference"),
    *("i don't care about the {slot}", "any {slot} is fine", "it's up to you", "whatever you have", "all the same to me", "surprise me"),
    *("i'm not fussy", "no special {slot}", "not important", "skip that"),
)
"""Any value will do."""

DETAIL = (
    *(
        "what is the {detail}",
        "what's the {detail}",
        "the {detail}",
        "{detail}",
        "and the {detail}",
        "can i have the {detail}",
        "{detail} please",
    ),
    *("could you tell me the {detail}", "i need the {detail}", "give me the {detail}", "may i have the {detail}", "what {detail}"),
    *("what about the {detail}", "how about the {detail}", "okay and what is the {detail}", "do you know the {detail}", "its {detail}"),
    *("i'd like the {detail}", "tell me the {detail}", "and what's the {detail}", "can you give me the {detail}", "and {detail}"),
    *(
        "what {detail} does it have",
        "is there a {detail}",
        "i want to know the {detail}",
        "please give the {detail}",
        "the {detail} please",
    ),
)

TWO_DETAILS = (
    *(
        "what is the {detail} and the {detail2}",
        "{detail} and {detail2}",
        "the {detail} and {detail2} please",
        "can i have {detail} and {detail2}",
    ),
    *("give me the {detail} and the {detail2}", "may i have its {detail} and {detail2}", "tell me {detail} and {detail2}"),
    *("i need {detail} and also {detail2}", "both {detail} and {detail2}"),
)

ALTERNATIVES = (
    *("anything else", "is there anything else", "another one", "what else do you have", "show me another", "next one", "something else"),
    *("are there any others", "do you have another {thing}", "other options", "what other {thing}s are there", "a different one please"),
    *("how about another {thing}", "not that one something else", "and what else is there", "any other {thing}", "give me one more"),
)

THANKS = ("thank you goodbye", "thanks bye", "thank you", "bye", "that's all thanks", "okay thank you bye", "goodbye", "great thanks bye")
"""Words by which talk ends; everybody's, so not parted."""

HELLOS = ("hello", "hi", "hello is anybody there", "hi there", "yes", "hey")
"""Everybody's too, as those below are."""

YES = ("yes", "yes", "yeah", "yep", "right", "correct", "yes please", "that's right", "sure", "uh-huh")
NO = ("no", "no", "nope", "no no", "that's wrong", "no it isn't", "wrong")
DENIED = (
    "no {phrase}",
    "no {phrase}",
    "no i said {phrase}",
    "nope {phrase}",
    "no i want {phrase}",
    "wrong {phrase}",
    "{phrase} not {wrong}",
)
"""A no to a wrong value, with the right one; `{wrong}` is what was asked about."""

NOISE = ("", "", "", "um", "uh", "hm", "mhm", "the", "okay", "wait", "hold on", "a", "it", "oh")
"""What is heard where nothing was said to the assistant."""
