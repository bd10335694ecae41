"""Recall: which wordings might be said in place of what was heard, from nearness and from what its pieces mean.

One wording a state: the one that fares best. Learning and serving gather candidates by this very function.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol

from resay.dialogue.leaning import Told
from resay.dialogue.rewrite import Heard, Rewrite
from resay.dialogue.text import canonical
from resay.dialogue.turn import Prompt
from resay.dialogue.wording import Wording
from rewrite_online.ahead import Ahead
from rewrite_online.candidate import Candidate, Finder, Meant, Nearness
from rewrite_online.finder import WordingFinder
from rewrite_online.leanings import NO_LEANINGS, Leanings
from rewrite_online.meaning import Likely, Meaning
from rewrite_online.sense import Sense, made_for
from rewrite_online.shelves import Ways, WordingShelf, shelved

STATES_MAX = 4
"""States that pieces name as candidates: the fifth likeliest was wanted by one request in a hundred."""

NEAR_MAX = 12
"""Wordings that are looked for by nearness; those of one state stand together."""

CANDIDATES_MAX = 6
"""Candidates that are weighed."""

TARGET_SUCCESS_MIN = 0.6
"""Success of a wording that may be said for others, at least: one that fails itself helps nobody."""

MISTAKEN_TIMES, MISTAKEN_SHARE_MIN, MISTAKEN_LEAST, MISTAKEN_PRIOR = 4.5, 0.055, 2.0, 10.0
"""A state that fails so many times as often as what is understood does otherwise, in such a share of its turns and in so many, once so many
usual turns are added: most who were taken to want it wanted something else ("ninety" for "nineteen"), and nobody is put into it. Labels see
few wrong actions, but more of them where all are wrong. On three voices and seeds such states failed in .056 to .19 of their turns and 4.8
to 31 times as often, and those that are meant in .053 at most, or 4.2 times as often; 64 of 275 lost turns were put into them, and none of
7,397 that were won (docs/log.md, 2026-11-22)."""

FARES_WELL = 0.85
"""Success from which a wording that is known needs nobody's help: no candidate could be better by the gate's margin."""

FARES_WELL_TIMES = 5.0
"""Turns by which that must be known."""

COUNTS_FROM = 0.6
"""Nearness by spelling from which turns with a text count for a wording: as near as a candidate must be (`global_layer.NEAR_MIN`)."""

WANTED_MIN = 0.2
"""Chance of a state to be what is wanted here, by what is so here, from which it is a candidate though nothing else names it."""

TRIES_WEIGHED = 1.0
"""How many standard errors below its mean a wording's success is taken to be where the best of a state is chosen."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is known of what was heard."""

    said: Wording | None
    """The wording itself, where enough customers said it."""
    candidates: tuple[Candidate, ...]
    counts_for: Wording | None = None
    """The wording whose record its turns add to: itself where it is one, else the nearest; nothing where none is near."""
    tails: frozenset[str] = frozenset()
    """States that the second of two words that were heard reaches by itself, as many customers know."""
    mistaken: frozenset[str] = frozenset()
    """States that few mean: candidates like others, and said for nobody."""
    told: Told | None = None
    """What is so here says of what was heard, or of the wording that it counts for; nothing where it says nothing."""

    @property
    def told_as_said(self) -> Told | None:
        """The same, where it is of the very words that were heard."""
        return self.told if self.told is not None and self.said is not None and self.told.leaning.text == self.said.text else None


class Stock(Protocol):
    """Wordings, by what is asked of them; equal ones may be made anew each time."""

    @property
    def known(self) -> Mapping[tuple[str, str], Wording]:
        """All of them, by text and kind of prompt."""

    @property
    def mistaken(self) -> frozenset[str]:
        """States that few mean (`mistaken_states`)."""

    @property
    def words(self) -> frozenset[str]:
        """All words of those that fare well enough to be said for others."""

    def best(self, never: frozenset[tuple[str, str]]) -> Mapping[tuple[str, str], Wording]:
        """The one that is said for each state, by state and kind of prompt (`best_wordings`): never one of these, by text and kind."""


class Listed:
    """A stock that is made as it is asked for."""

    def __init__(self, wordings: Iterable[Wording]) -> None:
        self._wordings = tuple(wordings)
        self.known = {(each.text, each.prompt_kind): each for each in self._wordings}

    @cached_property
    def mistaken(self) -> frozenset[str]:
        """States that few mean."""
        return mistaken_states(self.known.values())

    @property
    def shelves(self) -> Mapping[str, WordingShelf]:
        """The shelves of a finder."""
        return shelved(self._wordings, Ways())

    @property
    def made_for(self) -> int:
        """What stands for them in the label of an index."""
        return made_for(self._wordings)

    @property
    def words(self) -> frozenset[str]:
        """All words of those that fare well enough to be said for others."""
        return words_of(self.known.values())

    def best(self, never: frozenset[tuple[str, str]]) -> Mapping[tuple[str, str], Wording]:
        """The one that is said for each state, by state and kind of prompt."""
        return best_wordings(each for key, each in self.known.items() if key not in never)


class Recall:
    """Wordings, and the ways to them; safe to share between threads."""

    def __init__(
        self,
        wordings: Iterable[Wording] | Stock,
        *,
        finder: Finder,
        spared: Iterable[tuple[str, str]] = (),
        counting: Finder | None = None,
    ) -> None:
        """Take wordings, or a stock of them.

        `spared`, as text and prompt kind, are never said for anyone: what is itself rewritten, for one.
        `counting` finds what a record counts for, where it is cheaper than the finder.
        """
        self._stock: Stock = Listed(wordings) if isinstance(wordings, Iterable) else wordings
        self._known = self._stock.known
        self._finder, self._counting = finder, counting or finder
        self._never = frozenset(spared)
        self._best = self._stock.best(self._never)
        self._mistaken = self._stock.mistaken

    @property
    def targets(self) -> Mapping[tuple[str, str], Wording]:
        """The wording that is said for each state, by state and prompt kind."""
        return self._best

    @property
    def words(self) -> frozenset[str]:
        """All words of wordings that fare well enough to be said for others."""
        return self._stock.words

    def is_target(self, heard: Heard) -> bool:
        """Whether what was heard is what would be said for others."""
        wording = self._stock.known.get((canonical(heard.utterance), _kind(heard)))
        best = self._best.get((wording.state, wording.prompt_kind)) if wording is not None else None
        return wording is not None and best is not None and best.text == wording.text

    def known(self, heard: Heard) -> Wording | None:
        """What is known of the very words that were heard; nothing where too few customers say them."""
        return self._known.get((canonical(heard.utterance), _kind(heard)))

    def gather(self, heard: Heard, meaning: Meaning, leanings: Leanings = NO_LEANINGS) -> Recalled:
        """The candidates of one request, the likeliest first; those that only circumstances name come last."""
        said, kind = canonical(heard.utterance), _kind(heard)
        known = self._known.get((said, kind))
        told = leanings.of(said, kind, heard) if known is not None else None
        if known is not None and fares_well(known) and (told is None or told.as_said >= FARES_WELL):
            return Recalled(known, ())
        likely = meaning.likely(heard, at_most=STATES_MAX + 1)
        listed = self._finder.find(heard, at_most=NEAR_MAX)
        near = _by_state(listed)
        states = [state for state, _ in likely.states[:STATES_MAX]] + list(near)
        found: list[Candidate] = []
        for state in dict.fromkeys(states):
            wording = self._best.get((state, kind))
            if wording is not None and wording.text != said and len(found) < CANDIDATES_MAX:
                found.append(_candidate(wording, near.get(state), likely=likely))
        counts_for = known or self._nearest(listed)
        if known is None and counts_for is not None:
            told = leanings.of(counts_for.text, kind, heard)
        if told is not None:
            found = self._with_wanted(found, told, near, likely=likely, said=said)
        return Recalled(known, tuple(found), counts_for, self._tails(said, kind), self._mistaken, told)

    def ahead(self, heard: Heard, meaning: Meaning) -> Ahead | None:
        """What may be done before `gather`; nothing where that is not worth it."""
        known = self.known(heard)
        found = None if known is not None and fares_well(known) else self._finder.ahead(heard, at_most=NEAR_MAX)
        if found is None:
            return None
        near = found.here
        return replace(found, here=lambda: (near(), meaning.likely(heard, at_most=STATES_MAX + 1)))

    def counts_for(self, said: str, kind: str) -> Wording | None:
        """The wording to whose record turns with a text add, as `gather` finds it for what was heard."""
        known = self._known.get((said, kind))
        return known or self._nearest(self._counting.find(_alone(said, kind), at_most=NEAR_MAX))

    def with_records(self, wordings: Iterable[Wording]) -> Recall:
        """The same over the same wordings, which have other records now."""
        return Recall(wordings, finder=self._finder, spared=self._never, counting=self._counting)

    def knowing(self, wordings: Iterable[Wording]) -> Recall:
        """The same candidates, where of what was heard itself no more is known than these."""
        other = copy(self)
        other._known = {(each.text, each.prompt_kind): each for each in wordings}
        return other

    def _with_wanted(
        self, found: list[Candidate], told: Told, near: Mapping[str, Candidate], *, likely: Likely, said: str
    ) -> list[Candidate]:
        """The candidates with those states that are wanted here, in place of the last ones."""
        kind, named = told.leaning.prompt_kind, {each.wording.state for each in found}
        wanted = sorted((state for state in {*told.states, told.leaning.state} - named), key=lambda state: (-told.wanted(state), state))
        wordings = [self._best.get((state, kind)) for state in wanted if told.wanted(state) >= WANTED_MIN]
        more = [_candidate(each, near.get(each.state), likely=likely) for each in wordings if each is not None and each.text != said]
        return [*found[: max(0, CANDIDATES_MAX - len(more))], *more]

    def _tails(self, said: str, kind: str) -> frozenset[str]:
        _, _, last = said.partition(" ")
        known = self._known.get((last, kind)) if " " not in last else None
        return frozenset({known.state} if known and known.state and known.success >= TARGET_SUCCESS_MIN else ())

    def _nearest(self, listed: Sequence[Candidate]) -> Wording | None:
        """Of what was listed the wording nearest in writing to what was heard first, if it is near at all."""
        nearest = max(listed, key=lambda each: (each.first.spelling or 0.0, each.wording.text), default=None)
        if nearest is None or (nearest.first.spelling or 0.0) < COUNTS_FROM:
            return None
        # Of its own: the finder may hold wordings without their records.
        return self._known.get((nearest.wording.text, nearest.wording.prompt_kind))


def fares_well(wording: Wording) -> bool:
    """Whether a wording is known to succeed as it is said."""
    return bool(wording.state) and wording.success >= FARES_WELL and wording.times >= FARES_WELL_TIMES


def _by_state(listed: Sequence[Candidate]) -> dict[str, Candidate]:
    """The nearest wording of each state, the nearest state first."""
    nearest: dict[str, Candidate] = {}
    for each in listed:
        if each.wording.state:
            nearest.setdefault(each.wording.state, each)
    return nearest


def _alone(said: str, kind: str) -> Heard:
    """A text of which nothing else is known."""
    return Heard("", "", _NEVER, said, prompt=Prompt(kind=kind) if kind else None)


_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def recall_beside(
    wordings: Sequence[Wording], table: Iterable[Rewrite], sense: Sense | None = None, *, leanings: Leanings = NO_LEANINGS
) -> Recall:
    """The recall that is learnt with and served beside a table: what that rewrites is said for nobody, or it would be rewritten again.

    Nor is what may be rewritten where something is so. With a sense of meaning, wordings are also found and compared by that.
    """
    finder = WordingFinder(wordings, encoder=sense.encoder if sense else None, index=sense.index if sense else None)
    return recall_by(finder, wordings, table, leanings=leanings)


def recall_by(finder: WordingFinder, wordings: Iterable[Wording] | Stock, table: Iterable[Rewrite], *, leanings: Leanings) -> Recall:
    """The same by a finder of these wordings."""
    # Records go by writing alone, and thousands of texts are asked about: none of them need be encoded.
    return Recall(wordings, finder=finder, spared={each.source_key for each in table} | leanings.keys, counting=finder.by_letters())


def words_of(wordings: Iterable[Wording]) -> frozenset[str]:
    """All words of wordings that fare well enough to be said for others."""
    return frozenset(word for each in wordings if each.state and each.success >= TARGET_SUCCESS_MIN for word in each.text.split())


def best_wordings(wordings: Iterable[Wording]) -> dict[tuple[str, str], Wording]:
    """The wording that fares best of each state and prompt kind, of those that fare well enough."""
    best: dict[tuple[str, str], Wording] = {}
    for each in wordings:
        if each.state and each.success >= TARGET_SUCCESS_MIN:
            held = best.get((each.state, each.prompt_kind))
            if held is None or fares(each) > fares(held):
                best[each.state, each.prompt_kind] = each
    return best


def mistaken_states(wordings: Iterable[Wording]) -> frozenset[str]:
    """States that fail far oftener than others: mostly taken for what was meant, and not meant."""
    understood = [each for each in wordings if each.state and each.success >= TARGET_SUCCESS_MIN]
    turns, failures = defaultdict[str, float](float), defaultdict[str, float](float)
    for each in understood:
        turns[each.state] += each.times
        failures[each.state] += _failures(each)
    usual = sum(failures.values()) / max(1.0, sum(turns.values()))

    def share(state: str) -> float:
        return (failures[state] + MISTAKEN_PRIOR * usual) / (turns[state] + MISTAKEN_PRIOR)

    least = max(MISTAKEN_TIMES * usual, MISTAKEN_SHARE_MIN)
    return frozenset(state for state in turns if failures[state] >= MISTAKEN_LEAST and share(state) >= least)


def _failures(wording: Wording) -> float:
    """The turns in which a wording failed, as far as it may be for its words: its chance less the doubt in it (one right, one wrong)."""
    failed = max(0.0, (1 - wording.success) * (wording.times + 2) - 1)
    return failed * (1 - wording.failing.not_the_words) if wording.failing else failed


def fares(wording: Wording) -> tuple[float, str]:
    """By which the best wording of a state is chosen: no two with other texts fare alike."""
    error = (wording.success * (1 - wording.success) / (wording.times + 3)) ** 0.5
    return wording.success - TRIES_WEIGHED * error, wording.text


def _candidate(wording: Wording, near: Candidate | None, *, likely: Likely) -> Candidate:
    """A wording as a candidate: as near as the nearest of its state."""
    chance = dict(likely.states).get(wording.state, 0.0)
    rival = max((other for state, other in likely.states if state != wording.state), default=0.0)
    meant = Meant(chance, rival, likely.as_said) if likely.states else None
    if near is None:
        return Candidate(wording, Nearness(), Nearness(), None, meant)
    return replace(near, wording=wording, meant=meant)


def _kind(heard: Heard) -> str:
    return heard.prompt.kind if heard.prompt else ""


def fitting(candidates: Sequence[Candidate], state: str) -> int | None:
    """The place of the candidate of a state; nothing where there is none."""
    return next((place for place, each in enumerate(candidates) if each.wording.state == state), None)
