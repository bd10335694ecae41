"""The part `quality` in the made-up world: average precision against the truth, of all learners, unserved and after weeks of own rewrites.

Every learner lives through its own four weeks, several worlds each: what it publishes decides what it learns from next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from resay.commands.bench.mine_baselines import Proposal
from resay.commands.bench.mine_learners import LEARNERS, Learner, Ranked
from resay.commands.bench.mine_log import View, write_day, write_greetings
from resay.commands.bench.mine_precision import Night, Units, mean_precision, together
from resay.commands.bench.report import BenchRow, figure
from resay.dialogue.tick import Tick, silent
from resay.experiment.bounds import Interval, bootstrap, bootstrap_ratio
from resay.lab.self_influence import Spoken, Wish, customers, talk_of_day, wishes
from resay.store.lake import Lake

DAYS = 28
"""Four weeks of own rewrites (EVALUATION 4)."""

SCORED_DAYS = 7
"""The last nights, of which the mean counts: a table that comes and goes must not be met on a good night."""

PEOPLE = 120

RATIOS = (("self-aware", "chain+links"), ("self-aware", "chain"), ("self-aware", "chain+links/apart"))
"""The first is of what EVALUATION asks: all else alike, one knows its own rewrites and one does not."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How one learner did."""

    nights: tuple[Night, ...]
    """The last ones."""
    failures: Mapping[str, tuple[float, float]]
    """Of each customer in the last week: first tries that went wrong in truth, and all."""


@dataclass(frozen=True, slots=True)
class Course:
    """What all learners live through."""

    asked: Sequence[Wish]
    learn_every: int
    """Nights from one learning to the next."""
    seed: int


def quality_rows(*, each: int, learn_every: int, seeds: Sequence[int], tick: Tick) -> Iterator[BenchRow]:
    """All learners' rows over several worlds, and how much better the self-aware one is than those that are not."""
    courses = [Course(wishes(each), learn_every, seed) for seed in seeds]
    size = len(courses[0].asked)
    units = [(float(number),) for number in range(size * len(courses))]
    lived: dict[str, Quality] = {}
    for number, (name, learner) in enumerate(LEARNERS.items()):
        tick(number, len(LEARNERS))
        if learner.view is not View.LEFT_OUT:
            unserved = together([table_unserved(course, learner) for course in courses], size)
            yield figure(name, "auc_pr_unserved", _precision([unserved], units, seeds[0]), n=len(units), unit="share")
        lived[name] = _pooled([live_through(course, learner, silent) for course in courses], size)
        yield figure(name, "auc_pr", _precision(lived[name].nights, units, seeds[0]), n=len(units), unit="share")
        rates = bootstrap_ratio(list(lived[name].failures.values()), Random(seeds[0]))
        yield figure(name, "defect_rate_after", rates, n=sum(int(tries) for _, tries in lived[name].failures.values()), unit="share")
    tick(len(LEARNERS), len(LEARNERS))
    for one, other in RATIOS:
        gain = bootstrap(units, partial(_gain, lived[one].nights, lived[other].nights), rng=Random(seeds[0]))
        yield figure(f"{one}/{other}", "ratio", gain, n=len(units), unit="ratio")


def live_through(course: Course, learner: Learner, tick: Tick) -> Quality:
    """Four weeks in which a learner's table decides what it learns from next."""
    people, table, nights = customers(PEOPLE), Ranked(), []
    failures = dict.fromkeys(people, (0.0, 0.0))
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        write_greetings(lake, people)
        for day in range(DAYS):
            spoken = list(talk_of_day(course.asked, people, table.targets, day=day, seed=course.seed))
            write_day(lake, spoken, learner.view, learner.links)
            is_scored = day >= DAYS - SCORED_DAYS
            if is_scored:
                _count(failures, spoken)
            if day % course.learn_every == 0 or day == DAYS - 1:
                table = learner.learn(lake, table)
            if is_scored:
                nights.append(_night(course.asked, table.proposals, day=day))
            tick(day + 1)
    return Quality(tuple(nights), failures)


def table_unserved(course: Course, learner: Learner) -> Night:
    """The best that a learner knows after four weeks in which nothing was rewritten: its ranking, without its bars."""
    people = customers(PEOPLE)
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        write_greetings(lake, people)
        spoken = [each for day in range(DAYS) for each in talk_of_day(course.asked, people, {}, day=day, seed=course.seed)]
        write_day(lake, spoken, learner.view, learner.links)
        return _night(course.asked, learner.learn(lake, Ranked()).found, day=DAYS - 1)


def _pooled(lived: Sequence[Quality], size: int) -> Quality:
    """Several worlds as one; their customers are others."""
    nights = [together(same, size) for same in zip(*(each.nights for each in lived), strict=True)]
    failures = {f"{place}/{name}": sums for place, each in enumerate(lived) for name, sums in each.failures.items()}
    return Quality(tuple(nights), failures)


def _precision(nights: Sequence[Night], units: Units, seed: int) -> Interval:
    return bootstrap(units, partial(mean_precision, nights), rng=Random(seed))


def _night(asked: Iterable[Wish], table: Iterable[Proposal], *, day: int) -> Night:
    numbered = list(enumerate(asked))
    needed = {source: target for _, wish in numbered for source, target in wish.targets(day + 1).items()}
    of = {text: number for number, wish in numbered for text in (wish.source, *wish.wordings)}
    # An errand for a source is nobody's wish; the miner has never made one, and if it did it would count as the first wish's fault.
    scored = tuple((each.score, each.source, of.get(each.source, 0), needed.get(each.source) == each.target) for each in table)
    return Night(scored, Counter(of[source] for source in needed))


def _count(failures: dict[str, tuple[float, float]], spoken: Iterable[Spoken]) -> None:
    for each in spoken:
        if not each.again_of and not each.is_errand:
            wrong, tries = failures[each.customer]
            failures[each.customer] = (wrong + (not each.right), tries + 1)


def _gain(ours: Sequence[Night], theirs: Sequence[Night], units: Units) -> float | None:
    aware, unaware = mean_precision(ours, units), mean_precision(theirs, units)
    return aware / unaware if aware is not None and unaware else None
