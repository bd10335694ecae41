"""The words of the page: what signs and reasons mean, for people who have never seen them; and how figures are written."""

from __future__ import annotations

from resay.dialogue.label import FrictionSign
from resay.dialogue.rewrite import Place, Reason, Rewrite

SIGNS = {
    FrictionSign.BARGE_IN: ("Barge-in", "the customer spoke over the answer"),
    FrictionSign.DENIAL: ("Denial", "“no, I said …” came next"),
    FrictionSign.STOP: ("Stop", "the customer stopped or cancelled it"),
    FrictionSign.ERROR_RESPONSE: ("Error response", "the assistant failed or refused"),
    FrictionSign.REPEATED_INTERPRETATION: ("Understood the same again", "the next try was taken to mean the very same"),
    FrictionSign.ABANDONMENT: ("Abandonment", "the customer left without success"),
    FrictionSign.LOW_CONFIDENCE: ("Low confidence", "the recogniser or the NLU doubted"),
}

REASONS = {
    Reason.REWRITTEN: "rewritten",
    Reason.NO_CANDIDATE: "no rewrite is known for these words",
    Reason.EMPTY_UTTERANCE: "there are no words to rewrite",
    Reason.FAILED_BEFORE: "a rewrite is known, but it failed this customer before, and never helped them",
    Reason.CONFUSABLE: "two wordings are nearly as likely, and mean different things",
    Reason.LESS_LIKELY: "another wording is likelier",
    Reason.BELOW_MARGIN: "a rewrite is known, but it is not clearly better than what was said",
    Reason.HIGH_RISK: "a rewrite is known, but the action is risky and wants more evidence",
    Reason.VETOED: "somebody has vetoed this rewrite",
    Reason.TARGET_OFFERED: "this already is what Resay would say",
    Reason.TAKEN_BACK: "a rewrite is known, but it failed too often where it was said, and was rolled back",
    Reason.NEEDLESS: "a rewrite is known, and not needed: the assistant understands these words by now",
    Reason.TAUGHT_OTHERWISE: "a rewrite is known, but this customer taught us that its words mean something else",
    Reason.OUT_OF_PLACE: "a rewrite is known, but where and when this is said, something else is wanted",
    Reason.NOT_THE_WORDS: "a rewrite is known, but when these words fail it is mostly not for the words: other words would fail too",
    Reason.CONTROL_ARM: "the customer is in the control arm of an experiment",
    Reason.HOLD_OUT: "one of the few turns that are never rewritten, so that the gain stays measurable",
    Reason.NEAR_MISS: "a rewrite that is not quite sure enough, tried on one such turn in a hundred so that it is found out",
    Reason.NOT_READY: "no rewrites were published yet",
    Reason.SWITCHED_OFF: "somebody has switched rewriting off",
    Reason.DEADLINE: "the answer would have come too late",
    Reason.BROKEN: "a part failed; the words went on unchanged",
    Reason.EXPLORE: "passed on, and the customer is asked afterwards",
}

_NARROW = "\u202f"
"""A narrow space that does not break a line between a figure and its unit."""


def sign_name(sign: str) -> str:
    """What a sign is called."""
    return SIGNS[FrictionSign(sign)][0] if sign in SIGNS else sign.replace("_", " ")


def sign_meaning(sign: str) -> str:
    """What a sign means."""
    return SIGNS[FrictionSign(sign)][1] if sign in SIGNS else ""


def reason_meaning(reason: str) -> str:
    """What a reason means."""
    return REASONS[Reason(reason)] if reason in REASONS else reason.replace("_", " ")


def place_words(place: Place) -> str:
    """Where something is said; empty: anywhere, where nothing had been asked."""
    told = (("after {}", place.kind), ("room: {}", place.room), ("device: {}", place.device_type))
    return ", ".join(form.format(name) for form, name in told if name)


def spared_words(rewrite: Rewrite) -> str:
    """Where, and for whom, it does not, though it holds elsewhere; empty: nowhere, for nobody."""
    told = (
        ("not in room: {}", rewrite.not_rooms),
        ("not on device: {}", rewrite.not_device_types),
        ("not for cohort: {}", rewrite.not_cohorts),
    )
    return ", ".join(form.format(", ".join(names)) for form, names in told if names)


def percent(share: float | None, digits: int = 1) -> str:
    """A share as per cent; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.{digits}f}{_NARROW}%"


def change(reduction: float | None) -> str:
    """A relative reduction as a change: 0.2 is −20 %."""
    return "–" if reduction is None else f"{-100 * reduction:+.1f}{_NARROW}%".replace("-", "−")


def lift(share: float | None) -> str:
    """A relative difference: −0.2 is −20 %."""
    return change(None if share is None else -share)


def points(difference: float | None) -> str:
    """A difference of two shares, in points of a hundred."""
    return "–" if difference is None else f"{100 * difference:+.1f}{_NARROW}points".replace("-", "−")


def count(number: float | None) -> str:
    """A whole number with its thousands apart."""
    return "–" if number is None else f"{number:,.0f}"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 turn`, `2 turns`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
