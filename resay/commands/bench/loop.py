"""The rows of `resay bench loop`: from the sums of loops to figures with intervals (EVALUATION, section 2).

The reduction of a main row is paired: the same customers with the same wishes, with the system and with nothing. What an operator would
see, the arms beside each other, stands in the rows of weeks, and in `measured_minus_true`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from resay.commands.bench.loop_learnt import learnt_rows
from resay.commands.bench.loop_runs import SAME_VOICE, Run
from resay.commands.bench.loop_so_far import so_far_rows
from resay.commands.bench.report import BenchRow, Shown, count, figure
from resay.dialogue.rewrite import Layer
from resay.experiment.bounds import Interval, bootstrap, bootstrap_ratio, rate_reduction, reduction_of_rates, win_loss_of_sums
from resay.lab.adviser import Mode
from resay.lab.loop import LoopOutcome, Measured
from resay.lab.speed import Speed
from resay.lab.tally import Arm, Sums, Tally, decided_of, in_week, pooled, weeks_of

NEW_VOICE = "new-voice"

KEPT_ON = "kept-on"
"""End of the names of rows in which nothing is rolled back, beside those in which it is."""

LAYERS = tuple(Layer)
"""All that EVALUATION names, those that did nothing too."""

COHORT_DEFECTS_MIN = 200
"""Smaller cohorts are shown, and never called the worst: with so many defects the standard error of a reduction by 40 % (EVALUATION's bar)
is about 0.05, as turns of one customer hang together, so that a cohort that is as good as the others falls below 0.7 times the mean once in
a hundred."""

COHORT_CUSTOMERS_MIN = 20
"""Nor are those of fewer customers: their habits, and not their voices, would be told."""

COLUMNS = (
    Shown("before", "defect_rate_before"),
    Shown("fewer", "defect_reduction"),
    Shown("95 %", "defect_reduction", "range"),
    Shown("wins", "wins"),
    Shown("losses", "losses"),
    Shown("bound", "win_loss", "lo"),
    Shown("harm", "harm"),
    Shown("wrong", "wrong_actions_caused"),
)
"""What the table for people shows, in eighty columns; the JSON has all."""

Unit = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """One or several loops of one kind, as one."""

    ours: Tally
    kept_on: Tally | None
    """With nothing rolled back; none where `ours` is so too."""
    oracle: Tally
    untouched: Tally
    learning: Tally
    measured: Mapping[str, Measured]


def seen(runs: Mapping[str, Run]) -> Seen:
    """The sums of loops, pooled by name."""
    outcomes = {name: run.outcome for name, run in runs.items()}
    return Seen(
        ours=pooled({name: each.ours for name, each in outcomes.items()}),
        kept_on=pooled(kept_on) if (kept_on := _kept_on(outcomes)) else None,
        oracle=pooled({name: each.oracle for name, each in outcomes.items()}),
        untouched=pooled({name: each.untouched for name, each in outcomes.items()}),
        learning=pooled({name: each.learning for name, each in outcomes.items()}),
        measured={f"{name}/{customer}": sums for name, each in outcomes.items() for customer, sums in each.measured.items()},
    )


def _kept_on(outcomes: Mapping[str, LoopOutcome]) -> dict[str, Tally]:
    return {name: each.kept_on for name, each in outcomes.items() if each.kept_on}


def loop_rows(runs: Mapping[str, Run], mode: Mode, *, seed: int) -> Iterator[BenchRow]:
    """All figures of the loops of one mode, by name."""
    end = "" if mode is Mode.BEFORE else f"/{mode}"
    new = {name: run for name, run in runs.items() if name != SAME_VOICE}
    if new:
        yield from _voices(seen(new), NEW_VOICE, end, seed=seed)
        for name, run in new.items():
            alone = seen({name: run})
            yield from _treated(f"leave-out={name}{end}", alone.ours, alone.untouched, seed=seed)
            yield from _treated(f"oracle-table/{name}{end}", alone.oracle, alone.untouched, seed=seed)
            if alone.kept_on:
                yield from _treated(f"leave-out={name}/{KEPT_ON}{end}", alone.kept_on, alone.untouched, seed=seed)
    if SAME_VOICE in runs:
        same = seen({SAME_VOICE: runs[SAME_VOICE]})
        yield from _voices(same, SAME_VOICE, end, seed=seed)
        yield from _treated(f"stress{end}", same.ours, same.untouched, main=False, seed=seed)
        yield from _weeks(same, end, seed=seed)
        yield from so_far_rows((same.learning, same.untouched), (same.learning, same.ours), end)
    if new:
        # Who is scored there was not learnt from: the arms stand beside each other in the scored weeks alone.
        pool = seen(new)
        yield from so_far_rows((pool.untouched,), (pool.ours,), f"/{NEW_VOICE}{end}")
        yield from learnt_rows(f"main/{NEW_VOICE}{end}", list(new.values()), seed=seed)
    for name, run in runs.items():
        row = f"main/{name}{end}" if name == SAME_VOICE else f"leave-out={name}{end}"
        yield from learnt_rows(row, [run], seed=seed)


def speed_rows(runs: Sequence[Run], understood: Speed) -> Iterator[BenchRow]:
    """Turns that the world makes in a second of one core, without learning and without models.

    `world` is of the loops themselves, where much is heard for the first time and takes the NLU milliseconds; in `world/cached`
    all has been understood before.
    """
    turns, seconds = sum(run.outcome.oracle.total().turns for run in runs), sum(run.outcome.talk_s for run in runs)
    for row, speed in (("world", Speed(turns, seconds)), ("world/cached", understood)):
        yield BenchRow(row, "per_s", speed.turns / speed.seconds if speed.seconds else None, n=speed.turns, unit="turns/s")


def _voices(seen: Seen, voices: str, end: str, *, seed: int) -> Iterator[BenchRow]:
    """The main row of one kind of voices, the reference beside it, its layers, its cohorts, and what labels see of it."""
    row, beside = f"main/{voices}{end}", "" if voices == NEW_VOICE else f"/{voices}"
    yield from _treated(row, seen.ours, seen.untouched, seed=seed)
    yield from _treated(f"oracle-table{beside}{end}", seen.oracle, seen.untouched, seed=seed)
    if seen.kept_on:
        yield from _treated(f"main/{voices}/{KEPT_ON}{end}", seen.kept_on, seen.untouched, seed=seed)
    beyond = _minus_oracle(seen, seed)
    yield figure(row, "minus_oracle", beyond, n=beyond.n, unit="share")
    yield from _measured(row, seen, f"{beside}{end}", seed=seed)
    defects = sum(each.turns - each.right_as_said for each in seen.ours.by_customer(Arm.TREATMENT, main=True).values())
    by_layer = seen.ours.by_layer(main=True)
    for layer in LAYERS:
        yield from _layer(f"{layer}{beside}{end}", by_layer.get(layer, Sums()), defects=defects)
    yield from _cohorts(row, seen, f"{beside}{end}", seed=seed)


def _treated(row: str, after: Tally, before: Tally, *, seed: int, main: bool = True) -> Iterator[BenchRow]:
    """The figures of the treatment arm's customers, with and without."""
    ours, untouched = after.by_customer(Arm.TREATMENT, main=main), before.by_customer(Arm.TREATMENT, main=main)
    units = [_paired(untouched[each], ours.get(each, Sums())) for each in untouched]
    yield from _rates(row, units, seed=seed)
    sums = list(ours.values())
    yield from _decided(row, sums, list(after.by_pair(main=main)), seed=seed)
    right = sum(each.right_as_said for each in sums)
    harm = bootstrap_ratio([(each.harmed, each.right_as_said) for each in sums], Random(seed))
    yield figure(row, "harm", harm, n=right, unit="share")
    turns = sum(each.turns for each in sums)
    yield count(row, "wrong_actions_caused", sum(each.wrong_actions for each in sums), n=turns)
    yield count(row, "risky_wrong_actions_caused", sum(each.risky_wrong_actions for each in sums), n=turns)
    yield count(row, "triggers", sum(each.triggers for each in sums), n=turns)


def _rates(row: str, units: Sequence[Unit], *, seed: int) -> Iterator[BenchRow]:
    """Defect rates on both sides, and the reduction."""
    before = bootstrap_ratio([(unit[0], unit[1]) for unit in units], Random(seed))
    after = bootstrap_ratio([(unit[2], unit[3]) for unit in units], Random(seed))
    yield figure(row, "defect_rate_before", before, n=round(sum(unit[1] for unit in units)), unit="share")
    yield figure(row, "defect_rate_after", after, n=round(sum(unit[3] for unit in units)), unit="share")
    yield figure(row, "defect_reduction", rate_reduction(units, Random(seed)), n=round(sum(unit[0] for unit in units)), unit="share")


def _decided(row: str, customers: Sequence[Sums], pairs: Sequence[Sums], *, seed: int) -> Iterator[BenchRow]:
    won = win_loss_of_sums(decided_of(customers), decided_of(pairs), rng=Random(seed))
    decided = won.wins + won.losses
    yield count(row, "wins", won.wins, n=decided)
    yield count(row, "losses", won.losses, n=decided)
    yield figure(row, "win_loss", won.ratio, n=decided, unit="ratio")
    # Below a hundred distinct pairs the bound of win_loss may not be called met.
    yield count(row, "pairs", won.pairs, n=decided)


def _layer(row: str, sums: Sums, *, defects: int) -> Iterator[BenchRow]:
    """What one layer did, and how many of all that would have failed it spared, less what it broke: layers add up in this."""
    yield BenchRow(row, "defect_reduction", (sums.wins - sums.harmed) / defects if defects else None, n=defects, unit="share")
    for metric in ("triggers", "wins", "losses", "harmed", "wrong_actions"):
        yield count(row, "wrong_actions_caused" if metric == "wrong_actions" else metric, getattr(sums, metric), n=sums.triggers)


def _cohorts(row: str, seen: Seen, beside: str, *, seed: int) -> Iterator[BenchRow]:
    """Each cohort's reduction, how far it is behind the mean, and the worst of those that are large enough to say so."""
    mean = reduction_of_rates([_paired(before, after) for _, before, after in _both(seen)])
    told: list[float] = []
    for cohort in sorted({member.cohort for member in seen.untouched.members.values()}):
        units = [_paired(before, after) for customer, before, after in _both(seen) if seen.untouched.members[customer].cohort == cohort]
        rows = list(_rates(f"cohort={cohort}{beside}", units, seed=seed))
        reduction, defects = rows[-1].value, rows[-1].n
        yield from rows
        yield count(f"cohort={cohort}{beside}", "customers", len(units), n=round(sum(unit[1] for unit in units)))
        if reduction is not None and mean is not None and defects >= COHORT_DEFECTS_MIN and len(units) >= COHORT_CUSTOMERS_MIN:
            told.append(reduction)
            yield BenchRow(f"cohort={cohort}{beside}", "gap", mean - reduction, n=defects, unit="share")
    yield BenchRow(row, "worst_cohort", min(told) / mean if told and mean else None, n=len(told), unit="ratio")
    yield BenchRow(row, "worst_gap", mean - min(told) if told and mean is not None else None, n=len(told), unit="share")


def _weeks(seen: Seen, end: str, *, seed: int) -> Iterator[BenchRow]:
    """The arms beside each other, week by week: learning weeks, then scored weeks; the interval is of one look, not sequential."""
    for week in weeks_of((seen.learning, seen.untouched)):
        control = in_week((seen.learning, seen.untouched), Arm.CONTROL, week).values()
        treatment = in_week((seen.learning, seen.ours), Arm.TREATMENT, week).values()
        units = [_paired(each, Sums()) for each in control] + [_paired(Sums(), each) for each in treatment]
        row = f"week={week + 1}{end}"
        yield from _rates(row, units, seed=seed)
        turns = sum(each.turns for each in treatment)
        for metric, each in (
            *((each, each) for each in ("triggers", "wins", "losses", "harmed")),
            ("wrong_actions_caused", "wrong_actions"),
        ):
            yield count(row, metric, sum(getattr(sums, each) for sums in treatment), n=turns)


def _measured(row: str, seen: Seen, beside: str, *, seed: int) -> Iterator[BenchRow]:
    """What an operator would see of the arms, by labels, less what is true of them."""
    sides = {Arm.CONTROL: seen.untouched.by_customer(Arm.CONTROL), Arm.TREATMENT: seen.ours.by_customer(Arm.TREATMENT)}
    told = {arm: {each: (*_turned(sums), *_told(seen.measured.get(each))) for each, sums in by.items()} for arm, by in sides.items()}
    yield from measured_rows(row, told, beside, seed=seed)


def measured_rows(row: str, told: Mapping[Arm, Mapping[str, Unit]], beside: str, *, seed: int) -> Iterator[BenchRow]:
    """What labels say less what is true: of the reduction, and of each arm's rate.

    By arm and customer: defects in truth, turns, defects as labels have them, turns.
    """
    nothing = (0.0, 0.0)
    arms = [(*unit[:2], *nothing, *unit[2:], *nothing) for unit in told[Arm.CONTROL].values()]
    arms += [(*nothing, *unit[:2], *nothing, *unit[2:]) for unit in told[Arm.TREATMENT].values()]
    yield figure(row, "measured_minus_true", bootstrap(arms, _too_much, rng=Random(seed)), n=len(arms), unit="share")
    for arm, units in told.items():
        interval = bootstrap(list(units.values()), _rate_too_high, rng=Random(seed))
        yield figure(f"arm={arm}{beside}", "measured_minus_true", interval, n=len(units), unit="share")


def _too_much(units: Sequence[Unit]) -> float | None:
    measured, true = reduction_of_rates([unit[4:] for unit in units]), reduction_of_rates(units)
    return None if measured is None or true is None else measured - true


def _rate_too_high(units: Sequence[Unit]) -> float | None:
    defects, turns, told, of = (sum(unit[place] for unit in units) for place in range(4))
    return told / of - defects / turns if of and turns else None


def _minus_oracle(seen: Seen, seed: int) -> Interval:
    """Our reduction less the reference's, on the same wishes."""
    oracle = seen.oracle.by_customer(Arm.TREATMENT, main=True)
    ours = seen.ours.by_customer(Arm.TREATMENT, main=True)
    units = [
        (*_paired(before, ours.get(each, Sums())), *_paired(before, oracle.get(each, Sums())))
        for each, before in seen.untouched.by_customer(Arm.TREATMENT, main=True).items()
    ]

    def difference(units: Sequence[Unit]) -> float | None:
        one, other = reduction_of_rates(units), reduction_of_rates([unit[4:] for unit in units])
        return None if one is None or other is None else one - other

    return bootstrap(units, difference, rng=Random(seed))


def _both(seen: Seen) -> Iterator[tuple[str, Sums, Sums]]:
    """The customers of the treatment arm, without and with."""
    after = seen.ours.by_customer(Arm.TREATMENT)
    return ((each, before, after.get(each, Sums())) for each, before in seen.untouched.by_customer(Arm.TREATMENT).items())


def _paired(before: Sums, after: Sums) -> Unit:
    return (*_turned(before), *_turned(after))


def _turned(sums: Sums) -> Unit:
    return (sums.defects, sums.turns)


def _told(measured: Measured | None) -> Unit:
    return (measured.defects, measured.turns) if measured else (0.0, 0.0)
