"""Learning how what is meant by a wording leans on where and when it is said: which cues bear on it at all, and how much each does.

Training only. Chances wherever a wording is said are its own; cues add log odds to them, drawn towards nought, so that what few turns tell
moves little. A cue that says nothing surely is left out, and a wording on which none bears has no leaning.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import chi2
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from resay.dialogue.cue import CueKind
from resay.dialogue.leaning import AS_SAID, NOT_KNOWN, CueLeaning, Leaning

Floats = NDArray[np.float64]

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


def fit_leaning(key: tuple[str, str], state: str, turns: Sequence[SaidSo], *, customers_min: int) -> Leaning | None:
    """The leaning of a wording (text and prompt kind) that is taken for a state as it is said; nothing where it leans on nothing.

    Ends and cues that fewer customers came to, or spoke by, than the floor asks for are not named.
    """
    ends = _common_ends(turns, customers_min)
    if len(ends) < 2:
        return None
    table = _table(turns, (*ends, NOT_KNOWN), customers_min=customers_min)
    # One thread for all of it: with more, sums come out a little differently each time.
    with threadpool_limits(1, user_api="blas"):
        return _fit(key, state, table)


def _fit(key: tuple[str, str], state: str, table: _Table) -> Leaning | None:
    kept = _bearing(table)
    if not kept:
        return None
    there = table.there[:, kept]
    whole = table.weights @ table.shares + PRIOR
    chances = np.round(whole / whole.sum(), DECIMALS + 2)
    leans = np.round(_leans(table, there, chances), DECIMALS)
    cues = tuple(
        CueLeaning(
            cue=table.cues[column],
            customers=table.customers[table.cues[column]],
            turns=round(float(table.weights @ table.there[:, column]), DECIMALS),
            leans=tuple(leans[place].tolist()),
        )
        for place, column in enumerate(kept)
    )
    return Leaning(*key, state, table.ends, tuple(chances.tolist()), cues)


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
    cells = np.vstack([counts, rest[None, :]]) + 1e-9
    told = 2 * float(_information(cells, whole + 1e-9).sum())
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
