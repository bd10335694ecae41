"""The gate: whether a candidate is good enough to be said for a customer.

Knows vetoes, risk and the two chances of success; knows nothing of where a candidate comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from resay.dialogue.rewrite import Layer, Reason, Rewrite, Risk
from resay.dialogue.text import canonical, words_in_common


@dataclass(frozen=True, slots=True)
class Bar:
    """What a rewrite must clear to be served, in one class of risk."""

    margin: float
    """How much likelier than the original it must be to succeed."""
    success_min: float
    """How likely to succeed at least, whatever the original."""
    support_min: int
    """Customers that must stand behind it, beyond the floor that the verifier has checked."""
    odds_more: float = 1.0
    """By how much the odds of its success are known to be told too low, where they are held against those of the original."""
    odds_more_yet: float = 1.0
    """The same where the original is doubted: its chance is told too high there, as labels do not see every wrong action."""


BARS: Mapping[Risk, Bar] = {
    # Ten customers, the floor of DESIGN 7, tell a chance of success to within about ± 0.15; a margin of 0.1 keeps coin flips out
    # and costs few good rewrites, because a failing request mostly fails (chance as said near 0).
    Risk.LOW: Bar(margin=0.1, success_min=0.5, support_min=1),
    # Three times the floor and nine in ten: nobody reviews yet, so evidence stands in for the person whom DESIGN 7 asks for.
    Risk.HIGH: Bar(margin=0.3, success_min=0.9, support_min=30),
}
"""The bars by risk: chosen from the floor, not fitted to any data set; issue 6 puts calibrated ones in their place."""


GLOBAL_BARS: Mapping[Risk, Bar] = {
    # Of words that nobody need have said before, chances are a ranker's and not a record. Chosen on loops of other seeds than any that is
    # reported, by what was lost there: nearly all losses are refusals that become wrong actions, and one in twelve is what is allowed. The
    # ranker learns from links, which see half of what would have been right, and is too modest: where it says 0.4, two of three were right,
    # and from 0.6 on 97 of 100; of the words as said it sees all. From 0.8 on four of three thousand were wrong, none of them risky. From
    # 0.3 to 0.4, grown on three times the turns and where something near is known, 147 were right and eight lost.
    Risk.LOW: Bar(margin=0.05, success_min=0.3, support_min=1, odds_more=2.0, odds_more_yet=4.0),
    Risk.HIGH: Bar(margin=0.5, success_min=0.8, support_min=30),
}
"""The bars of the global layer."""

LIKE_MIN = 0.4
"""Share of its words that what was heard has in common with what would be said, from which they are alike."""

LIKE_BARS: Mapping[Risk, Bar] = {
    **GLOBAL_BARS,
    Risk.LOW: Bar(margin=0.05, success_min=0.2, support_min=1, odds_more=2.0, odds_more_yet=8.0),
}
"""The bars of the global layer for what is alike: neither ranker nor pieces see how many whole words are in common, and words that were
heard rightly are seldom other ones. On three voices and seeds 230 turns were won by this, and by what may be doubted of it, and eleven
lost (docs/log.md, 2026-11-22)."""

TAUGHT_BARS: Mapping[Risk, Bar] = {
    # One customer, who said so outright, is all the evidence there can be; where the risk is high they must have said yes when asked.
    Risk.LOW: Bar(margin=0.1, success_min=0.5, support_min=1),
    Risk.HIGH: Bar(margin=0.3, success_min=0.9, support_min=1),
}
"""The bars of the taught layer."""

DOUBTED_MAX = 0.8
"""Chance of success up to which the words as said are doubted. On two voices and seeds 131 turns were won between odds of two and of four
below it, and none was lost; whatever succeeds oftener is left as it is (docs/log.md, 2026-11-22)."""

MEANT_MIN = 0.5
"""And what is reached must be what is wanted more likely than not, by the pieces of what was heard alone: where ranker and pieces do not
agree, half of the harm was done, and an eighth of the good."""

MEANT_LEAST, MEANT_WORDS_MIN, MEANT_COMMON_MIN, MEANT_LEAD_MAX = 0.2, 3, 0.25, 0.3
"""The same where so many words were heard, of which what would be said has such a share in common, the risk is low and the next candidate
is no farther behind, or both are alike; of what is not near to anything, or known and told by nothing, the layer offers none. On two voices
and seeds 287 were won by it and 11 lost, with less in common 61 and 34; of two words two and 49; where ranker and pieces disagree and the
ranker is far surer, five were won for one lost (docs/log.md, 2026-11-22)."""

WORDS_MIN = 2
"""Words that must have been heard: one word alone is too little to guess from, and its rewrites lost more than half of what was lost."""

LEAD_MIN = 0.05
"""How much likelier than the next candidate the best one of the global layer must be to succeed: else both might be meant."""


NEAR_MISS_MIN = 0.2
"""Chance of success from which what misses a bar may be tried: the ranker is modest, and what it doubts more teaches little."""


@dataclass(frozen=True, slots=True)
class Vetoes:
    """Pairs of canonical texts that must never be served; an empty source or target stands for any."""

    pairs: frozenset[tuple[str, str]] = frozenset()

    @staticmethod
    def of(pairs: Iterable[tuple[str, str]]) -> Vetoes:
        """Vetoes from texts as people wrote them; one whose text has no words ("…") matches nothing, where an empty text matches all."""
        named = ((source, canonical(source), target, canonical(target)) for source, target in pairs)
        return Vetoes(
            frozenset((said, put) for source, said, target, put in named if bool(source) == bool(said) and bool(target) == bool(put))
        )

    def forbid(self, rewrite: Rewrite) -> bool:
        """Whether a veto stands against this rewrite."""
        if not self.pairs:
            return False
        source, target = canonical(rewrite.source), canonical(rewrite.target)
        return not self.pairs.isdisjoint({(source, target), (source, ""), ("", target), ("", "")})


NO_VETOES = Vetoes()


def judge(rewrite: Rewrite, *, vetoes: Vetoes, bars: Mapping[Risk, Bar] = BARS) -> Reason:
    """`REWRITTEN` where the rewrite may be served, or why not; vetoes win over everything."""
    if vetoes.forbid(rewrite):
        return Reason.VETOED
    if _clears(rewrite, bars[rewrite.risk]):
        return Reason.REWRITTEN
    # Said apart, because the remedy differs: more evidence or a person, and not a better rewrite.
    cleared_if_harmless = rewrite.risk is Risk.HIGH and _clears(rewrite, bars[Risk.LOW])
    return Reason.HIGH_RISK if cleared_if_harmless else Reason.BELOW_MARGIN


def judge_all(layer: Layer, found: Sequence[Rewrite], *, vetoes: Vetoes, bars: Mapping[Risk, Bar] = BARS) -> list[Reason]:
    """Of each candidate of one layer, best first, whether it may be served.

    Of the global layer only the best may, and only where it is clear of the next: what comes behind it was meant less likely.
    """
    if layer is Layer.TAUGHT:
        bars = TAUGHT_BARS
    if layer is not Layer.GLOBAL:
        return [judge(each, vetoes=vetoes, bars=bars) for each in found]
    first = [judge(each, vetoes=vetoes, bars=LIKE_BARS if _in_common(each) >= LIKE_MIN else GLOBAL_BARS) for each in found[:1]]
    if first == [Reason.REWRITTEN] and not _is_told(found[0], found[1:]):
        first = [Reason.BELOW_MARGIN]
    if first == [Reason.REWRITTEN] and any(_rivals(found[0], each) for each in found[1:]):
        first = [Reason.CONFUSABLE]
    return first + [Reason.VETOED if vetoes.forbid(each) else Reason.LESS_LIKELY for each in found[1:]]


def near_miss(layer: Layer, best: Rewrite, reason: Reason) -> bool:
    """Whether the best candidate of a layer that learns by chance misses by little: worth trying on a few turns.

    Never what is risky or vetoed, nor what is not expected to be better than the words as they are.
    """
    missed = layer is Layer.GLOBAL and reason in {Reason.BELOW_MARGIN, Reason.CONFUSABLE} and best.risk is Risk.LOW
    return missed and best.success_as_rewritten >= NEAR_MISS_MIN and gain(best) > 0


def _is_told(best: Rewrite, others: Sequence[Rewrite]) -> bool:
    words, lead = len(best.source.split()), best.success_as_rewritten - max((each.success_as_rewritten for each in others), default=0.0)
    common = _in_common(best)
    near = common >= MEANT_COMMON_MIN and (lead < MEANT_LEAD_MAX or common >= LIKE_MIN)
    may_doubt = words >= MEANT_WORDS_MIN and best.risk is Risk.LOW and near
    return best.score >= (MEANT_LEAST if may_doubt else MEANT_MIN) and words >= WORDS_MIN


def _in_common(rewrite: Rewrite) -> float:
    return words_in_common(rewrite.source, rewrite.target)


def _rivals(best: Rewrite, other: Rewrite) -> bool:
    return best.success_as_rewritten - other.success_as_rewritten < LEAD_MIN


def gain(rewrite: Rewrite) -> float:
    """Expected success of the target less that of the original; −1 to 1."""
    return rewrite.success_as_rewritten - rewrite.success_as_said


def _clears(rewrite: Rewrite, bar: Bar) -> bool:
    # A chance that is not a number compares false, and so clears nothing.
    more = max(bar.odds_more, bar.odds_more_yet if rewrite.success_as_said <= DOUBTED_MAX else 1.0)
    ahead = _with_odds(rewrite.success_as_rewritten, more) - rewrite.success_as_said
    return ahead > bar.margin and rewrite.success_as_rewritten >= bar.success_min and rewrite.support >= bar.support_min


def _with_odds(chance: float, more: float) -> float:
    """The chance at so many times the odds."""
    return more * chance / (1 + (more - 1) * chance)
