"""The command `train goals`: the model that cuts sessions into goals and says which were reached."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.table import Table

from resay.commands.console import JsonOption, console, print_json, progress, remarks
from resay.commands.detectors import MODELS
from resay.commands.example_sets import SIZES, TEXTS, Corpus, Places, TextsOption
from resay.commands.goal_sets import REWARDS, joined_examples, judged_examples, made_examples, part_of_reward, whole_dialogues
from resay.commands.training_needed import training_needed
from resay.commands.worlds import WorldOption
from resay.dialogue.tick import Tick
from resay.lab.linked.part import Part
from resay.lab.world import VOICE_HOME
from resay.label.corpora.tm_reward import FILES, RewardSet
from resay.label.goal_example import GoalExample
from resay.label.goal_features import texts_of
from resay.label.goal_model import GoalCard
from resay.label.goal_rows import GoalRow, lacking, made_wrong, rows_of
from resay.label.kept_vectors import KeptVectors
from resay.training.encoder import ENCODER_FILE, TextEncoder

if TYPE_CHECKING:
    from resay.label.train_goals import GoalRules

_Each = TypeVar("_Each")

ENCODER = MODELS / "minilm"
"""The encoder whose vectors the model takes."""

SHIPPING = (Corpus.HOME, Corpus.TEXTS, Corpus.ASKED)
"""Made dialogues of which weights that ship may learn."""

TEXTS_JOINED = 4
"""Dialogues of text assistants in one at most."""

RewardsOption = Annotated[
    Path,
    typer.Option("--rewards", metavar="DIR", help="Your own copy of the judged answers (CC BY 4.0).", show_default=f"{REWARDS}"),
]
VectorsOption = Annotated[
    Path | None,
    typer.Option("--vectors", metavar="FILE", help="Keep vectors of texts here, so that the next run need not encode them."),
]


def goals(  # noqa: PLR0917 - the command line names its options
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The model's folder.")],
    world: WorldOption = VOICE_HOME,
    texts: TextsOption = TEXTS,
    rewards: RewardsOption = REWARDS,
    vectors: VectorsOption = None,
    share: Annotated[float, typer.Option("--share", min=0.001, max=1.0, help="Share of the dialogues, for a pilot.")] = 1.0,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Of the training on labels.")] = None,
    pretraining: Annotated[bool, typer.Option("--pretraining/--no-pretraining", help="Begin by telling dialogues made wrong.")] = True,
    seed: Annotated[int, typer.Option("--seed")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Train the model of goals on what may ship, and write its folder with card and hash; it runs without torch.

    It learns from simulated homes, talk made of texts, asking assistants, and people's thumbs on answers, where those are there. First it
    tells dialogues that were made wrong (answers swapped, turns moved, two joined) from right ones, then several labels at once.
    Ten minutes on two cores, of which half goes into vectors.

    Examples: `resay train goals --out models/goals` · `resay train goals --out pilot --share 0.1 --vectors /tmp/vectors.npz --json`
    """
    with training_needed():
        from resay.label.train_goals import USUAL
    rules = replace(USUAL, seed=seed)
    if epochs is not None:
        rules = replace(rules, training=replace(rules.training, epochs=epochs))
    kept = KeptVectors(TextEncoder(ENCODER), vectors)
    with progress("Making dialogues", unit="sets", shown=not as_json) as tick:
        made = _made(Places(world, texts), rewards, share=share, seed=seed, tick=tick)
    with progress("Encoding", unit="texts", shown=not as_json) as tick:
        kept.learn((text for examples in made.values() for each in examples for text in texts_of(each.turns)), tick)
    kept.save()
    with progress("Training", unit="batches", shown=not as_json) as tick:
        card = _train(made, kept, rules, out=out, told=(pretraining, tick))
    if as_json:
        print_json({"out": str(out), "version": card.version} | asdict(card))
    else:
        console.print(_table(card, out))


def encoder_hash() -> str:
    """The hash of the encoder that ships."""
    return hashlib.sha256((ENCODER / ENCODER_FILE).read_bytes()).hexdigest()


def _made(places: Places, rewards: Path, *, share: float, seed: int, tick: Tick) -> dict[Part, list[GoalExample]]:
    """All dialogues, by what they serve for."""
    made: dict[Part, list[GoalExample]] = {Part.TRAIN: [], Part.CHOOSE: []}
    for number, corpus in enumerate(SHIPPING, start=1):
        for part, examples in made.items():
            examples += list(_some(list(made_examples(corpus, part, places, size=SIZES[part], seed=seed)), share))
        tick(number, len(SHIPPING))
    for which in RewardSet:
        if not (rewards / FILES[which]).is_file():
            remarks.print(f"without {which}: {rewards / FILES[which]} is not there", markup=False, soft_wrap=True)
            continue
        judged = [example for example, _ in _some(list(judged_examples(rewards, which)), share)]
        for part, examples in made.items():
            mine = [example for example in judged if part_of_reward(example) is part]
            examples += mine
            # Twice, as they are the only dialogues between people's words and text assistants.
            examples += [each for time in (1, 2) for each in joined_examples(whole_dialogues(mine), TEXTS_JOINED, rng=Random(time))]
    return made


def _some(many: list[_Each], share: float) -> list[_Each]:
    return many[: max(1, round(len(many) * share))]


def _train(made: dict[Part, list[GoalExample]], kept: KeptVectors, rules: GoalRules, *, out: Path, told: tuple[bool, Tick]) -> GoalCard:
    import torch

    from resay.label.goal_export import write_goal_model
    from resay.label.train_goals import HIDDEN, pretrain, train
    from resay.training.device import Device

    pretraining, tick = told
    torch.set_num_threads(1)
    training, choosing = ([lacking(row, HIDDEN) for row in rows_of(made[part], kept)] for part in (Part.TRAIN, Part.CHOOSE))
    begun = None
    if pretraining:
        wrong = [lacking(row, HIDDEN) for row in made_wrong(_once(made[Part.TRAIN]), kept, seed=rules.seed)]
        begun = pretrain(wrong, rules, device=Device("cpu", bf16=False), tick=tick)
    trained = train(training, choosing, rules, begun=begun.net if begun else None, tick=tick)
    fitted = (begun.fitted if begun else {}) | trained.fitted
    return write_goal_model(
        trained.net,
        choosing,
        out,
        encoder=encoder_hash(),
        trained={
            "dialogues": len(training),
            "turns": _turns(training),
            "choosing": len(choosing),
            "seed": rules.seed,
            "batch": rules.batch,
            "torch": torch.__version__,
            "fits": {
                name: {"steps": each.steps, "seconds": round(each.seconds, 1), "best": each.best_step} for name, each in fitted.items()
            },
        },
    )


def _once(examples: list[GoalExample]) -> list[GoalExample]:
    """Of dialogues that are judged step by step only the longest: the others are its beginnings."""
    longest: dict[str, GoalExample] = {}
    for place, example in enumerate(examples):
        if _is_judged(example) and example.reached[-1] is None:
            continue
        key = example.group if _is_judged(example) else f"#{place}"
        if key not in longest or len(longest[key].turns) < len(example.turns):
            longest[key] = example
    return list(longest.values())


def _is_judged(example: GoalExample) -> bool:
    return example.group.startswith(tuple(f"{each}/" for each in RewardSet))


def _turns(rows: list[GoalRow]) -> int:
    return sum(len(row.numbers) for row in rows)


def _table(card: GoalCard, out: Path) -> Table:
    table = Table("", "AUC", "AUC-PR", "ECE", "at 95 %", title=f"goals {card.version} in {out}", title_justify="left")
    for name, figures in card.figures.items():
        told: dict[str, Any] = dict(figures)
        table.add_row(name, *(str(told[each]) for each in ("auc", "auc_pr", "ece", "coverage")))
    return table
