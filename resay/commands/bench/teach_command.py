"""The command `bench teach`: options, and the table for people (EVALUATION 10)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from resay.commands.bench.report import bench_report, print_report, show_report
from resay.commands.bench.teach import COLUMNS, learn_all, lesson_rows, talk_rows, two_replicas
from resay.commands.bench.teach_lessons import lessons_of, ordinary, unseen
from resay.commands.bench.teach_offers import offer_rows
from resay.commands.console import JsonOption, progress
from resay.commands.train_teachings import TEACHINGS
from resay.commands.worlds import WorldOption
from resay.lab.making import Plan
from resay.lab.world import VOICE_HOME, World, read_world
from resay.teach.material import WORDINGS_FILE, read_material

SEED = 7

HEARD = 1_000
"""Recordings whose texts are told to it as if they might teach something."""


OFFERED, OFFERED_DAYS = 200, 14
"""Customers who talk, and are offered what worked, and for how many days: some 4,500 turns."""


def teach(
    world: WorldOption = VOICE_HOME,
    each: Annotated[int, typer.Option("--lessons", min=1, max=100, help="Lessons in each wording.")] = 4,
    seed: Annotated[int, typer.Option("--seed", help="Chance of lessons and intervals.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Score teaching: whether it is understood in many wordings, holds in the very next turn, harms nothing, and is gone when told.

    The lab's customers teach what fails for them; the lesson goes to one service and the next turn to another over the same home.
    Rows: `next-turn` is of wordings that nothing was trained or chosen on, `unseen/KIND` of these by kind; `next-turn/second` of others of
    that sort; `seen` of as many that were trained on.
    `accuracy` is words and meaning found as meant, `at_once` those of them that needed no question, `misunderstood` something else taught
    without a question, `asked` what waits for a yes,
    `next_turn` and `forgotten` of what was taught. `ordinary/…` is talk that teaches nothing: the lab's phrases, what its recogniser heard,
    and talk made to sound like a teaching. `offers` are made after a failure and a second try that worked, and answered by those who talk:
    `accuracy` is the share that they say yes to, `per_turn` how often one is made, `harm` the share
    of turns that went wrong by it. Two minutes.

    Examples: `resay bench teach` · `resay bench teach --json`
    """
    now = datetime.now(UTC)
    lab = read_world(world)
    rng = Random(seed)
    lessons = list(lessons_of(lab, _seen(rng), each=each, rng=rng))
    with TemporaryDirectory(prefix="resay-bench-") as folder, two_replicas(Path(folder)) as replicas:
        with progress("Teaching", unit="lessons", shown=not as_json) as tick:
            learnt = learn_all(replicas, lessons, _working(lab), rng=rng, tick=tick)
        rows = list(lesson_rows(learnt, rng=rng))
        for row, texts in (("phrases", _phrases(lab)), ("heard", _heard(lab, rng)), ("like-teaching", ordinary())):
            rows += talk_rows(f"ordinary/{row}", texts, replicas)
    with TemporaryDirectory(prefix="resay-bench-") as folder, progress("Offering", unit="days", shown=not as_json) as tick:
        rows += offer_rows(lab, Path(folder), plan=Plan(seed, OFFERED, learning_days=1, later_days=OFFERED_DAYS), now=now, tick=tick)
    report = bench_report("teach", rows, seed=seed, now=now)
    print_report(report) if as_json else show_report(report, COLUMNS)


def _seen(rng: Random) -> list[tuple[str, str]]:
    """As many wordings of each kind as there are unseen ones, of those that the model was trained on."""
    material = read_material(TEACHINGS / WORDINGS_FILE, [])
    return [(kind, material.wording(kind, rng)) for kind, _ in unseen()]


def _working(world: World) -> list[str]:
    return [phrase.text for phrase in world.phrases.values() if phrase.supported]


def _phrases(world: World) -> list[str]:
    return [phrase.text for phrase in world.phrases.values()]


def _heard(world: World, rng: Random) -> list[str]:
    """What the recogniser made of them, said again in the customers' own forms too."""
    texts = sorted({recording.sound.text for recording in world.recordings if recording.sound.text})
    return rng.sample(texts, min(HEARD, len(texts)))
