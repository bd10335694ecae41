"""How well detectors find second tries: each first try with what is true of it and what was found, and the figures of EVALUATION 3."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from rephrase.candidates import Bounds, candidates_of
from rephrase.example import LINK, OTHER, REPAIR, UNLINKED_KINDS
from resay.commands.bench.report import BenchRow, figure
from resay.commands.example_making import KINDS
from resay.dialogue.label import RephraseLink
from resay.experiment.bounds import Interval, bootstrap, bootstrap_ratio, percentile
from resay.lab.linked.session import LinkedSession

RESAMPLES = 1_000
"""Of the bootstrap over groups: the 2.5th percentile rests on twenty-five of them, and three hundred figures take a minute."""

LAGS = (1, 2, 3)

TAIL = 0.025


@dataclass(frozen=True, slots=True)
class Found:
    """A link that a detector offers for a first try."""

    probability: float
    target: int
    """Place in the session."""
    start: int
    end: int
    lag: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A turn that others follow: what is true of it, and what a detector says."""

    group: str
    kind: str
    """Of `rephrase.example`: `link` and `repair` where there is a second try."""
    target: int | None
    start: int
    end: int
    lag: int
    """Requests from the first try to the second; 0 where there is none, or it is out of reach."""
    found: tuple[Found, ...]

    def hits(self, each: Found) -> bool:
        """Whether a link is the true one."""
        return each.target == self.target

    @property
    def likeliest(self) -> Found | None:
        """The likeliest of what was found."""
        return max(self.found, key=lambda each: each.probability, default=None)


def judge(linked: LinkedSession, links: Iterable[RephraseLink]) -> Iterator[Judged]:
    """Every turn that could have a second try, or has one, with what was found for it."""
    places = {turn.turn_id: place for place, turn in enumerate(linked.session.turns)}
    lags: dict[int, dict[int, int]] = defaultdict(dict)
    for pair in candidates_of(linked.session, Bounds()):
        lags[pair.source][pair.target] = pair.lag
    found: dict[int, list[Found]] = defaultdict(list)
    for link in links:
        source, target = places[link.source_turn_id], places[link.target_turn_id]
        found[source].append(Found(link.probability, target, link.start, link.end, lags[source].get(target, 0)))
    true = {link.source: link for link in linked.links}
    for source in sorted({*lags, *true, *found}):
        offered, reach, second = tuple(found[source]), lags[source], true.get(source)
        if second is None:
            kind = KINDS[linked.follows[min(reach)]] if reach else OTHER
            yield Judged(linked.group, kind, None, 0, 0, 0, offered)
        else:
            kind = REPAIR if second.repair else LINK
            yield Judged(linked.group, kind, second.target, second.start, second.end, reach.get(second.target, 0), offered)


def best_threshold(judged: Sequence[Judged]) -> float:
    """The threshold with the highest F1: for other sessions than those that are scored."""
    offered = sorted(((each.probability, one.hits(each)) for one in judged for each in one.found), key=lambda pair: -pair[0])
    true = sum(one.target is not None for one in judged)
    best, threshold, right = 0.0, 1.0, 0
    for place, (probability, hit) in enumerate(offered, start=1):
        right += hit
        f1 = 2 * right / (place + true)
        # A threshold cannot part links of equal probability.
        if f1 > best and (place == len(offered) or offered[place][0] < probability):
            best, threshold = f1, probability
    return threshold


def figures(name: str, judged: Sequence[Judged], threshold: float, rng: Random) -> Iterator[BenchRow]:
    """All figures of one set and model."""
    yield from agreement(name, judged, threshold, rng)
    yield _row(name, "auc_pr", average_precision(judged, rng), sum(one.target is not None for one in judged), "share")
    yield BenchRow(name, "threshold", threshold, n=len(judged), unit="probability")
    yield from _spans(name, [one for one in judged if one.target is not None], rng)
    yield from _spans(f"{name}/repair", [one for one in judged if one.kind == REPAIR], rng)
    nothing = [one for one in judged if one.target is None]
    yield _share(name, "null_accuracy", nothing, lambda one: not _above(one, threshold), rng=rng)
    for kind in UNLINKED_KINDS:
        alike = [one for one in nothing if one.kind == kind]
        if alike:
            yield _share(f"{name}/kind={kind}", "false_link_rate", alike, lambda one: bool(_above(one, threshold)), rng=rng)
    for lag in LAGS:
        if any(one.lag == lag for one in judged):
            yield from agreement(f"{name}/lag={lag}", judged, threshold, rng, lag=lag)


def agreement(name: str, judged: Sequence[Judged], threshold: float, rng: Random, *, lag: int | None = None) -> Iterator[BenchRow]:
    """Precision, recall and F1 of what was found from a threshold on; at one lag, of what lies so far apart."""
    units = _sums(judged, lambda one: _counts(one, threshold, lag))
    found, true = round(sum(unit[1] for unit in units)), round(sum(unit[2] for unit in units))
    pairs = {
        "precision": ([(right, told) for right, told, _ in units], found),
        "recall": ([(right, there) for right, _, there in units], true),
        "f1": (_f1_units(units), true),
    }
    for metric, (sums, n) in pairs.items():
        yield figure(name, metric, bootstrap_ratio(sums, rng, RESAMPLES), n=n, unit="share")


def gain(name: str, ours: tuple[Sequence[Judged], float], reference: tuple[Sequence[Judged], float], rng: Random) -> Iterator[BenchRow]:
    """How much higher our F1 is, relatively, and what is left of the reference's error; both over the same groups."""
    mine = dict(_grouped(ours[0], lambda one: _counts(one, ours[1], None)))
    theirs = dict(_grouped(reference[0], lambda one: _counts(one, reference[1], None)))
    units = [(*_one_f1(mine[group]), *_one_f1(theirs[group])) for group in mine if group in theirs]
    yield _row(name, "f1_gain", bootstrap(units, _relative_gain, rng=rng, resamples=RESAMPLES), len(units), "ratio")
    yield _row(name, "error_left", bootstrap(units, _error_left, rng=rng, resamples=RESAMPLES), len(units), "ratio")


def average_precision(judged: Sequence[Judged], rng: Random) -> Interval:
    """The area under precision over recall, links by falling probability; what was not found counts as never found."""
    groups = {group: place for place, group in enumerate(dict.fromkeys(one.group for one in judged))}
    offered = sorted(
        ((each.probability, one.hits(each), groups[one.group]) for one in judged for each in one.found), key=lambda each: -each[0]
    )
    hits = np.array([hit for _, hit, _ in offered], dtype=np.float64)
    of = np.array([group for _, _, group in offered], dtype=np.int64)
    true = np.bincount([groups[one.group] for one in judged if one.target is not None], minlength=len(groups)).astype(np.float64)
    if not true.sum():
        return Interval(None, None, None, 0, "nothing_counted")
    value = _area(hits, np.ones(len(hits)), true.sum())
    if len(groups) < 2:
        return Interval(value, None, None, len(groups), "too_few_units")
    generator = np.random.default_rng(rng.getrandbits(64))
    areas = []
    for _ in range(RESAMPLES):
        times = np.bincount(generator.integers(0, len(groups), len(groups)), minlength=len(groups)).astype(np.float64)
        areas.append(_area(hits, times[of], float((times * true).sum())))
    ordered = sorted(areas)
    return Interval(value, percentile(ordered, TAIL), percentile(ordered, 1 - TAIL), len(groups))


def _area(hits: NDArray[np.float64], times: NDArray[np.float64], true: float) -> float:
    told, right = np.cumsum(times), np.cumsum(times * hits)
    return float(np.sum(times * hits * right / np.maximum(told, 1e-9)) / true) if true else 0.0


def _above(one: Judged, threshold: float) -> list[Found]:
    return [each for each in one.found if each.probability >= threshold]


def _counts(one: Judged, threshold: float, lag: int | None) -> tuple[float, float, float]:
    """Right, found and true links of one first try."""
    told = [each for each in _above(one, threshold) if lag is None or each.lag == lag]
    there = one.target is not None and (lag is None or one.lag == lag)
    return sum(one.hits(each) for each in told), len(told), there


def _spans(name: str, linked: Sequence[Judged], rng: Random) -> Iterator[BenchRow]:
    """How well the likeliest span of each true link agrees with the true one; a wrong turn, or none, is no agreement."""
    if linked:
        yield _share(name, "span_exact", linked, _exact, rng=rng)
        yield _share(name, "span_f1", linked, _overlap, rng=rng)


def _exact(one: Judged) -> float:
    best = one.likeliest
    return best is not None and one.hits(best) and (best.start, best.end) == (one.start, one.end)


def _overlap(one: Judged) -> float:
    """Shared characters over the mean length: F1 of characters."""
    best = one.likeliest
    if best is None or not one.hits(best):
        return 0.0
    shared = max(0, min(best.end, one.end) - max(best.start, one.start))
    return 2 * shared / max(1, best.end - best.start + one.end - one.start)


def _share(row: str, metric: str, judged: Sequence[Judged], of: Callable[[Judged], float], *, rng: Random) -> BenchRow:
    units = _sums(judged, lambda one: (float(of(one)), 1.0))
    return figure(row, metric, bootstrap_ratio([(unit[0], unit[1]) for unit in units], rng, RESAMPLES), n=len(judged), unit="share")


def _sums(judged: Iterable[Judged], of: Callable[[Judged], Sequence[float]]) -> list[tuple[float, ...]]:
    return list(_grouped(judged, of).values())


def _grouped(judged: Iterable[Judged], of: Callable[[Judged], Sequence[float]]) -> Mapping[str, tuple[float, ...]]:
    sums: dict[str, tuple[float, ...]] = {}
    for one in judged:
        counts = of(one)
        sums[one.group] = tuple(map(sum, zip(sums[one.group], counts, strict=True))) if one.group in sums else tuple(counts)
    return sums


def _f1_units(units: Iterable[tuple[float, ...]]) -> list[tuple[float, float]]:
    return [_one_f1(unit) for unit in units]


def _one_f1(unit: tuple[float, ...]) -> tuple[float, float]:
    right, told, there = unit
    return 2 * right, told + there


def _f1s(units: Sequence[tuple[float, ...]]) -> tuple[float, float] | None:
    ours, of, theirs, of_theirs = (sum(unit[place] for unit in units) for place in range(4))
    return (ours / of, theirs / of_theirs) if of and of_theirs else None


def _relative_gain(units: Sequence[tuple[float, ...]]) -> float | None:
    found = _f1s(units)
    return found[0] / found[1] - 1 if found and found[1] else None


def _error_left(units: Sequence[tuple[float, ...]]) -> float | None:
    found = _f1s(units)
    return (1 - found[0]) / (1 - found[1]) if found and found[1] < 1 else None


def _row(row: str, metric: str, interval: Interval, n: int, unit: str) -> BenchRow:
    return figure(row, metric, interval, n=n, unit=unit)
