"""The rows of `resay bench replay`: what each learns from on train calls, and its figures on calls of callers never heard before.

A row is made from train calls alone; the calls that are scored are handed to the scorer and to nobody else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from random import Random

from rephrase.detector import Detector
from resay.commands.bench.asked import PastTurn, past_turns
from resay.commands.bench.beliefs import by_links, by_people
from resay.commands.bench.hindsight import by_taught_links
from resay.commands.bench.memory import KeyOf, by_text, by_text_and_prompt, remember
from resay.commands.bench.ranked import Ranked
from resay.commands.bench.readings import LabelledTurn, choose_by_next_words, choose_by_people, labelled_turns
from resay.commands.bench.remembered import Beliefs
from resay.commands.bench.replay_personal import last_calls, with_personal
from resay.commands.bench.report import BenchRow, Shown, count, figure
from resay.commands.bench.table import learn_tables, serve_table
from resay.commands.bench.threshold import gated, out_of_fold, threshold_for
from resay.dialogue.rewrite import Rewrite, RewriteRequest
from resay.experiment.bounds import RESAMPLES, Decided, bootstrap_ratio, relative_reduction, win_loss
from resay.label.corpora.dstc2 import Call, LiveCall
from rewrite_online.evaluate import PASS_THROUGH, Answer, Meanings, Mode, Outcome, Rewriting, TurnResult, replay

PRODUCT_FLOOR = 10
"""Customers behind a published rewrite (DESIGN 7)."""

LOW_FLOOR = 3
"""Shows what the floor costs on a corpus of 138 callers; nothing that the product would publish."""

COLUMNS = (
    Shown("defects", "defect_rate_after"),
    Shown("fewer", "defect_reduction"),
    Shown("95 %", "defect_reduction", "range"),
    Shown("wins", "wins"),
    Shown("losses", "losses"),
    Shown("w/l", "win_loss"),
    Shown("bound", "win_loss", "lo"),
    Shown("pairs", "pairs"),
    Shown("harm", "harm"),
    Shown("wrong", "wrong_actions_caused"),
)
"""What the table for people shows, in eighty columns; the JSON has all. Row a has the defects before."""


@dataclass(frozen=True)
class Train:
    """The train calls and what rows share of what is learnt from them, each learnt once, when first asked for."""

    calls: Sequence[Call]
    now: datetime
    detector: Detector
    """What links second tries for the tables of rows b and c, and for rows e."""
    spoken: Sequence[Call] = ()
    """All calls whose live side a caller's history may be made of, as they end; empty: `calls`."""
    _tables: dict[bool, dict[int, list[Rewrite]]] = field(default_factory=dict)
    _ranked: dict[tuple[str, Mode], Rewriting] = field(default_factory=dict)

    @cached_property
    def live(self) -> list[LiveCall]:
        """The calls as the system lived them."""
        return [call.live for call in self.calls]

    @cached_property
    def labelled(self) -> list[LabelledTurn]:
        """Every turn with its readings, for the rows that choose among them."""
        return labelled_turns(self.calls)

    @cached_property
    def by_people(self) -> Beliefs:
        """What people wrote down."""
        return by_people(self.calls)

    @cached_property
    def by_links(self) -> Beliefs:
        """What the log and the detector let one think."""
        return by_links(self.calls, self.detector)

    @cached_property
    def by_taught_links(self) -> Beliefs:
        """What a detector thinks that has learnt from people's labels on train calls."""
        return by_taught_links(self.calls, self.detector)

    @cached_property
    def without_last_calls(self) -> tuple[Train, list[Call]]:
        """The same without the last calls of those who called often, and these calls."""
        others, last = last_calls(self.calls)
        return Train(others, self.now, self.detector, spoken=self.calls), last

    def ranked(self, learn: Learn, mode: Mode) -> Rewriting:
        """What a ranker makes of it, grown once for all rows that ask."""
        key = learn.__name__, mode
        if key not in self._ranked:
            self._ranked[key] = learn(mode, self)
        return self._ranked[key]

    def turns(self, mode: Mode) -> list[PastTurn]:
        """Every turn as it would be asked in a mode."""
        return list(past_turns(self.calls, mode))

    def table(self, *, with_prompt: bool, floor: int) -> list[Rewrite]:
        """The table that the product learns from the live calls."""
        if with_prompt not in self._tables:
            floors = (PRODUCT_FLOOR, LOW_FLOOR)
            self._tables[with_prompt] = learn_tables(self.live, floors, with_prompt=with_prompt, now=self.now, detector=self.detector)
        return self._tables[with_prompt][floor]


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """One row: its name, what it is for people, its mode, and how it learns."""

    name: str
    meaning: str
    mode: Mode
    learn: Callable[[Train], Rewriting]
    on_last_calls: bool = False
    """Whether it is scored, not on the split that is asked for, but on the last calls of train callers, and learnt from all others."""

    @property
    def letter(self) -> str:
        """The row of EVALUATION that it belongs to; e+ is one of its own."""
        return "e+" if self.name.startswith("e+") else self.name[0]

    def answered(self, answers: Rewriting) -> ReplayRow:
        """The same row with answers that are known, so that nothing is learnt."""
        return replace(self, learn=lambda _train: answers)


def replay_rows() -> tuple[ReplayRow, ...]:
    """All rows, in the order of EVALUATION."""
    return (
        ReplayRow("a", "nothing", Mode.BEFORE, lambda _train: _pass_through),
        *_table_rows("b", with_prompt=False),
        *_memory_rows("b-gold", by_text),
        *_table_rows("c", with_prompt=True),
        *_memory_rows("c-gold", by_text_and_prompt),
        ReplayRow(
            "d/retry",
            "best of the NLU's readings, learnt from what callers said next; threshold by people's labels on train callers",
            Mode.RETRY,
            _chooser(choose_by_next_words),
        ),
        ReplayRow(
            "d-gold/retry", "best of the NLU's readings, learnt from people's labels on train calls", Mode.RETRY, _chooser(choose_by_people)
        ),
        *_ranked_rows("e", "no label of the corpus at all", _learnt_unlabelled),
        *_ranked_rows(
            "e+", "a detector taught by labels of train calls; threshold by people's labels on train callers", _learnt_from_links
        ),
        *_ranked_rows("f", "people's labels on train calls", _learnt_from_people),
        *_personal_rows("g", "e+", _learnt_from_links),
        *_personal_rows("h", "f", _learnt_from_people),
    )


def score_row(row: ReplayRow, train: Train, calls: Iterable[Call]) -> list[TurnResult]:
    """What a row does to calls that it has not seen."""
    if row.on_last_calls:
        train, calls = train.without_last_calls
    return list(replay(calls, train.live, mode=row.mode, rewriting=row.learn(train)))


def figures(name: str, results: Sequence[TurnResult], rng: Random, resamples: int = RESAMPLES) -> Iterator[BenchRow]:
    """The figures of EVALUATION 1, with intervals over callers."""
    outcomes = [result.outcome for result in results]
    decided = [_decided(result) for result in results if result.outcome in {Outcome.WIN, Outcome.LOSS}]
    won = win_loss(decided, rng, resamples)
    turns, right = len(results), sum(result.was_right for result in results)
    defects = turns - right

    def rate(top: Callable[[TurnResult], bool], of: Callable[[TurnResult], bool]) -> list[tuple[float, float]]:
        return _by_caller(results, lambda each: (top(each) and of(each), of(each)))

    before = bootstrap_ratio(rate(lambda each: not each.was_right, _always), rng, resamples)
    after = bootstrap_ratio(rate(lambda each: not each.is_right, _always), rng, resamples)
    reduction = relative_reduction(_by_caller(results, lambda each: (not each.was_right, not each.is_right)), rng, resamples)
    harm = bootstrap_ratio(rate(lambda each: not each.is_right, lambda each: each.was_right), rng, resamples)
    yield figure(name, "defect_rate_before", before, n=turns, unit="share")
    yield figure(name, "defect_rate_after", after, n=turns, unit="share")
    yield figure(name, "defect_reduction", reduction, n=defects, unit="share")
    yield count(name, "wins", won.wins, n=turns)
    yield count(name, "losses", won.losses, n=turns)
    yield figure(name, "win_loss", won.ratio, n=len(decided), unit="ratio")
    # Below a hundred distinct pairs the bound of win_loss may not be called met.
    yield count(name, "pairs", won.pairs, n=len(decided))
    yield figure(name, "harm", harm, n=right, unit="share")
    yield count(name, "wrong_actions_caused", sum(result.caused_wrong_action for result in results), n=turns)
    yield count(name, "triggers", sum(outcome is not Outcome.UNTOUCHED for outcome in outcomes), n=turns)


def _pass_through(_request: RewriteRequest) -> Answer:
    return PASS_THROUGH


def _table_rows(letter: str, *, with_prompt: bool) -> Iterator[ReplayRow]:
    known = "text + prompt" if with_prompt else "text"
    for floor in (PRODUCT_FLOOR, LOW_FLOOR):
        for mode in Mode:
            yield ReplayRow(
                name=f"{letter}/{mode}" if floor == PRODUCT_FLOOR else f"{letter}/{mode}/k={floor}",
                meaning=f"exact table on {known}, mined from the live log, floor of {floor} customers",
                mode=mode,
                learn=_served(with_prompt=with_prompt, floor=floor),
            )


def _served(*, with_prompt: bool, floor: int) -> Callable[[Train], Rewriting]:
    return lambda train: serve_table(train.table(with_prompt=with_prompt, floor=floor), with_prompt=with_prompt)


def _memory_rows(name: str, key_of: KeyOf) -> Iterator[ReplayRow]:
    known = "text" if key_of is by_text else "text + prompt"
    for mode in Mode:
        yield ReplayRow(f"{name}/{mode}", f"exact memory on {known} of people's labels on train calls", mode, _memory(key_of, mode))


def _memory(key_of: KeyOf, mode: Mode) -> Callable[[Train], Rewriting]:
    return _thresholded(mode, lambda _train, calls: remember(calls, key_of=key_of, mode=mode))


def _chooser(choose: Callable[[Sequence[LabelledTurn], Meanings], Rewriting]) -> Callable[[Train], Rewriting]:
    def learn(train: Train, calls: Sequence[Call]) -> Rewriting:
        callers = {call.live.caller for call in calls}
        return choose([turn for turn in train.labelled if turn.caller in callers], Meanings(call.live for call in calls))

    return _thresholded(Mode.RETRY, learn)


Learn = Callable[[Mode, Train], Rewriting]


def _ranked_rows(name: str, learnt_from: str, learn: Learn) -> Iterator[ReplayRow]:
    for mode in (Mode.RETRY, Mode.BEFORE):
        meaning = f"global candidates, ranked; learnt from {learnt_from}"
        yield ReplayRow(f"{name}/{mode}", meaning, mode, partial(_on_its_own, learn, mode))


def _personal_rows(name: str, beside: str, learn: Learn) -> Iterator[ReplayRow]:
    for mode in (Mode.RETRY, Mode.BEFORE):
        scored = "on the last 40 % of the calls of train callers with five or more"
        personal = partial(_with_own_history, learn, mode)
        yield ReplayRow(f"{name}/{mode}", f"{beside} with the personal layer, {scored}", mode, personal, on_last_calls=True)
        alone = f"{beside} without it, on the same turns"
        yield ReplayRow(f"{name}/{mode}/global", alone, mode, partial(_on_its_own, learn, mode), on_last_calls=True)


def _on_its_own(learn: Learn, mode: Mode, train: Train) -> Rewriting:
    return train.ranked(learn, mode)


def _with_own_history(learn: Learn, mode: Mode, train: Train) -> Rewriting:
    """Histories come from all earlier calls, those that are scored included: nobody's labels are in them."""
    return with_personal([call.live for call in train.spoken or train.calls], train.detector, train.ranked(learn, mode))


def _learnt_unlabelled(mode: Mode, train: Train) -> Rewriting:
    ranked = Ranked(train.turns(mode), train.by_links)
    return ranked.rewriting(ranked.threshold(train.by_links))


def _learnt_from_links(mode: Mode, train: Train) -> Rewriting:
    ranked = Ranked(train.turns(mode), train.by_taught_links)
    return ranked.rewriting(ranked.threshold(train.by_people))


def _learnt_from_people(mode: Mode, train: Train) -> Rewriting:
    ranked = Ranked(train.turns(mode), train.by_people)
    return ranked.rewriting(ranked.threshold(train.by_people))


def _thresholded(mode: Mode, learn: Callable[[Train, Sequence[Call]], Rewriting]) -> Callable[[Train], Rewriting]:
    """Learn on all train calls, and pass only what scores above the threshold that kept the aim on callers left out of learning."""

    def learnt(train: Train) -> Rewriting:
        held_out = out_of_fold(train.calls, mode=mode, learn=lambda calls: learn(train, calls))
        return gated(learn(train, train.calls), threshold_for(held_out))

    return learnt


def _decided(result: TurnResult) -> Decided:
    target = result.answer.target if result.answer.target is not None else " ".join(result.answer.acts or ())
    return Decided(customer=result.caller, source=result.source, target=target, win=result.outcome is Outcome.WIN)


def _by_caller(results: Iterable[TurnResult], pair: Callable[[TurnResult], tuple[bool, bool]]) -> list[tuple[float, float]]:
    sums: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for result in results:
        top, of = pair(result)
        sums[result.caller] = (sums[result.caller][0] + top, sums[result.caller][1] + of)
    return list(sums.values())


def _always(_result: TurnResult) -> bool:
    return True
