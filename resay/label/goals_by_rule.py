"""Goals by rules: which turns pursue one goal, whether it was reached, and which turns were defective.

The baseline, and the fallback where no trained model is there. Knows turns, friction and links; trusts no one sign alone.

Turns that we rewrote are judged like all others, by what was served: the outcome says how the customer fared, not how the wording
as said would have. Who learns from outcomes keeps such turns apart by `Turn.rewrite`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import zip_longest
from math import prod

from resay.dialogue.label import Friction, FrictionSign, GoalOutcome, GoalSegment, RephraseLink, TurnOutcome
from resay.dialogue.session import Session
from resay.dialogue.state import interpretation_key
from resay.dialogue.text import words_in_common
from resay.dialogue.turn import Explicit, Turn, said
from resay.label.reading import is_done, is_read, is_refused
from resay.label.remark import RemarkKind, remark_of
from resay.label.wordings import ENGLISH, Wordings

LABELLER = "rules/1"
"""Name and version, as tables hold it."""

JOINED_FROM = 0.2
"""Links of this probability and more join turns. Low on purpose: a rephrase in wholly other words after a refusal has about 0.3
(`rephrase.combined`); who counts transitions weighs them by the link, and a turn left out here could not be weighed at all."""

DEFECTIVE_FROM = 0.5
"""A turn is called a failure where it is likelier than not."""

REFUSED = 0.98
"""Chance of a defect in a refused turn where the customer said more in that session: simulated home logs, 14,886 of 14,886."""

REFUSED_ALONE = 0.75
"""The same where it is all that was said: the rest is noise that nobody meant for the assistant, rightly refused (1,805 of 2,426).
Rewriting takes true refusals away and leaves the noise, so that one chance for both saw less of the gain than there was."""

SOON = timedelta(seconds=10)
"""Within so long a wrong action is set right, from one request to the next: of 960 in simulated home logs 555 were, and 286 never."""

DONE = 0.02
"""Chance of a defect in a turn reported done, before any sign, where nothing follows soon: a real assistant in simulated home logs of many
voices, 407 of 22,814."""

DONE_THEN_MORE = 0.04
"""The same where anything else follows soon: 166 of 5,101."""

DONE_THEN_LIKE = 0.11
"""The same where what follows shares some of its words, and is of another domain: 67 of 625."""

DONE_THEN_OTHER = 0.25
"""The same where it is of the same domain and means something else: 134 of 538; and …"""

DONE_THEN_CORRECTED = 0.43
"""… where it shares some of its words besides: 188 of 437."""

ALIKE = (0.15, 1.0)
"""Share of words that two requests have in common, from which the later one may correct the earlier; all of them is the same again."""

UNKNOWN_UNREAD = 0.95
"""The same where no status is logged and the NLU made nothing of the words: simulated home logs, 95 % (docs/log.md, 2026-11-21)."""

UNKNOWN_READ = 0.05
"""The same where it read them without a confidence: simulated home logs, 4 %. With one it is one less the confidence, a probability."""

UNKNOWN = 0.35
"""The same where nothing but words is logged: about a third of all turns fail (EVALUATION, section 2; simulated home logs: 36–39 %)."""

SIGN_WEIGHTS: Mapping[FrictionSign, float] = {
    FrictionSign.DENIAL: 0.9,
    FrictionSign.STOP: 0.5,
    FrictionSign.BARGE_IN: 0.1,
}
"""The chance that a sign alone stands for a defect. Set by judgement, as no log that may ship has a truth for them: who denies means it,
who stops may have heard enough, who speaks over an answer mostly knows it. Refusal and doubt are in the chances above; a repeated
interpretation adds nothing, as what was refused counts already; and abandonment must not count."""

APPROVED = 0.02
"""Chance of a defect where the customer said that it was right: a slip of the tongue or finger."""


def outcomes_of(
    session: Session, friction: Iterable[Friction], *, links: Iterable[RephraseLink], wordings: Wordings = ENGLISH
) -> list[TurnOutcome]:
    """What came of each turn of a session: failure, success, or censored where the session ends before it can be told.

    A turn fails if it was likely refused, denied, stopped or rephrased. It succeeds if it did not fail and either is reported done or
    the customer went on without complaint. The last turn of a session without a status is censored. Never is silence a success.
    """
    signs: dict[str, set[FrictionSign]] = {}
    for each in friction:
        signs.setdefault(each.turn_id, set()).add(each.sign)
    rephrased: dict[str, float] = {}
    for link in links:
        rephrased[link.source_turn_id] = rephrased.get(link.source_turn_id, 0.0) + link.probability
    reads = any(turn.interpretations for turn in session.turns)
    outcomes = []
    for turn, later in zip_longest(session.turns, session.turns[1:]):
        chance = _chance_before_signs(turn, later, reads=reads, wordings=wordings)
        if chance == REFUSED and len(session.turns) == 1:
            chance = REFUSED_ALONE
        likely_rephrased = min(1.0, rephrased.get(turn.turn_id, 0.0))
        defect = _defect(turn, chance, signs=signs.get(turn.turn_id, set()), rephrased=likely_rephrased)
        outcomes.append(_outcome(turn, defect, is_last=turn is session.turns[-1]))
    return outcomes


def segments_of(session: Session, links: Iterable[RephraseLink], *, outcomes: Iterable[TurnOutcome]) -> list[GoalSegment]:
    """A session cut into goal segments: a link of `JOINED_FROM` or more joins its two turns and all between; every turn is in one segment.

    A segment ends as its last turn ends, but a session's last segment without success was abandoned: censored, neither success nor failure.
    """
    place = {turn.turn_id: number for number, turn in enumerate(session.turns)}
    # reaches[n]: the farthest turn that a turn up to n is joined with; a segment ends where it reaches no farther than itself.
    reaches = list(range(len(session.turns)))
    for link in links:
        if link.probability >= JOINED_FROM and link.source_turn_id in place and link.target_turn_id in place:
            source = place[link.source_turn_id]
            reaches[source] = max(reaches[source], place[link.target_turn_id])
    came_of = {each.turn_id: each.outcome for each in outcomes}
    segments = []
    first = farthest = 0
    for number, turn in enumerate(session.turns):
        farthest = max(farthest, reaches[number])
        if farthest == number:
            outcome = came_of[turn.turn_id]
            abandoned = number == len(session.turns) - 1 and outcome is not GoalOutcome.SUCCESS
            segments.append(_segment(session.turns[first : number + 1], GoalOutcome.CENSORED if abandoned else outcome))
            first = farthest = number + 1
    return segments


def _chance_before_signs(turn: Turn, later: Turn | None, *, reads: bool, wordings: Wordings) -> float:
    """The chance of a defect by what the assistant itself logged of the turn, and of the next one in its session."""
    if remark_of(said(turn), wordings).kind is RemarkKind.FAREWELL:
        # Who says thanks or goodbye asks for nothing, so nothing can fail him, though the assistant may not understand it.
        return DONE
    if is_refused(turn, wordings):
        return REFUSED
    if is_done(turn):
        return _chance_of_done(turn, later)
    if not reads:
        return UNKNOWN
    if not is_read(turn):
        return UNKNOWN_UNREAD
    confidence = turn.interpretations[0].confidence
    return UNKNOWN_READ if confidence is None else 1.0 - min(1.0, max(0.0, confidence))


def _chance_of_done(turn: Turn, later: Turn | None) -> float:
    """The chance of a defect in what is reported done: whoever got something else soon says what they want, in words somewhat like it."""
    if later is None or later.at - turn.at >= SOON:
        return DONE
    alike = ALIKE[0] < words_in_common(said(turn), said(later)) < ALIKE[1]
    if turn.interpretations and later.interpretations:
        one, other = turn.interpretations[0], later.interpretations[0]
        if one.domain == other.domain:
            is_same = interpretation_key(one) == interpretation_key(other)
            return DONE_THEN_MORE if is_same else DONE_THEN_CORRECTED if alike else DONE_THEN_OTHER
    return DONE_THEN_LIKE if alike else DONE_THEN_MORE


def _defect(turn: Turn, chance: float, *, signs: set[FrictionSign], rephrased: float) -> float:
    """The chance of a defect: each sign is a further, independent way in which one would show."""
    if turn.feedback is not None and turn.feedback.explicit is Explicit.YES:
        return APPROVED
    spared = prod(1.0 - SIGN_WEIGHTS.get(sign, 0.0) for sign in signs)
    return 1.0 - (1.0 - chance) * (1.0 - rephrased) * spared


def _outcome(turn: Turn, defect: float, *, is_last: bool) -> TurnOutcome:
    approved = turn.feedback is not None and turn.feedback.explicit is Explicit.YES
    if defect >= DEFECTIVE_FROM:
        outcome = GoalOutcome.FAILURE
    elif is_done(turn) or approved or not is_last:
        outcome = GoalOutcome.SUCCESS
    else:
        outcome = GoalOutcome.CENSORED
    return TurnOutcome(turn.turn_id, turn.customer_id, turn.at, outcome, defect, LABELLER)


def _segment(turns: tuple[Turn, ...], outcome: GoalOutcome) -> GoalSegment:
    return GoalSegment(turns[0].turn_id, turns[0].customer_id, tuple(turn.turn_id for turn in turns), outcome)
