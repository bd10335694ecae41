"""Learning how what is meant by a wording leans on where and when it is said: which cues bear on it at all, and how much each does.

Training only. Chances wherever a wording is said are its own; cues add log odds to them, drawn towards nought, so that what few turns tell
moves little. A cue that says nothing surely is left out, and a wording on which none bears has no leaning.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import softmax
from scipy.stats import chi2
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from resay.dialogue.cue import CueKind
from resay.dialogue.leaning import AS_SAID, NOT_KNOWN, CueLeaning, Leaning

Floats = NDArray[np.float64]

Key = tuple[str, str]
"""A wording: canonical text and prompt kind."""

SURE = 0.01
"""Chance with which one cue, of all that are looked at for a wording, would seem to bear on it though none does."""

CUES_KEPT_MAX = 24
"""Cues of one wording, those that say most first."""

CUSTOMER_TURNS_MAX = 5.0
"""Turns of one customer that weigh: a working week of a habit, as everywhere."""

SMOOTHING = 0.5
"""L2 on log odds: ten turns that all say the same move them by two."""

END_MIN = 0.1
"""How sure it must be where a turn ended, to count its customer for that end, as where wordings are looked for."""

SHARE_MIN = 0.15
"""Share of what other words came to that an end must have to be told apart: what few came to was another wish, or a link that is none."""

PRIOR = 1.0
"""Turns that are believed of each end before any is seen."""

NOTICED = 0.5
"""Share of failures that come to light, unless some words show more: on the telephone 49 of 100 people whom a system had misunderstood said
it again in the next turn (DSTC2). What is reckoned in for the others is never more than what is seen."""

MOSTLY = 0.9
"""Where among the turns of some words it is looked up how much may come to light: a few turns may have all that bears on them together."""

LEAST = 1e-9

ROUNDS = 60
DECIMALS = 4


class SaidSo(Protocol):
    """One turn with a wording."""

    @property
    def customer(self) -> int:
        """Who said it."""

    @property
    def cues(self) -> Collection[str]:
        """What was so."""

    @property
    def ends(self) -> Mapping[str, float]:
        """Where it ended, with how sure that is; the rest of one is not known."""


@dataclass(frozen=True, slots=True)
class _Table:
    """Turns as numbers."""

    ends: tuple[str, ...]
    shares: Floats
    """(turn, end); rows sum to one."""
    weights: Floats
    """(turn)."""
    cues: tuple[str, ...]
    there: Floats
    """(turn, cue): one where it is so."""
    customers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Fit:
    """What was fitted to a table."""

    table: _Table
    kept: list[int]
    """Columns of the cues that bear on where turns end."""
    chances: Floats
    """(end): anywhere."""
    leans: Floats
    """(kept, end): log odds that each cue adds."""

    @property
    def expected(self) -> Floats:
        """(turn, end): chances by what was so."""
        return np.asarray(softmax(np.log(self.chances) + self.table.there[:, self.kept] @ self.leans, axis=1))


def fit_leanings(turns: Mapping[Key, Sequence[SaidSo]], taken_for: Mapping[Key, str], *, customers_min: int) -> list[Leaning]:
    """The leanings of wordings (text and prompt kind), by key; `taken_for` are their states as said. One that leans on nothing has none.

    Ends and cues that fewer customers came to, or spoke by, than the floor asks for are not named.
    """
    # One thread for all of it: with more, sums come out a little differently each time.
    with threadpool_limits(1, user_api="blas"):
        found = {key: fit for key in sorted(turns) if (fit := _fit(turns[key], customers_min)) is not None}
        noticed = max([NOTICED, *(_seen(each) for each in found.values())])
        return [_leaning(key, taken_for[key], _reckoned(each, noticed)) for key, each in found.items()]


def _fit(turns: Sequence[SaidSo], customers_min: int) -> _Fit | None:
    ends = _common_ends(turns, customers_min)
    if len(ends) < 2:
        return None
    table = _table(turns, (*ends, NOT_KNOWN), customers_min=customers_min)
    kept = _bearing(table)
    return _fitted(table, kept) if kept else None


def _fitted(table: _Table, kept: list[int]) -> _Fit:
    whole = table.weights @ table.shares + PRIOR
    chances = np.round(whole / whole.sum(), DECIMALS + 2)
    return _Fit(table, kept, chances, np.round(_leans(table, table.there[:, kept], chances), DECIMALS))


def _leaning(key: Key, state: str, fit: _Fit) -> Leaning:
    table = fit.table
    cues = tuple(
        CueLeaning(
            cue=table.cues[column],
            customers=table.customers[table.cues[column]],
            turns=round(float(table.weights @ table.there[:, column]), DECIMALS),
            leans=tuple(fit.leans[place].tolist()),
        )
        for place, column in enumerate(fit.kept)
    )
    return Leaning(*key, state, table.ends, tuple(fit.chances.tolist()), cues)


def _seen(fit: _Fit) -> float:
    """How much of what is understood is put in other words where it mostly is; nought of what is refused."""
    if AS_SAID not in fit.table.ends:
        return 0.0
    expected = fit.expected
    other = 1 - expected[:, fit.table.ends.index(AS_SAID)] - expected[:, fit.table.ends.index(NOT_KNOWN)]
    return float(np.quantile(other, MOSTLY))


def _reckoned(fit: _Fit, noticed: float) -> _Fit:
    """The same, once turns are reckoned in that only seem to have succeeded.

    Where a share of what is said in a room is put in other words, more of it was meant so: of those whom the assistant misunderstood only
    some say it again. What is seen is that share of what was meant (Elkan and Noto, "Learning classifiers from only positive and
    unlabeled data", KDD 2008): p(meant) = p(seen) / p(seen if meant). So much of each turn that seemed to succeed there belongs to it.
    """
    table, expected = fit.table, fit.expected
    if AS_SAID not in table.ends:
        return fit
    said, unknown = table.ends.index(AS_SAID), table.ends.index(NOT_KNOWN)
    known = 1 - expected[:, [unknown]]
    meant = expected / noticed
    meant[:, [said, unknown]] = 0.0
    meant *= np.minimum(1.0, known / np.maximum(meant.sum(axis=1, keepdims=True), LEAST))
    others = meant - expected
    others[:, [said]] = known - meant.sum(axis=1, keepdims=True)
    others[:, unknown] = 0.0
    moved = table.shares[:, [said]] * others / expected[:, [said]]
    shares = table.shares + moved
    shares[:, said] = moved[:, said]
    return _fitted(replace(table, shares=shares), fit.kept)


def _common_ends(turns: Sequence[SaidSo], customers_min: int) -> tuple[str, ...]:
    customers: dict[str, set[int]] = defaultdict(set)
    sums: dict[str, float] = defaultdict(float)
    for each, weight in zip(turns, _weights(turns).tolist(), strict=True):
        for end, share in each.ends.items():
            sums[end] += weight * share
            if share >= END_MIN:
                customers[end].add(each.customer)
    enough = {end for end, of in customers.items() if len(of) >= customers_min and end != NOT_KNOWN}
    by_others = sum(share for end, share in sums.items() if end != AS_SAID)
    return tuple(sorted(end for end in enough if end == AS_SAID or sums[end] >= SHARE_MIN * by_others))


def _table(turns: Sequence[SaidSo], ends: tuple[str, ...], *, customers_min: int) -> _Table:
    place = {end: column for column, end in enumerate(ends)}
    shares = np.zeros((len(turns), len(ends)))
    for row, each in enumerate(turns):
        known = {end: share for end, share in each.ends.items() if end in place}
        whole = sum(known.values())
        for end, share in known.items():
            # A link alone is doubted; one to where many others came to from the same words is none by chance.
            shares[row, place[end]] = share / whole if whole >= END_MIN else 0.0
    shares[:, place[NOT_KNOWN]] = 1.0 - shares.sum(axis=1)
    speakers: dict[str, set[int]] = defaultdict(set)
    for each in turns:
        for cue in each.cues:
            speakers[cue].add(each.customer)
    cues = tuple(sorted(cue for cue, of in speakers.items() if len(of) >= customers_min))
    columns = {cue: column for column, cue in enumerate(cues)}
    there = np.zeros((len(turns), len(cues)))
    for row, each in enumerate(turns):
        there[row, [columns[cue] for cue in each.cues if cue in columns]] = 1.0
    return _Table(ends, shares, _weights(turns), cues, there, {cue: len(speakers[cue]) for cue in cues})


def _weights(turns: Sequence[SaidSo]) -> Floats:
    """(turn): what each weighs, so that nobody weighs more than a few."""
    times = Counter(each.customer for each in turns)
    return np.array([min(1.0, CUSTOMER_TURNS_MAX / times[each.customer]) for each in turns])


def _bearing(table: _Table) -> list[int]:
    """The columns of cues that surely bear on where the wording ends, those that say most first."""
    weighed = table.shares * table.weights[:, None]
    families: dict[str, list[int]] = defaultdict(list)
    for column, cue in enumerate(table.cues):
        # By itself, and with those of which only one can be so: ten rooms that each say little may say much together.
        families[cue].append(column)
        families[_family(cue)].append(column)
    best: dict[int, float] = {}
    for columns in families.values():
        chance = _by_chance(table.there[:, columns].T @ weighed, weighed.sum(axis=0)) * len(families)
        for column in columns if chance < SURE else ():
            best[column] = min(chance, best.get(column, 1.0))
    return sorted(sorted(best, key=lambda column: (best[column], column))[:CUES_KEPT_MAX])


def _family(cue: str) -> str:
    """The cues of which no two can be so at once: a kind, of the hours a width, of states a device."""
    kind, _, told = cue.partition(":")
    if kind == CueKind.STATES:
        return cue.partition("=")[0]
    begin, _, end = told.partition("-") if kind == CueKind.TIME else ("0", "", "0")
    return f"{kind}/{int(end) - int(begin)}"


def _by_chance(counts: Floats, whole: Floats) -> float:
    """How likely ends would differ so much between cues (cue, end), and turns with none of them, did they lean on nothing."""
    rest = np.maximum(whole - counts.sum(axis=0), 0.0)
    cells = np.vstack([counts, rest[None, :]]) + LEAST
    told = 2 * float(_information(cells, whole + LEAST).sum())
    return float(chi2.sf(told, (int((cells.sum(axis=1) > 1e-6).sum()) - 1) * (len(whole) - 1)))


def _information(counts: Floats, whole: Floats) -> Floats:
    """(cue): how much more likely counts (cue, end) are by their own shares than by those of all."""
    own = counts / counts.sum(axis=1, keepdims=True)
    return np.asarray((counts * np.log(own / (whole / whole.sum()))).sum(axis=1))


def _leans(table: _Table, there: Floats, chances: Floats) -> Floats:
    """(cue, end): log odds that each cue adds."""
    offset, size = np.log(chances), (there.shape[1], len(table.ends))

    def loss(flat: Floats) -> tuple[float, Floats]:
        sums = offset + there @ flat.reshape(size)
        sums -= sums.max(axis=1, keepdims=True)
        raised = np.exp(sums)
        wholes = raised.sum(axis=1, keepdims=True)
        likely = (table.shares * (sums - np.log(wholes))).sum(axis=1)
        slope = there.T @ ((raised / wholes - table.shares) * table.weights[:, None])
        return SMOOTHING / 2 * float(flat @ flat) - float(table.weights @ likely), SMOOTHING * flat + slope.ravel()

    found = minimize(loss, np.zeros(size[0] * size[1]), jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS})
    return np.asarray(found.x).reshape(size)
