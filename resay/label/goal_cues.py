"""Cues in words by which people and assistants show how it went, whatever they talk about; counted, not interpreted.

Knows words of one language. What a model makes of the counts is learnt; none of them decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SAID_CUES: Mapping[str, tuple[str, ...]] = {
    "negation": ("no", "not", "dont", "didnt", "isnt", "wasnt", "doesnt", "wont", "cant", "never", "nothing", "none", "nope"),
    "thanks": ("thank", "thanks", "great", "perfect", "awesome", "excellent", "wonderful", "cool", "nice", "lovely"),
    "consent": ("yes", "yeah", "yep", "sure", "ok", "okay", "right", "correct", "fine", "alright", "sounds good"),
    "farewell": ("bye", "goodbye", "thats all", "thats it", "have a good", "nothing else", "all i need", "all set"),
    "complaint": (
        "wrong",
        "mistake",
        "already",
        "again",
        "i said",
        "i meant",
        "i told",
        "asked for",
        "still",
        "useless",
        "frustrating",
        "why",
    ),
    "repair": ("i mean", "i meant", "actually", "instead", "rather", "change", "sorry", "wait", "try again", "what about"),
    "question": ("what", "which", "who", "when", "where", "how", "can you", "could you", "is there", "are there", "do you", "does"),
    "wish": ("i want", "i need", "i would like", "id like", "looking for", "please", "can i", "help me", "book", "find", "get me"),
    "opening": ("hi", "hello", "hey", "good morning", "good evening", "also", "another", "next", "now", "one more thing", "i also"),
}
"""What customers say."""

ANSWER_CUES: Mapping[str, tuple[str, ...]] = {
    "apology": ("sorry", "apologize", "apologise", "unfortunately", "afraid", "apologies", "regret"),
    "refusal": (
        "cannot",
        "cant",
        "unable",
        "couldnt",
        "could not",
        "not able",
        "not available",
        "no results",
        "not find",
        "dont have",
        "none",
    ),
    "confusion": (
        "understand",
        "rephrase",
        "repeat",
        "didnt get",
        "not sure",
        "did you mean",
        "catch that",
        "clarify",
        "confused",
        "pardon",
    ),
    "done": (
        "booked",
        "done",
        "confirmed",
        "confirmation",
        "successful",
        "successfully",
        "completed",
        "reserved",
        "set",
        "turned",
        "added",
        "ok",
    ),
    "offer": (
        "there are",
        "there is",
        "i found",
        "i have",
        "here is",
        "here are",
        "how about",
        "would you like",
        "recommend",
        "it is",
        "its",
    ),
    "asking": ("what", "which", "when", "where", "how many", "would you", "do you", "could you", "can you", "please tell", "is that"),
    "more": ("anything else", "else i can", "other help", "further", "more help", "help you with"),
    "closing": ("welcome", "enjoy", "goodbye", "bye", "have a", "great day", "glad", "happy to"),
}
"""What assistants answer."""

GROUPS_MAX = 4
"""A cue is counted so far: a long answer is not more sorry for its length."""


def cues(spoken: Sequence[str], known: Mapping[str, tuple[str, ...]]) -> list[float]:
    """How often each cue stands in the words of a text, in the order of `known`."""
    text = f" {' '.join(word.replace(chr(39), '') for word in spoken)} "
    return [float(min(GROUPS_MAX, sum(text.count(f" {phrase} ") for phrase in phrases))) for phrases in known.values()]
