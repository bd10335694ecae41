"""What is believed of a wording's success from day to day: Beta posteriors that forget, and the chance that one wording is the better.

Pure arithmetic. After Ponnusamy et al. 2022, where each rewrite is judged by a pair of Betas: as said, and as rewritten. What counts is
told by day, so that a day adds and a customer can be taken out; and whatever was before the assistant changed is not believed any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.special import betainc, betaincinv, betaln

from markov.score import PRIOR

HALF_LIFE_DAYS = 14.0
"""After so many days a success counts half: two working weeks, so that weekdays and weekends weigh alike, and a season is forgotten."""

CHANGE_MIN = 100.0
"""How many times likelier days must be with a change between them than without, for the days before to be forgotten: what Jeffreys calls
decisive. Of wordings that never change fewer than one in ten forgets anything in eight weeks, and then only knows less."""

STEPS = 128
"""Points at which a chance is summed over: the sum is then within 0.001 of the integral where both have been tried thousands of times."""


@dataclass(frozen=True, slots=True)
class Day:
    """How a wording fared on one day."""

    day: date
    wins: float
    """Weight of the turns that succeeded."""
    losses: float
    """Weight of those that failed."""


@dataclass(frozen=True, slots=True)
class Beta:
    """What is believed of an unknown chance."""

    wins: float
    losses: float
    """Both with the prior."""

    @property
    def mean(self) -> float:
        """The chance, as far as one figure can say it."""
        return self.wins / (self.wins + self.losses)

    @property
    def share(self) -> float:
        """The share of turns that succeeded, the prior apart; nothing where there was none."""
        return (self.wins - PRIOR) / self.weight if self.weight > 0 else 0.0

    @property
    def weight(self) -> float:
        """How many turns stand behind it, the prior apart."""
        return self.wins + self.losses - 2 * PRIOR


UNTRIED = Beta(PRIOR, PRIOR)
"""Of what nobody has said."""


def added(days: Iterable[Day]) -> tuple[Day, ...]:
    """Each day once, in order: what two records tell of one day adds up."""
    sums: dict[date, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for each in days:
        sums[each.day][0] += each.wins
        sums[each.day][1] += each.losses
    return tuple(Day(day, wins, losses) for day, (wins, losses) in sorted(sums.items()))


def since_change(days: Sequence[Day], *, change_min: float = CHANGE_MIN) -> tuple[Day, ...]:
    """The days since success last changed for good; all of them where nothing says that it did.

    Two chances, one before a moment and one behind it, are held against one chance for all: the ratio of what each makes likely, with the
    uniform prior. The moment may lie between two days, or on a day, which then stands for itself. Where the ratio is decisive, the days
    before the likeliest moment go, and the rest is looked at again.
    """
    kept = added(days)
    while len(kept) > 1:
        wins, losses = (np.array([getattr(each, name) for each in kept]) for name in ("wins", "losses"))
        before = _likely(np.cumsum(wins), np.cumsum(losses))
        behind = _likely(np.cumsum(wins[::-1]), np.cumsum(losses[::-1]))[::-1]
        between, within = before[:-1] + behind[1:], before[:-2] + _likely(wins, losses)[1:-1] + behind[2:]
        moment = int(np.argmax(np.concatenate([between, within])))
        if max(between.max(), within.max(initial=-np.inf)) - before[-1] <= np.log(change_min):
            break
        kept = kept[moment + 1 :] if moment < len(between) else kept[moment - len(between) + 2 :]
    return kept


def believed(days: Iterable[Day], *, today: date, half_life_days: float = HALF_LIFE_DAYS) -> Beta:
    """The posterior today, older days for less; what lies ahead of today counts in full."""
    wins = losses = 0.0
    for each in days:
        kept = 0.5 ** (max(0, (today - each.day).days) / half_life_days)
        wins += kept * each.wins
        losses += kept * each.losses
    return Beta(wins + PRIOR, losses + PRIOR)


def better(one: Beta, other: Beta, *, margin: float = 0.0) -> float:
    """P(one's chance > other's chance + margin), of two that are independent."""
    # The mean, over equally likely values of the other, of the chance that one lies above it.
    levels = betaincinv(other.wins, other.losses, (np.arange(STEPS) + 0.5) / STEPS)
    return float(np.mean(1.0 - betainc(one.wins, one.losses, np.clip(levels + margin, 0.0, 1.0))))


def above(one: Beta, level: float) -> float:
    """P(the chance > level)."""
    return float(1.0 - betainc(one.wins, one.losses, level))


def _likely(wins: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """Logarithm of how likely just these wins and losses are, by one unknown chance."""
    return np.asarray(betaln(wins + PRIOR, losses + PRIOR) - betaln(PRIOR, PRIOR))
