"""Rows (e) to (h) of replay: candidates weighed by boosted trees, learnt on train calls from what callers are believed to have meant.

Whose beliefs (people's, or those read from the log alone) makes the row; everything else is one path. Trees are grown, calibrated, written
and served by the product's own ranker; beside the product's features they see columns that only calls by phone have (`columns`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resay.commands.bench.asked import NOTHING, Asked, PastTurn, asked
from resay.commands.bench.columns import COLUMNS, columns
from resay.commands.bench.proposals import Proposed, propose
from resay.commands.bench.reader import Reader, pieces_of
from resay.commands.bench.remembered import Belief, Beliefs, Remembered
from resay.commands.bench.threshold import FOLDS, fold_of
from resay.dialogue.rewrite import RewriteRequest
from rewrite_online.evaluate import PASS_THROUGH, Acts, Answer, Rewriting
from rewrite_online.features import Matrix
from rewrite_online.fit import Floats, Grown, Growth, Rows, grow_calibrated, written
from rewrite_online.rank import CalibratedTrees

GROWTH = Growth(trees=80, leaves=15, leaf_rows_min=30, learning_rate=0.1, smoothing=5.0, features_share=0.4)
"""Half as many steps, twice as long, as in the first trials (docs/log.md, 2026-11-22): a bench must end in minutes."""

ENSEMBLES = ("win", "loss")
"""What the trees tell of each candidate: the chance that it makes a defective turn right, and that it makes things worse."""

AIM_KEPT = 10.0
"""Wins over losses on train callers left out of learning. More than the 8.5 of EVALUATION: the lowest threshold that keeps an aim keeps it
by luck in part, and what kept 8.5 there in row d-gold kept 7.5 on callers never heard before (docs/results.md). It is to be kept on the
half of the callers who are heard worst: who is heard badly is rewritten more often, and wrongly. Of nine rules that were tried on train
callers alone, this is the simplest by which the worst half of callers who had no part in choosing kept 8.5 in both modes (docs/log.md)."""

VALUES_MAX = 250
"""Of one column; scikit-learn's trees tell 255 apart."""

DOUBT = 0.01
"""Added to the chance of a loss, so that what was never seen to lose is not worth infinitely much."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """One candidate with what it would do, by trees or by belief."""

    acts: Acts
    text: str
    win: float
    loss: float

    @property
    def score(self) -> float:
        """Wins among what is decided; 0 to 1."""
        return self.win / (self.win + self.loss + DOUBT)


@dataclass(frozen=True, slots=True)
class _Shown:
    """One train turn, as a rewriter that had not seen its caller would look at it."""

    turn: PastTurn
    proposed: Proposed
    rows: Matrix


class Ranked:
    """A rewriter of one mode; made once, asked often."""

    def __init__(self, turns: Sequence[PastTurn], beliefs: Beliefs, *, growth: Growth = GROWTH) -> None:
        """Learnt from turns and what their callers are believed to have meant; turns of which nothing is believed teach nothing."""
        believed = [each for each in turns if each.key in beliefs]
        shown = list(_cross_shown(turns, believed, beliefs))
        table = _Table.of(shown, beliefs)
        (win, unseen_win), (loss, unseen_loss) = table.grown(table.win, growth), table.grown(table.loss, growth)
        content = written({"win": win, "loss": loss}, COLUMNS, about={"rows": len(table.rows)})
        self._trees = CalibratedTrees(content, names=ENSEMBLES, features=COLUMNS)
        self._reader = _reader(believed, beliefs)
        self._known = Remembered(turns, beliefs)
        self._turns = turns
        self.held_out = tuple(_held_out(shown, unseen_win, unseen_loss))
        """What would have been said at each train turn by trees that had not seen the caller, with the turn."""

    def best(self, request: RewriteRequest) -> Weighed | None:
        """The candidate that is worth most, however little that is."""
        return max(self.weighed(asked(request)), key=_worth, default=None)

    def weighed(self, shown: Asked) -> list[Weighed]:
        """All candidates of a turn with their chances."""
        read = self._reader.read([pieces_of(shown)], [shown.top if shown.is_retry else NOTHING])[0]
        proposed = propose(shown, read, self._known)
        if not proposed.proposals:
            return []
        rows = columns(proposed, self._known)
        win, loss = self._trees.chances({"win": rows, "loss": rows})
        return list(_weighed(proposed, win, loss))

    def rewriting(self, threshold: float) -> Rewriting:
        """The best candidate wherever it clears a threshold."""

        def answer(request: RewriteRequest) -> Answer:
            best = self.best(request)
            if best is None or best.score < threshold:
                return PASS_THROUGH
            return Answer(target=best.text, layer="global", score=best.score)

        return answer

    def threshold(self, beliefs: Beliefs, aim: float = AIM_KEPT) -> float:
        """The lowest score from which on wins over losses are at least the aim, by these beliefs and on those callers who are heard worst.

        Infinite where there is none.
        """
        wins = losses = 0.0
        chosen = float("inf")
        heard_worst = worst_half(self._turns, beliefs)
        known = [(best, turn) for turn, best in self.held_out if turn.key in beliefs and turn.caller in heard_worst]
        for best, turn in sorted(known, key=lambda pair: -pair[0].score):
            wins += win_chance(best.acts, turn, beliefs[turn.key])
            losses += loss_chance(best.acts, turn, beliefs[turn.key])
            if wins and wins >= aim * losses:
                chosen = best.score
        return chosen


def worst_half(turns: Iterable[PastTurn], beliefs: Beliefs) -> frozenset[str]:
    """The half of the callers (rounded up) of whose turns the largest share was taken wrongly, as far as is believed."""
    wrong: dict[str, list[float]] = defaultdict(list)
    for turn in turns:
        if turn.key in beliefs:
            wrong[turn.caller].append(1 - beliefs[turn.key].get(turn.understood, 0.0))
    ranked = sorted(wrong, key=lambda caller: (-sum(wrong[caller]) / len(wrong[caller]), caller))
    return frozenset(ranked[: (len(ranked) + 1) // 2])


def win_chance(acts: Acts, turn: PastTurn, belief: Belief) -> float:
    """How likely a meaning makes a defective turn right."""
    return belief.get(acts, 0.0) if acts != turn.understood else 0.0


def loss_chance(acts: Acts, turn: PastTurn, belief: Belief) -> float:
    """How likely a meaning makes a right turn wrong, or a refused one a wrong action."""
    if acts == turn.understood:
        return 0.0
    if turn.understood == NOTHING:
        return max(0.0, sum(belief.values()) - belief.get(acts, 0.0))
    return belief.get(turn.understood, 0.0)


def _cross_shown(turns: Sequence[PastTurn], believed: Sequence[PastTurn], beliefs: Beliefs) -> Iterator[_Shown]:
    """Every believed turn with what is known from the callers of the other folds, as for a caller never heard before."""
    for fold in range(FOLDS):
        known = Remembered([each for each in turns if fold_of(each.caller) != fold], beliefs)
        here = [each for each in believed if fold_of(each.caller) == fold]
        others = [each for each in believed if fold_of(each.caller) != fold]
        if not here or not others:
            continue
        reads = _reader(others, beliefs).read([pieces_of(each.asked) for each in here], [_top(each.asked) for each in here])
        for turn, read in zip(here, reads, strict=True):
            proposed = propose(turn.asked, read, known)
            yield _Shown(turn, proposed, columns(proposed, known))


def _reader(turns: Sequence[PastTurn], beliefs: Beliefs) -> Reader:
    return Reader([pieces_of(each.asked) for each in turns], [beliefs[each.key] for each in turns])


def _top(asked: Asked) -> Acts:
    return asked.top if asked.is_retry else NOTHING


@dataclass(frozen=True, slots=True)
class _Table:
    """The candidates of all train turns, row under row."""

    rows: Matrix
    win: Floats
    loss: Floats
    """What each would have done, as far as is believed."""
    folds: NDArray[np.int64]

    @staticmethod
    def of(shown: Sequence[_Shown], beliefs: Beliefs) -> _Table:
        told = [(each, proposal.acts) for each in shown for proposal in each.proposed.proposals]
        win = [win_chance(acts, each.turn, beliefs[each.turn.key]) for each, acts in told]
        loss = [loss_chance(acts, each.turn, beliefs[each.turn.key]) for each, acts in told]
        folds = [fold_of(each.turn.caller) for each, _ in told]
        nothing = np.zeros((0, len(COLUMNS)), dtype=np.float32)
        return _Table(np.vstack([nothing, *(each.rows for each in shown)]), np.array(win), np.array(loss), np.array(folds, dtype=np.int64))

    def grown(self, chances: Floats, growth: Growth) -> tuple[Grown, Floats]:
        """Trees for these chances, and what they say of each row that they have not seen the caller of."""
        # A row that is right with a chance stands twice, right and wrong, and counts by it.
        right, wrong = np.flatnonzero(chances > 0), np.flatnonzero(chances < 1)
        places = np.concatenate([right, wrong])
        outcomes = np.concatenate([np.ones(len(right)), np.zeros(len(wrong))])
        weights = np.concatenate([chances[right], 1 - chances[wrong]])
        rows = self.rows if (weights == 1).all() else coarse(self.rows)
        grown = grow_calibrated(Rows(rows[places], outcomes, weights, self.folds[places]), growth)
        held_out = np.empty(len(chances))
        held_out[places] = grown.held_out
        return grown, held_out


def coarse(rows: Matrix) -> Matrix:
    """Rows of which no column has more than so many values: what lies near each other becomes one.

    Trees tell no more apart anyhow, but where rows have weights they find their bins by going through a column once a bin.
    """
    found = rows.copy()
    for place in range(rows.shape[1]):
        known = ~np.isnan(rows[:, place])
        column = rows[known, place]
        if len(np.unique(column)) > VALUES_MAX:
            shares = np.linspace(0, 1, 2 * VALUES_MAX + 1)
            edges, middles = np.quantile(column, shares[2:-1:2]), np.quantile(column, shares[1::2])
            found[known, place] = middles[np.searchsorted(edges, column)]
    return found


def _held_out(shown: Iterable[_Shown], win: Floats, loss: Floats) -> Iterator[tuple[PastTurn, Weighed]]:
    start = 0
    for each in shown:
        end = start + len(each.proposed.proposals)
        best = max(_weighed(each.proposed, win[start:end], loss[start:end]), key=_worth, default=None)
        if best is not None:
            yield each.turn, best
        start = end


def _weighed(proposed: Proposed, win: Iterable[float], loss: Iterable[float]) -> Iterator[Weighed]:
    for proposal, up, down in zip(proposed.proposals, win, loss, strict=True):
        yield Weighed(proposal.acts, proposal.candidate.wording.text, float(up), float(down))


def _worth(weighed: Weighed) -> tuple[float, str]:
    return weighed.score, weighed.text
