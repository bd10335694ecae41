"""The words by which customers and assistants comment on the last answer, as one replaceable value a language.

Phrases are canonical text without apostrophes. Another language is another `Wordings`, handed to whoever reads.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wordings:
    """The phrases of one language."""

    fillers: frozenset[str]
    """Words that open an utterance and mean nothing."""
    negatives: frozenset[str]
    """One-word refusals."""
    affirmatives: frozenset[str]
    """One-word consents."""
    polite_nos: tuple[str, ...]
    """What may follow a negative and make it a courtesy ("no thanks")."""
    repairs: tuple[str, ...]
    """After these the request comes once more ("i said …")."""
    denials: tuple[str, ...]
    """That the answer was wrong; shorter ones than three words count only as a whole utterance or after a negative."""
    stops: frozenset[str]
    """Whole utterances that stop or cancel."""
    farewells: frozenset[str]
    """Words of thanks and goodbye."""
    courtesies: frozenset[str]
    """Words that may stand beside a stop or a farewell and change nothing."""
    refusals: tuple[str, ...]
    """Pieces of an assistant's answer that admit failure; read only where the assistant logs no status."""


ENGLISH = Wordings(
    fillers=frozenset({"uh", "um", "er", "ah", "oh", "well", "hey", "hmm", "wait", "sorry", "actually", "but"}),
    negatives=frozenset({"no", "nope", "nah"}),
    affirmatives=frozenset({"yes", "yeah", "yep", "yup", "sure", "right", "correct", "ok", "okay"}),
    polite_nos=("thanks", "thank", "thats all", "thats it", "thats ok", "thats okay", "thats fine", "problem", "worries"),
    repairs=("i said", "i meant", "i mean", "i was saying", "i asked for", "i asked you to", "what i said was", "what i meant was"),
    denials=(
        "thats wrong",
        "that was wrong",
        "that is wrong",
        "thats not right",
        "thats not it",
        "thats not what i said",
        "thats not what i meant",
        "thats not what i asked",
        "thats not what i asked for",
        "thats not what i wanted",
        "thats not what i want",
        "that is not what i said",
        "that is not what i meant",
        "that is not what i asked for",
        "that is not what i wanted",
        "not what i said",
        "not what i asked for",
        "not what i wanted",
        "i didnt say that",
        "i didnt mean that",
        "i did not say that",
        "you got it wrong",
        "you got that wrong",
        "you misunderstood",
        "not that",
        "not that one",
        "wrong",
        "wrong one",
        "incorrect",
    ),
    stops=frozenset(
        {
            *("stop", "stop it", "stop that", "stop this", "cancel", "cancel it", "cancel that", "cancel this"),
            *("never mind", "nevermind", "forget it", "forget that", "forget about it", "abort"),
        }
    ),
    farewells=frozenset({"thank", "thanks", "bye", "goodbye", "cheers"}),
    courtesies=frozenset({"please", "you", "good", "ok", "okay", "very", "much", "now", "so", "and", "great"}),
    refusals=(
        "i didnt understand",
        "i didnt get that",
        "i didnt catch that",
        "i didnt quite",
        "i dont understand",
        "i did not understand",
        "i do not understand",
        "i couldnt understand",
        "i couldnt find",
        "i cant do that",
        "i cant help",
        "i cannot help",
        "im not able to",
        "i am not able to",
        "im not sure what you",
        "im not sure i understand",
        "please rephrase",
        "you rephrase",
        "you repeat that",
        "say that again",
        "something went wrong",
    ),
)
"""English, collected by hand; no corpus was searched for it."""
