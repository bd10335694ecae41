"""The command `bench labels`: how true labels are that nobody made, and how few of people's it takes (EVALUATION 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from resay.commands.bench.labels import Told, label_rows, segment_rows, threshold_of, told_by_both, told_by_model, told_by_rules
from resay.commands.bench.labels_asked import asked_rows
from resay.commands.bench.labels_words import FOLDS, by_words, together
from resay.commands.bench.report import BenchRow, Shown, bench_report, print_report, show_report
from resay.commands.console import JsonOption, console, progress, remarks
from resay.commands.detectors import detector_of
from resay.commands.example_sets import CALLS, SIZES, CallsOption, Corpus, Places
from resay.commands.goal_sets import REWARDS, call_examples, joined_examples, judged_examples, made_examples
from resay.commands.label_goals import ENCODER, GoalsOption, Labeller, goal_model, usual_labeller
from resay.commands.train_goals import RewardsOption, VectorsOption
from resay.commands.worlds import WorldOption
from resay.dialogue.turn import Response, Turn
from resay.lab.linked.part import Part
from resay.lab.world import VOICE_HOME
from resay.label.corpora.tm_reward import FILES, RewardSet
from resay.label.goal_example import GoalExample
from resay.label.goal_features import texts_of
from resay.label.goal_model import GoalModel
from resay.label.kept_vectors import KeptVectors
from resay.training.encoder import TextEncoder

SEED = 7

SHARES = (0.01, 0.05, 0.2, 1.0)

CALLS_JOINED = 5
"""Calls in one dialogue at most, where beginnings are sought."""

LAST_TURNS = 12
"""Turns that end with a judged answer and are read with it: half of the tickets' dialogues are shorter."""

COLUMNS = (
    Shown("AUC", "auc"),
    Shown("from … to", "auc", "range"),
    Shown("AUC-PR", "auc_pr"),
    Shown("ECE", "ece"),
    Shown("at 95 %", "coverage"),
    Shown("Pk", "pk"),
    Shown("WindowDiff", "windowdiff"),
    Shown("F1", "boundary_f1"),
)


class LabelSet(StrEnum):
    """What labels are compared with."""

    DSTC2 = "dstc2"
    TM_REWARD = "tm_reward"
    HOME = "home"


def labels(  # noqa: PLR0917 - the command line names its options
    sets: Annotated[list[LabelSet] | None, typer.Option("--set", help="A set; again for more [default: all that are there].")] = None,
    goals: GoalsOption = None,
    world: WorldOption = VOICE_HOME,
    calls: CallsOption = CALLS,
    rewards: RewardsOption = REWARDS,
    curves: Annotated[bool, typer.Option("--curves", help="Also dstc2 by the share of labels, which trains eight nets.")] = False,
    vectors: VectorsOption = None,
    customers: Annotated[int | None, typer.Option("--customers", min=1, help="Of simulated homes [default: 150].")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Chance of sets, nets and intervals.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Score labels: which turns failed, which goals were reached, which calls failed, and where goals begin.

    home: the model that ships, on voices and goals that it never met. dstc2: a net trained on the train calls, and the model that ships,
    on the dev calls. tm_reward: people's thumbs on answers, by its own folds. Rows: SET (the model), SET/rules, SET/label (both, as `resay
    label --input` says it), SET/text-only (nothing is logged but words), SET/reached, SET/call-failed, SET/joined (where goals begin),
    SET/share=5 and SET/share=5/plain (without pretraining). Nets need the extra `train`.

    Examples: `resay bench labels --set home --json` · `resay bench labels --set dstc2 --curves --vectors /tmp/vectors.npz`
    """
    now = datetime.now(UTC)
    kept = KeptVectors(TextEncoder(ENCODER), vectors)
    model = goal_model(goals, kept) if usual_labeller(goals) is Labeller.MODEL else None
    bench = _Bench(Places(world=world, calls=calls), rewards, kept, model, seed)
    rows: list[BenchRow] = []
    scored: dict[LabelSet, Callable[[], Iterator[BenchRow]]] = {
        LabelSet.HOME: lambda: bench.home(customers),
        LabelSet.TM_REWARD: bench.judged,
        LabelSet.DSTC2: lambda: bench.calls(curves=curves),
    }
    with progress("Scoring", unit="sets", shown=not as_json) as tick:
        for number, (name, score) in enumerate(scored.items(), start=1):
            if name in (sets or LabelSet):
                rows += score()
            tick(number, len(scored))
    bench.kept.save()
    report = bench_report("labels", rows, seed=seed, now=now)
    if as_json:
        print_report(report)
    else:
        show_report(report, COLUMNS)
    for reason in bench.missing:
        remarks.print(reason, markup=False, soft_wrap=True)
    if not rows:
        console.print("nothing was scored")


@dataclass(slots=True)
class _Bench:
    """Where sets come from, and what judges them."""

    places: Places
    rewards: Path
    kept: KeptVectors
    model: GoalModel | None
    seed: int

    @property
    def missing(self) -> list[str]:
        """What is not there, and why it matters."""
        files = [self.rewards / FILES[which] for which in RewardSet]
        absent = [f"without tm_reward: {path} is not there; is it your own copy's folder?" for path in files if not path.is_file()]
        if not self.places.calls.is_dir():
            absent.append(f"without dstc2: {self.places.calls} is not there; is it your own copy's folder?")
        return absent + ([] if self.model else ["without the model that ships: models/goals is not there"])

    def home(self, customers: int | None) -> Iterator[BenchRow]:
        """Simulated homes with voices and goals of their own."""
        size = SIZES[Part.TEST] if customers is None else replace(SIZES[Part.TEST], customers=customers)
        examples = list(made_examples(Corpus.HOME, Part.TEST, self.places, size=size, seed=self.seed))
        yield from self._ours("home", examples, threshold=self.model.card.thresholds["begins"] if self.model else 0.5)
        if self.model is not None:
            yield from asked_rows("home", told_by_model(examples, self.model), rng=self._rng())

    def calls(self, *, curves: bool) -> Iterator[BenchRow]:
        """DSTC2's dev calls, by a net of its train calls, by the model that ships, and by rules."""
        if not self.places.calls.is_dir():
            return
        from resay.commands.bench.labels_trained import FEW, begun_without_labels, cut_rows, told_by_net, trained_on

        training, scored = (list(call_examples(self.places.calls, split)) for split in ("train", "dev"))
        joined = {name: joined_examples(each, CALLS_JOINED, rng=self._rng()) for name, each in (("train", training), ("dev", scored))}
        self.kept.learn(text for each in (*training, *scored) for text in texts_of(each.turns))
        rows = [*cut_rows(training, self.kept), *cut_rows(joined["train"], self.kept)]
        begun = begun_without_labels(training, self.kept)
        ours = trained_on(rows, FEW, begun=begun)
        yield from label_rows("dstc2", told_by_net(ours, scored, cut_rows(scored, self.kept)), rng=self._rng())
        told = told_by_net(ours, joined["dev"], cut_rows(joined["dev"], self.kept))
        threshold = threshold_of(told_by_net(ours, joined["train"], cut_rows(joined["train"], self.kept)))
        yield from segment_rows("dstc2/joined", told, threshold, rng=self._rng())
        yield from segment_rows("dstc2/joined/rules", told_by_rules(joined["dev"], detector_of()), 0.5, rng=self._rng())
        if self.model is not None:
            shipped = told_by_model(joined["dev"], self.model)
            yield from segment_rows("dstc2/joined/shipped", shipped, self.model.card.thresholds["begins"], rng=self._rng())
        yield from self._ours("dstc2/shipped", scored, named_rules="dstc2/rules")
        for share in SHARES if curves else ():
            for name, start in (("", begun), ("/plain", None)):
                net = trained_on(rows[: len(training)], FEW, share=share, begun=start)
                told = told_by_net(net, scored, cut_rows(scored, self.kept))
                yield from label_rows(f"dstc2/share={share:.0%}".rstrip("%") + name, told, rng=self._rng())

    def judged(self) -> Iterator[BenchRow]:
        """Judged answers: each fold by a net of the others."""
        for which in RewardSet:
            if (self.rewards / FILES[which]).is_file():
                folded = list(judged_examples(self.rewards, which))
                examples = [example for example, _ in folded]
                self.kept.learn(text for each in examples for text in texts_of(each.turns))
                name = f"tm_reward/{which}"
                net, spoken = self._by_fold(folded), by_words(folded)
                yield from label_rows(name, together(net, spoken), rng=self._rng())
                yield from label_rows(f"{name}/net", net, rng=self._rng())
                yield from label_rows(f"{name}/words", spoken, rng=self._rng())
                yield from label_rows(f"{name}/rules", told_by_rules(examples, detector_of()), rng=self._rng())

    def _by_fold(self, folded: Sequence[tuple[GoalExample, int]]) -> list[Told]:
        from resay.commands.bench.labels_trained import SMALL, cut_rows, told_by_net, trained_on

        rows = cut_rows([example for example, _ in folded], self.kept, last=LAST_TURNS)
        told: list[Told] = []
        for fold in range(FOLDS):
            ours = trained_on([row for row, (_, other) in zip(rows, folded, strict=True) if other != fold], SMALL)
            mine = [(example, row) for row, (example, other) in zip(rows, folded, strict=True) if other == fold]
            told += told_by_net(ours, [example for example, _ in mine], [row for _, row in mine])
        return told

    def _ours(
        self, name: str, examples: Sequence[GoalExample], *, threshold: float | None = None, named_rules: str = ""
    ) -> Iterator[BenchRow]:
        """By the model that ships, as the log is and with nothing but words; and by rules."""
        if self.model is not None:
            for row, some in ((name, examples), (f"{name}/text-only", [_words_alone(each) for each in examples])):
                told = told_by_model(some, self.model)
                yield from label_rows(row, told, rng=self._rng())
                yield from label_rows(f"{row}/label", told_by_both(some, self.model, detector_of()), rng=self._rng())
                if threshold is not None:
                    yield from segment_rows(row, told, threshold, rng=self._rng())
        told = told_by_rules(examples, detector_of())
        rules = named_rules or f"{name}/rules"
        yield from label_rows(rules, told, rng=self._rng())
        if threshold is not None:
            yield from segment_rows(rules, told, 0.5, rng=self._rng())

    def _rng(self) -> Random:
        return Random(self.seed)


def _words_alone(example: GoalExample) -> GoalExample:
    """A dialogue as an assistant of texts logs it: what was said and answered, and nothing else."""
    return replace(example, turns=tuple(_bare(turn) for turn in example.turns))


def _bare(turn: Turn) -> Turn:
    response = Response(text=turn.response.text) if turn.response else None
    return Turn(turn.turn_id, turn.customer_id, turn.at, turn.utterance, session_id=turn.session_id, response=response)
