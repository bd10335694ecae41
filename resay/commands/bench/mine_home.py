"""The part `quality` in the home that ships: proposals from a closed loop's log, judged by what was wanted and what the real NLU does.

The log is made by real recognition and real understanding; links and labels are the product's own. Who judges draws from recordings that
nobody has learnt from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pyarrow as pa

from markov.candidate import Bar
from markov.duckdb_engine import DuckDBEngine
from markov.mine import mine
from markov.steps import Floors
from resay.commands.bench.loop_system import ProductSystem
from resay.commands.bench.mine_baselines import Proposal, frequent, paired, read_heard
from resay.commands.bench.mine_learners import CUSTOMERS_MIN
from resay.commands.bench.mine_precision import Night, Units, mean_precision
from resay.commands.bench.report import BenchRow, count, figure
from resay.commands.settings import read_settings
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.text import canonical
from resay.dialogue.tick import Tick
from resay.dialogue.turn import Turn, said
from resay.experiment.bounds import bootstrap, clopper_pearson
from resay.lab.adviser import Mode, adviser
from resay.lab.assistant import Assistant, LabMissing
from resay.lab.cast import Cast, Casting, casts
from resay.lab.conversation import Exchange
from resay.lab.judged import Judged
from resay.lab.making import START
from resay.lab.traffic import Span, talk
from resay.lab.world import World
from resay.store.lake import Lake
from resay.store.tables import LINKS

DAYS = 28
"""Four weeks of own rewrites (EVALUATION 4)."""

LEARN_EVERY = 7
"""Nights from one learning to the next."""

CUSTOMERS = 400
"""With fewer, hardly anything is heard of ten customers so that a rewrite could be needed."""

FLOORS = {"": CUSTOMERS_MIN, "/k=2": 2}
"""Customers behind every proposal and every text that is asked about, by the end of rows' names: the product's own floor, and next to none,
which shows what the floor costs."""

STEPS = 4
"""Judging, an unserved log with its rankings, and two lives with either floor."""


@dataclass(frozen=True, slots=True)
class HomePlan:
    """One home's talk, and its chance."""

    seed: int
    customers: int = CUSTOMERS
    days: int = DAYS
    learn_every: int = LEARN_EVERY

    def talk(self, cast: Cast, first: int = 0) -> Iterator[list[Exchange]]:
        """What some say, day by day."""
        return talk(cast.stage, cast.customers, span=Span(START, first, self.days), seed=self.seed, false_wakes=cast.false_wakes)


@dataclass(frozen=True, slots=True)
class Judgeable:
    """One proposal."""

    source: str
    target: str
    score: float
    room: str = ""
    """Where it holds in one alone."""


def home_rows(world: World, plan: HomePlan, *, shelf: Path | None, tick: Tick) -> Iterator[BenchRow]:
    """Rankings from a log in which nothing was rewritten, and tables after four weeks of own rewrites."""
    try:
        assistant = Assistant(world.home, shelf=shelf)
    except LabMissing as missing:
        yield BenchRow("home/self-aware", "auc_pr", None, n=0, unit=f"not run: {missing}")
        return
    taught, scored = casts(world, assistant, Casting(plan.seed, plan.customers, plan.days))
    judged = Judged(world, assistant)
    for exchanges in plan.talk(scored):
        judged.see(exchanges)
    tick(1, STEPS)
    turns = [each.turn for exchanges in plan.talk(taught) for each in exchanges]
    grounds = {end: ground_of(turns, judged, customers_min=k) for end, k in FLOORS.items()}
    for end, ground in grounds.items():
        yield count(f"home{end}", "wanted", len(ground.wanted), n=len(ground.numbers))
    for name, found in unserved(turns).items():
        ground = grounds[next(end for end in reversed(FLOORS) if name.endswith(end))]
        yield from _figures(f"home/{name}", "_unserved", found, ground=ground, seed=plan.seed)
    tick(2, STEPS)
    for place, (end, ground) in enumerate(grounds.items(), start=3):
        yield from _lived(taught, ground, plan=plan, end=end)
        tick(place, STEPS)


def _lived(cast: Cast, ground: Ground, *, plan: HomePlan, end: str) -> Iterator[BenchRow]:
    """What is live after four weeks of own rewrites, with a floor: of a product that is shown them, and of one that is not."""
    nights = {}
    for name, shown in {"chain+links": as_if_said, "self-aware": as_logged}.items():
        table = [_judgeable(each) for each in live_through(cast, shown, plan=plan, customers_min=FLOORS[end])]
        nights[name] = night_of(table, ground)
        yield from _figures(f"home/{name}{end}", "", table, ground=ground, seed=plan.seed)
    gain = partial(_gain, [nights["self-aware"]], [nights["chain+links"]])
    ratio = bootstrap(ground.units, gain, rng=Random(plan.seed))
    yield figure(f"home/self-aware/chain+links{end}", "ratio", ratio, n=ratio.n, unit="ratio")


@dataclass(frozen=True, slots=True)
class Ground:
    """What proposals are held against: texts that as many customers were heard to say as the floor asks for, and that can be judged."""

    judged: Judged
    numbers: Mapping[str, int]
    """A number for each of these texts."""
    wanted: frozenset[str]
    """Those for which a rewrite is needed."""

    @property
    def units(self) -> list[tuple[float]]:
        """What intervals draw from."""
        return [(float(each),) for each in self.numbers.values()]


def ground_of(turns: Iterable[Turn], judged: Judged, *, customers_min: int) -> Ground:
    """The texts of a log."""
    heard: dict[str, set[str]] = {}
    for each in turns:
        heard.setdefault(canonical(said(each)), set()).add(each.customer_id)
    known = sorted(text for text, customers in heard.items() if text and len(customers) >= customers_min and judged.is_known(text))
    return Ground(judged, {text: number for number, text in enumerate(known)}, frozenset(filter(judged.is_wanted, known)))


def unserved(turns: Sequence[Turn]) -> dict[str, list[Judgeable]]:
    """What each ranks how after all of a log in which nothing was rewritten, by floor; with the product's own links and labels."""
    with TemporaryDirectory(prefix="resay-bench-") as folder:
        settings = read_settings({}, home=Path(folder))
        with closing(ProductSystem(settings)) as system:
            system.land(turns, max(each.at for each in turns))
            system.judge()
        lake = Lake(settings.lake)
        heard, links = read_heard(lake)
        found: dict[str, list[Judgeable]] = {}
        for end, k in FLOORS.items():
            found[f"frequency{end}"] = _counted(frequent(heard, customers_min=k))
            found[f"pairs{end}"] = _counted(paired(heard, links, customers_min=k))
            found[f"chain+links{end}"] = _mined(lake, k)
        lake.replace(LINKS, alike(lake))
        return found | {f"chain{end}": _mined(lake, k) for end, k in FLOORS.items()}


def live_through(cast: Cast, shown: Callable[[Turn], Turn], *, plan: HomePlan, customers_min: int) -> tuple[Rewrite, ...]:
    """What is live after four weeks in which the product's table is served, and the product is shown what came of it, or else."""
    with (
        TemporaryDirectory(prefix="resay-bench-") as folder,
        closing(ProductSystem(read_settings({}, home=Path(folder)), k=customers_min)) as system,
    ):
        for day in range(plan.days):
            advise = adviser(system.rewriting(), arms=cast.arms, mode=Mode.BEFORE)
            exchanges = next(plan.talk(replace(cast, stage=replace(cast.stage, advise=advise)), first=day))
            system.land([shown(each.turn) for each in exchanges], _night(day))
            if (day + 1) % plan.learn_every == 0:
                system.learn(_night(day))
        return system.rewrites()


def as_logged(turn: Turn) -> Turn:
    """With what was really said, and what was put in its place."""
    return turn


def as_if_said(turn: Turn) -> Turn:
    """As an assistant logs it that does not log rewrites: what was said, and what was made of what we had put in its place."""
    return replace(turn, utterance=said(turn), rewrite=None)


def alike(lake: Lake) -> pa.Table:
    """Links by which every turn is certainly said again by the next one of its goal segment."""
    with lake.connect() as connection:
        rows: pa.Table = connection.sql(_ALIKE).to_arrow_table()
    return rows.cast(LINKS.schema())


_ALIKE = """
    select source_turn_id, target_turn_id, customer_id, event_time, 1.0 as probability, 0 as span_start, 1 as span_end, 'alike' as detector
    from (
        select turn_id as source_turn_id, customer_id, event_time,
            lead(turn_id) over (partition by segment_id order by event_time, turn_id) as target_turn_id
        from segments
    ) as followed
    where target_turn_id is not null
"""


def night_of(found: Iterable[Judgeable], ground: Ground) -> Night:
    """The best proposal for each text, against the truth; one for a text that needs none is wrong."""
    best: dict[str, Judgeable] = {}
    for each in found:
        if each.source in ground.numbers and (each.source not in best or each.score > best[each.source].score):
            best[each.source] = each
    scored = [
        (each.score, each.source, ground.numbers[each.source], ground.judged.is_right(each.source, each.target, room=each.room))
        for each in best.values()
    ]
    return Night(tuple(scored), {ground.numbers[each]: 1 for each in ground.wanted})


def _figures(row: str, end: str, found: Sequence[Judgeable], *, ground: Ground, seed: int) -> Iterator[BenchRow]:
    """Average precision; and how many of the proposals for texts that can be judged are right."""
    night = night_of(found, ground)
    precision = bootstrap(ground.units, partial(mean_precision, [night]), rng=Random(seed))
    yield figure(row, f"auc_pr{end}", precision, n=len(ground.wanted), unit="share")
    right = clopper_pearson(sum(right for *_, right in night.scored), len(night.scored))
    yield figure(row, f"precision{end}", right, n=right.n, unit="share")


def _gain(ours: Sequence[Night], theirs: Sequence[Night], units: Units) -> float | None:
    aware, unaware = mean_precision(ours, units), mean_precision(theirs, units)
    return aware / unaware if aware is not None and unaware else None


def _counted(found: Iterable[Proposal]) -> list[Judgeable]:
    return [Judgeable(each.source, each.target, each.score) for each in found]


def _mined(lake: Lake, customers_min: int) -> list[Judgeable]:
    """Every candidate by the lower bound of what is gained, whether or not it clears the bar."""
    with lake.connect() as connection:
        weighed = mine(DuckDBEngine(connection), Bar(floors=Floors(customers_min=customers_min))).weighed
    return [Judgeable(each.candidate.source, each.candidate.spelling, each.gain) for each in weighed]


def _judgeable(each: Rewrite) -> Judgeable:
    return Judgeable(each.source, each.target, each.success_as_rewritten - each.success_as_said, each.room)


def _night(day: int) -> datetime:
    return START + timedelta(days=day + 1, hours=6)
