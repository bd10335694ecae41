"""What assistants answer, in many voices, and what they log of it. Made up; nothing was taken from any assistant."""

from __future__ import annotations

from enum import StrEnum
from random import Random

from resay.dialogue.turn import Response, ResponseStatus


class Standing(StrEnum):
    """What became of a request."""

    DONE = "done"
    REFUSED = "refused"
    ASKED = "asked"
    LACKING = "lacking"
    """Understood, and not to be had."""


ECHO_WORDS_MAX = 12
"""Words of a request that an answer repeats."""

_DONE = (
    *("okay", "ok", "done", "sure", "alright", "got it", "all set", "you got it", "of course", "here you go", "there you go", "certainly"),
    *("ok {echo}", "okay, {echo}", "sure, {echo}", "alright: {echo}", "{echo}: done", "i did that: {echo}", "here is {echo}"),
    *(
        "here is what i found for {echo}",
        "i found this for {echo}",
        "working on it: {echo}",
        "completed {echo}",
        "your request was completed",
    ),
)
_REFUSED = (
    *("sorry, i didn't get that", "i didn't understand", "i do not understand that", "sorry, i could not understand", "pardon?"),
    *(
        "i'm not sure how to help with that",
        "sorry, i can't do that",
        "i am unable to do that",
        "that did not work",
        "something went wrong",
    ),
    *("i don't know the command {echo}", "i could not find {echo}", "there is no {echo}", "sorry, i am not aware of {echo}", "no match"),
    *("sorry, what was that?", "please say that again", "could you repeat that?", "please rephrase", "i don't know what {echo} means"),
    *("unknown command", "error", "nothing found for {echo}", "i have trouble understanding right now", "hmm, i am not sure i follow"),
)
_ASKED = (
    *("which one?", "what time?", "for when?", "what should it say?", "who is it for?", "are you sure?", "shall i go on?", "where?"),
    *("did you mean {echo}?", "do you want {echo}?", "what exactly about {echo}?", "what would you like to do with {echo}?"),
)
_LACKING = (
    *("there is no {echo}", "i could not find {echo}", "nothing found for {echo}", "no results for {echo}", "sorry, no {echo} here"),
    *("that is not available", "you have none of those", "i found nothing", "there is nothing like that", "{echo} is not available"),
    *("no match for {echo}", "i looked for {echo} and found nothing", "none at the moment", "that list is empty", "there are none"),
)
_AFTER_REMARKS = (
    "okay",
    "sorry about that",
    "my mistake",
    "what would you like instead?",
    "cancelled",
    "sorry, i didn't get that",
    "alright",
)
_TEXTS = {Standing.DONE: _DONE, Standing.REFUSED: _REFUSED, Standing.ASKED: _ASKED, Standing.LACKING: _LACKING}


def answer(standing: Standing, heard: str, rng: Random, *, with_text: bool, with_status: bool) -> Response | None:
    """An answer as it is logged: its words, its status, both, or nothing."""
    words = heard.split()
    echo = " ".join(words[rng.randrange(min(3, len(words))) :][:ECHO_WORDS_MAX]) if words else "that"
    text = rng.choice(_TEXTS[standing]).format(echo=echo) if with_text else ""
    if not with_status:
        return Response(text=text) if text else None
    return Response(text=text, status=_status(standing, rng))


def answer_to_remark(rng: Random, *, with_text: bool, with_status: bool) -> Response | None:
    """What is answered to a remark that asks for nothing."""
    text = rng.choice(_AFTER_REMARKS) if with_text else ""
    status = rng.choice((ResponseStatus.DONE, ResponseStatus.UNSUPPORTED, ResponseStatus.ASKED)) if with_status else ResponseStatus.NONE
    return Response(text=text, status=status) if text or with_status else None


def _status(standing: Standing, rng: Random) -> ResponseStatus:
    if standing is Standing.REFUSED:
        return rng.choice((ResponseStatus.FAILED, ResponseStatus.UNSUPPORTED))
    of = {Standing.DONE: ResponseStatus.DONE, Standing.ASKED: ResponseStatus.ASKED, Standing.LACKING: ResponseStatus.FAILED}
    return of[standing]
