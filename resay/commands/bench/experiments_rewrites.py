"""Many rewrites on trial at once, in a made-up world where it is known which are better: what is promoted, what is taken back, how soon."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from resay.commands.bench.report import BenchRow, figure
from resay.dialogue.tick import Tick
from resay.experiment.bounds import Interval, clopper_pearson
from resay.experiment.evidence import Outcomes, Phase, added
from resay.experiment.promote import CANARY_SHARE, LIVE_SHARE, Stage, Trial, changes

NIGHTS = 28

EACH = 20
"""Rewrites of each kind in one world: with four kinds e-BH has eighty to look through."""

TRIALS_A_DAY = 4.0
"""Turns a day for which a rewrite is ready."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How rewrites of one kind fare."""

    name: str
    said: float
    """Chance of success as said."""
    rewritten: float


KINDS = (
    Kind("better", 0.2, 0.8),
    Kind("little-better", 0.5, 0.7),
    Kind("same", 0.6, 0.6),
    Kind("worse", 0.6, 0.1),
)


@dataclass(slots=True)
class _Kept:
    """What is counted while worlds are lived through."""

    promoted: dict[str, int]
    taken_back: dict[str, int]
    false_share: list[float]
    """Of the live ones, on the last night of each world."""
    bad: list[int]
    """Exposures that failed before a worse one was taken back."""


def rewrite_rows(worlds: int, *, seed: int, tick: Tick) -> list[BenchRow]:
    """The figures."""
    rng = np.random.default_rng([seed, 3])
    kept = _Kept(dict.fromkeys((kind.name for kind in KINDS), 0), dict.fromkeys((kind.name for kind in KINDS), 0), [], [])
    for place in range(worlds):
        tick(place, worlds)
        _live_through(rng, kept)
    tick(worlds, worlds)
    rows = []
    for kind in KINDS:
        for metric, counted in (("promoted", kept.promoted), ("taken_back", kept.taken_back)):
            rows.append(
                figure(f"rewrites/{kind.name}", metric, clopper_pearson(counted[kind.name], worlds * EACH), n=worlds * EACH, unit="share")
            )
    rows.append(figure("rewrites", "false_share", _mean(kept.false_share), n=worlds, unit="share"))
    ordered = sorted(kept.bad)
    for metric, quantile in (("bad_exposures_p50", 0.5), ("bad_exposures_p95", 0.95)):
        value = ordered[min(int(len(ordered) * quantile), len(ordered) - 1)] if ordered else None
        rows.append(BenchRow("rewrites/worse", metric, value, n=len(ordered), unit="count"))
    return rows


def _live_through(rng: np.random.Generator, kept: _Kept) -> None:
    kinds = {f"{kind.name}/{place}": kind for kind in KINDS for place in range(EACH)}
    trials = {name: Trial(name, Stage.CANARY, ()) for name in kinds}
    for _ in range(NIGHTS):
        for name, trial in trials.items():
            if trial.stage is not Stage.TAKEN_BACK:
                trials[name] = replace(trial, phases=tuple(added([*trial.phases, _day(trial, kinds[name], rng)])))
        for change in changes(list(trials.values())):
            trials[change.rewrite_id] = replace(trials[change.rewrite_id], stage=change.after)
            if change.after is Stage.TAKEN_BACK and kinds[change.rewrite_id].name == "worse":
                kept.bad.append(sum(phase.applied.wrong for phase in trials[change.rewrite_id].phases))
    live = [kinds[name] for name, trial in trials.items() if trial.stage is Stage.LIVE]
    kept.false_share.append(sum(kind.rewritten <= kind.said for kind in live) / max(len(live), 1))
    for name, trial in trials.items():
        kept.promoted[kinds[name].name] += trial.stage is Stage.LIVE
        kept.taken_back[kinds[name].name] += trial.stage is Stage.TAKEN_BACK


def _day(trial: Trial, kind: Kind, rng: np.random.Generator) -> Phase:
    share = LIVE_SHARE if trial.stage is Stage.LIVE else CANARY_SHARE
    ready = int(rng.poisson(TRIALS_A_DAY))
    applied = int(rng.binomial(ready, share))
    right, right_said = int(rng.binomial(applied, kind.rewritten)), int(rng.binomial(ready - applied, kind.said))
    return Phase(share, Outcomes(right, applied - right), Outcomes(right_said, ready - applied - right_said))


def _mean(shares: list[float]) -> Interval:
    """The mean over worlds, with the interval of its standard error."""
    mean = float(np.mean(shares))
    half = 1.96 * float(np.std(shares, ddof=1)) / len(shares) ** 0.5 if len(shares) > 1 else 0.0
    return Interval(mean, max(mean - half, 0.0), mean + half, len(shares))
