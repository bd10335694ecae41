"""Candidates of rows (e) to (h): meanings that a turn may have had, each as the known text that most reliably stands for it.

They come from the readings, from what the hypotheses meant to others, from pairs of these together, from what is common after such a
prompt, from values that were heard nearly, and from the reader of words. What they become is the product's own `Candidate`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from itertools import combinations

from rapidfuzz import fuzz

from resay.commands.bench.asked import Asked
from resay.commands.bench.reader import Read, names_value
from resay.commands.bench.remembered import Remembered
from resay.dialogue.rewrite import RetryRequest, RewriteRequest, Risk
from resay.dialogue.state import interpretation_key
from resay.dialogue.wording import Wording
from resay.label.corpora.dstc2 import Reading
from resay.label.corpora.dstc2_turn import interpretation
from rewrite_online.candidate import Candidate, Meant, Nearness
from rewrite_online.evaluate import Acts
from rewrite_online.sound import sound_key

TOGETHER_OF = 8
"""Meanings that are taken together by pairs; those behind the eighth are guesses of guesses."""

TOGETHER_ACTS_MAX = 3
NEAR_ENOUGH = 0.8
"""Share of letters by which a value counts as nearly heard: one letter of five may be another."""

VALUE_CHARS_MIN = 4
"""Shorter values are near to everything."""


class Origin(IntEnum):
    """How a meaning came to be proposed; the first way that finds it counts."""

    READ = 0
    MEANT = 1
    TOGETHER = 2
    USUAL = 3
    NEARLY_HEARD = 4


_GUESSED = frozenset({Origin.TOGETHER, Origin.USUAL})

FIT_MIN = 1e-4
"""Guesses that go with the words ten thousand times worse than the likeliest meaning are not looked at: half of all, and never right."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A meaning with the text that stands for it."""

    acts: Acts
    origin: Origin
    certainty: float
    """How reliably the text is read so."""
    times: int
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Proposed:
    """All that a turn may be rewritten to."""

    asked: Asked
    read: Read
    meant: tuple[Acts | None, ...]
    """What each hypothesis meant to others."""
    said: Wording | None
    request: RewriteRequest
    """The request with readings that differ in nothing that is asked for taken together."""
    proposals: tuple[Proposal, ...]


def propose(asked: Asked, read: Read, known: Remembered) -> Proposed:
    """The candidates of one turn; never what was heard first itself, nor what is acted on anyway."""
    meant = tuple(known.meaning(text, kind=asked.kind) for text, _ in asked.hypotheses)
    found = []
    for acts, origin in _meanings(asked, read, known, meant=meant).items():
        # Words that ask for nothing are never put into a caller's mouth: "goodbye" would end the call.
        if not acts or (asked.is_retry and acts == asked.top) or (origin in _GUESSED and _fit(acts, read) < FIT_MIN):
            continue
        target = known.target(acts, kind=asked.kind)
        if target is not None and target.text != asked.text:
            candidate = _candidate(asked, read, known, acts=acts, text=target.text)
            found.append(Proposal(acts, origin, target.certainty, target.times, candidate))
    said = _wording(asked.text, meant[0], known, kind=asked.kind) if meant and meant[0] is not None else None
    return Proposed(asked, read, meant, said, _merged(asked), tuple(found))


def _fit(acts: Acts, read: Read) -> float:
    """How well a meaning goes with what was heard, beside the likeliest one."""
    return math.exp(max(read.loglik(acts) - read.loglik(read.likely), -30.0))


def _meanings(asked: Asked, read: Read, known: Remembered, *, meant: Sequence[Acts | None]) -> dict[Acts, Origin]:
    found = dict.fromkeys(asked.readings, Origin.READ)
    for acts in meant:
        if acts is not None:
            found.setdefault(acts, Origin.MEANT)
    for acts in list(_together([each for each in found if each][:TOGETHER_OF])):
        found.setdefault(acts, Origin.TOGETHER)
    for acts in known.believed.habits.get(asked.kind, ()):
        found.setdefault(acts, Origin.USUAL)
    for acts in (*_nearly_heard(asked, known.values), *read.proposed):
        found.setdefault(acts, Origin.NEARLY_HEARD)
    return found


def _together(meanings: Iterable[Acts]) -> Iterator[Acts]:
    """Pairs of meanings as one, unless they inform one slot twice."""
    for one, other in combinations(meanings, 2):
        both = one | other
        slots = [act.partition("=")[0] for act in both if "=" in act]
        if len(both) <= TOGETHER_ACTS_MAX and len(slots) == len(set(slots)):
            yield both


def _nearly_heard(asked: Asked, values: Iterable[tuple[str, str]]) -> Iterator[Acts]:
    for act, value in values:
        heard = value in asked.text or any(value in text for text, _ in asked.hypotheses)
        if heard or (len(value) >= VALUE_CHARS_MIN and spelt_near(value, asked.text) >= NEAR_ENOUGH):
            yield frozenset([act])


def _candidate(asked: Asked, read: Read, known: Remembered, *, acts: Acts, text: str) -> Candidate:
    texts = [each for each, _ in asked.hypotheses]
    chance = read.joint.get(acts, 0.0)
    return Candidate(
        wording=_wording(text, acts, known, kind=asked.kind),
        nearest=Nearness(spelling=max((fuzz.ratio(text, each) / 100 for each in texts), default=0.0)),
        first=Nearness(spelling=fuzz.ratio(text, asked.text) / 100, sound=sounds_near(text, asked.text)),
        hypothesis=texts.index(text) if text in texts else None,
        meant=Meant(
            chance, rival=max((each for other, each in read.joint.items() if other != acts), default=0.0), as_said=_as_said(asked, read)
        ),
    )


def _as_said(asked: Asked, read: Read) -> float:
    """How likely what is acted on is what was meant, to the reader; before the NLU nobody knows what that will be."""
    return read.joint.get(asked.top, 0.0) if asked.is_retry else max(read.joint.values(), default=0.0)


def _wording(text: str, acts: Acts, known: Remembered, *, kind: str) -> Wording:
    success, _ = known.believed.right("text", text, kind)
    return Wording(
        text=text,
        prompt_kind=kind if known.times(text, kind=kind) else "",
        state=state_of_acts(acts),
        # Nothing that this assistant does can do harm: it tells of restaurants.
        risk=Risk.LOW,
        customers=len(known.callers.get(text, ())),
        times=float(known.times(text)),
        success=success,
        last_day=known.last_day.get(text, 0),
    )


def _merged(asked: Asked) -> RewriteRequest:
    if not isinstance(asked.request, RetryRequest):
        return asked.request
    readings = tuple(interpretation(Reading(tuple(sorted(acts)), chance)) for acts, chance in asked.readings.items())
    return replace(asked.request, interpretations=readings)


@lru_cache(100_000)
def state_of_acts(acts: Acts) -> str:
    """The state of a meaning, as the product names states."""
    return interpretation_key(interpretation(Reading(tuple(sorted(acts)), 1.0)))


@lru_cache(200_000)
def spelt_near(value: str, text: str) -> float:
    """How much of a value stands in a text, 0 to 1."""
    return fuzz.partial_ratio(value, text) / 100


@lru_cache(200_000)
def sounds_near(value: str, text: str) -> float:
    """The same of how they sound."""
    one, other = sound_key(value), sound_key(text)
    return fuzz.partial_ratio(one, other) / 100 if one and other else 0.0


def values_of(acts: Acts) -> list[str]:
    """The values that a meaning names and that can be heard."""
    return [act.partition("=")[2].rstrip(")") for act in sorted(acts) if names_value(act)]


def chances_by_act(meant: Sequence[Acts | None], shares: Sequence[float]) -> Mapping[Acts, float]:
    """What the hypotheses meant, by their shares."""
    found: dict[Acts, float] = {}
    for acts, share in zip(meant, shares, strict=True):
        if acts is not None:
            found[acts] = found.get(acts, 0.0) + share
    return found
