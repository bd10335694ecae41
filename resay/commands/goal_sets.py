"""Dialogues whose goals are known: simulated homes, talk made of texts, asking assistants, judged answers, and a person's own calls.

Where the lab, which knows what is true, meets the model of goals, which is to find it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from resay.commands.example_sets import Corpus, Places, Size, sessions_of
from resay.lab.linked.calls import call_sessions
from resay.lab.linked.part import Part, part_of
from resay.lab.linked.session import LinkedSession
from resay.label.corpora.dstc2 import read_calls
from resay.label.corpora.tm_reward import Judged, RewardSet, read_judged
from resay.label.goal_example import GoalExample
from resay.label.goal_rows import joined
from resay.label.remark import RemarkKind, remark_of

REWARDS = Path("../shared/data/tm_reward")
"""Where a person's own copy of the judged answers is looked for, from the working folder."""

JOINED_MAX = {Corpus.ASKED: 3, Corpus.DSTC2: 5}
"""Calls that are joined into one dialogue at most, where each has one goal; greetings and goodbyes are then no sign of a new one."""


def made_examples(corpus: Corpus, part: Part, places: Places, *, size: Size, seed: int) -> Iterator[GoalExample]:
    """Dialogues of a corpus that is made, with all that is true of them.

    Raises: BrokenWorld, SmallWorld, WrongSlurp, LabMissing.
    """
    examples = [_known(each) for each in sessions_of(corpus, part, places, size=size, seed=seed)]
    examples = [replace(each, well=all(went_well(each))) for each in examples]
    return iter(joined_examples(examples, JOINED_MAX[corpus], rng=Random(seed)) if corpus in JOINED_MAX else examples)


def call_examples(folder: Path, split: str) -> Iterator[GoalExample]:
    """DSTC2's calls, each of one goal, with the callers' own view of the whole.

    Raises: WrongCorpus.
    """
    calls = list(read_calls(folder, split))
    for call, linked in zip(calls, call_sessions(calls), strict=True):
        yield replace(_known(linked), well=call.truth.success)


def judged_examples(folder: Path, which: RewardSet) -> Iterator[tuple[GoalExample, int]]:
    """Judged answers with their folds: of the last turn is known whether it was good, of those before nothing.

    Raises: WrongRewards.
    """
    return ((_judged(each, which), each.fold) for each in read_judged(folder, which))


def part_of_reward(example: GoalExample) -> Part:
    """What a judged answer serves for in weights that ship: training, or choosing."""
    return Part.TRAIN if part_of(example.group) is not Part.CHOOSE else Part.CHOOSE


def joined_examples(examples: Sequence[GoalExample], most: int, *, rng: Random) -> list[GoalExample]:
    """Dialogues in an order of chance, up to so many in one; greetings and goodbyes are cut out, as they would tell where one ends."""
    left, together = [_without_goodbye(each) for each in examples], []
    rng.shuffle(left)
    while left:
        some = [left.pop() for _ in range(min(len(left), rng.randint(1, most)))]
        turns = [replace(some[0].turns[0], prompt=None), *some[0].turns[1:]]
        for other in some[1:]:
            turns = joined(turns, other.turns, rng=rng)
        together.append(
            GoalExample(
                tuple(turns),
                _all(each.begins for each in some),
                _all(each.reached for each in some),
                _all(each.defects for each in some),
                some[0].well if len(some) == 1 else None,
                some[0].group,
            )
        )
    return together


def _without_goodbye(example: GoalExample) -> GoalExample:
    last = remark_of(example.turns[-1].utterance)
    if len(example.turns) == 1 or last.kind is not RemarkKind.FAREWELL:
        return example
    begins, reached, defects = (each[:-1] for each in (example.begins, example.reached, example.defects))
    return replace(example, turns=example.turns[:-1], begins=begins, reached=reached, defects=defects)


def whole_dialogues(judged: Iterable[GoalExample]) -> list[GoalExample]:
    """Of answers that are judged one by one the dialogues that they are of, each once and with one goal; nothing is known of its turns."""
    longest: dict[str, GoalExample] = {}
    for example in judged:
        if example.group not in longest or len(longest[example.group].turns) < len(example.turns):
            longest[example.group] = example
    unknown = {group: (None,) * len(each.turns) for group, each in longest.items()}
    return [
        replace(each, begins=(True, *(False,) * (len(each.turns) - 1)), reached=unknown[group], defects=unknown[group])
        for group, each in longest.items()
    ]


def went_well(example: GoalExample) -> Iterator[bool]:
    """Of each goal, whether it was reached at any of its turns."""
    begins = [place for place, begin in enumerate(example.begins) if begin] or [0]
    for begin, end in zip(begins, [*begins[1:], len(example.turns)], strict=True):
        yield any(example.reached[begin:end])


def _all(parts: Iterable[tuple[bool | None, ...]]) -> tuple[bool | None, ...]:
    return tuple(each for part in parts for each in part)


def _known(linked: LinkedSession) -> GoalExample:
    came = [linked.came.get(place) for place in range(len(linked.session.turns))]
    return GoalExample(
        linked.session.turns,
        tuple(each.begins if each else None for each in came),
        tuple(each.reached if each else None for each in came),
        tuple(not each.right if each else None for each in came),
        None,
        linked.group,
    )


def _judged(judged: Judged, which: RewardSet) -> GoalExample:
    unknown = (None,) * (len(judged.turns) - 1)
    return GoalExample(
        judged.turns,
        (True, *unknown),
        (*unknown, judged.good),
        (*unknown, not judged.good),
        None,
        f"{which}/{judged.group}",
    )
