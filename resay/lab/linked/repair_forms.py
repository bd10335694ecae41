"""How people put it when they say something again: "no, I said X", "X, not Y", "I meant X". Collected by hand, without a corpus.

`{again}` is where the request, or the part of it that was mistaken, is said again; `{wrong}` is what the assistant had made of it.
"""

from __future__ import annotations

from random import Random

from resay.lab.linked.part import Part, part_of

PLAIN = (
    "no {again}",
    "no no {again}",
    "no no no {again}",
    "nope {again}",
    "no sorry {again}",
    "no wait {again}",
    "wait no {again}",
    "no i said {again}",
    "i said {again}",
    "no i meant {again}",
    "i meant {again}",
    "i meant to say {again}",
    "no i mean {again}",
    "i mean {again}",
    "sorry i meant {again}",
    "sorry {again}",
    "excuse me i said {again}",
    "no that's wrong {again}",
    "that's wrong {again}",
    "that is not right {again}",
    "that's not it {again}",
    "that's not what i said i said {again}",
    "that's not what i asked for {again}",
    "that's not what i wanted i wanted {again}",
    "that's not what i meant i meant {again}",
    "wrong {again}",
    "wrong i said {again}",
    "incorrect {again}",
    "you got it wrong {again}",
    "you got that wrong i said {again}",
    "you misheard me {again}",
    "you misunderstood {again}",
    "you didn't understand me {again}",
    "you're not listening {again}",
    "listen {again}",
    "listen to me {again}",
    "let me try again {again}",
    "let me rephrase that {again}",
    "let me say that again {again}",
    "let me repeat {again}",
    "i'll say it again {again}",
    "once more {again}",
    "one more time {again}",
    "again {again}",
    "try again {again}",
    "i asked for {again}",
    "i asked you to {again}",
    "i was asking for {again}",
    "i told you {again}",
    "i wanted {again}",
    "what i said was {again}",
    "what i meant was {again}",
    "what i want is {again}",
    "all i want is {again}",
    "i was trying to say {again}",
    "it should be {again}",
    "it's {again}",
    "it was {again}",
    "that should be {again}",
    "that was supposed to be {again}",
    "please {again}",
    "not that {again}",
    "not that one {again}",
    "hello i said {again}",
    "come on {again}",
    "oh come on {again}",
    "ugh {again}",
    "argh {again}",
    "actually i said {again}",
    "correction {again}",
    "hey {again}",
    "okay {again}",
    "are you deaf {again}",
    "for the third time {again}",
    "{again} i said",
    "{again} that's what i said",
    "{again} is what i said",
    "{again} is what i meant",
    "{again} is what i asked for",
    "{again} like i said",
    "{again} can you hear me",
    "{again} please listen",
    "{again} got it",
    "{again} okay",
)
"""Forms that need nothing but what is said again."""

CONTRASTS = (
    "{again} not {wrong}",
    "not {wrong} {again}",
    "no not {wrong} {again}",
    "no {again} not {wrong}",
    "i said {again} not {wrong}",
    "i meant {again} not {wrong}",
    "no i said {again} not {wrong}",
    "i didn't say {wrong} i said {again}",
    "i did not mean {wrong} i meant {again}",
    "i don't want {wrong} i want {again}",
    "not {wrong} but {again}",
    "it's {again} not {wrong}",
    "it is not {wrong} it is {again}",
    "change {wrong} to {again}",
    "replace {wrong} with {again}",
    "{again} instead of {wrong}",
    "{again} rather than {wrong}",
    "you heard {wrong} but i said {again}",
    "you said {wrong} it should be {again}",
    "forget {wrong} i want {again}",
    "why {wrong} i said {again}",
    "who said {wrong} {again}",
    "{wrong} is wrong it's {again}",
    "no {wrong} is wrong {again}",
)
"""Forms that name what was wrong."""

POINTING = ("the {again} one", "the {again} one i said", "no the {again} one", "i meant the {again} one", "that {again} one")
"""Forms around one word of the request, which need it to be a single value."""

BARE = (
    "no",
    "no no",
    "wrong",
    "that's wrong",
    "that is wrong",
    "no that's wrong",
    "that's not right",
    "that's not what i said",
    "that's not what i meant",
    "no that's not what i asked for",
    "you got it wrong",
    "not that",
    "incorrect",
    "you misunderstood",
    "stop",
    "cancel",
    "cancel that",
    "never mind",
    "what",
    "undo that",
)
"""Remarks that ask for nothing again."""


def forms(part: Part, of: tuple[str, ...]) -> tuple[str, ...]:
    """The forms of one part: those that score are none of those that are trained on."""
    return tuple(form for form in of if part_of(f"repair/{form}") is part) or of


def draw_form(part: Part, rng: Random, *, wrong: bool, pointing: bool) -> str:
    """A form that may be used where there is something wrong to name, or a single value to point at."""
    draw = rng.random()
    if wrong and draw < CONTRAST_SHARE:
        return rng.choice(forms(part, CONTRASTS))
    if pointing and draw > 1 - POINTING_SHARE:
        return rng.choice(forms(part, POINTING))
    return rng.choice(forms(part, PLAIN))


CONTRAST_SHARE = 0.4
"""Of repairs in which something wrong could be named, those that name it. Made up."""

POINTING_SHARE = 0.15
"""Of repairs with a single value, those that point at "the … one". Made up."""
