"""Two that learn at once: an older table is never published over a newer one, and both end well."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.landing import land_records
from markov.publish import PublishStep, live_rewrites
from rephrase.combined import CombinedDetector
from rephrase.detect import detect
from resay.commands import learning
from resay.commands.learning import LearnersCollide, LearnRules, LearnStep, basis_of, teach
from resay.commands.settings import Settings
from resay.dialogue.codec import encode, whole
from resay.dialogue.tick import silent
from resay.label.job import label
from resay.store.artifact import Shelf, ShelfUnavailable
from resay.store.lake import Lake
from resay.store.tables import TABLES, Table
from tests import child
from tests.builders import BASE
from tests.commands.test_learn import talk

K = 3
ROUNDS = 2


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home in which enough customers have said the same."""
    home = Settings(tmp_path, api_key=None, hash_key=None)
    hear(home, "lamp on now please")
    return home


def hear(settings: Settings, source: str) -> None:
    """Land what some more customers say in these words, and label all."""
    lake = Lake(settings.lake)
    turns = [replace(each, customer_id=f"{source}{each.customer_id}", turn_id=f"{source}{each.turn_id}") for each in talk(4, source=source)]
    land_records([encode(whole(each)) for each in turns], source="test", lake=lake, now=BASE + timedelta(days=30))
    detect(lake, CombinedDetector(), silent)
    label(lake, silent)


def sources(settings: Settings) -> set[str]:
    """What the live table answers."""
    return {each.source for each in live_rewrites(Shelf(settings.rewrites))[1]}


def at(step: LearnStep | PublishStep, meanwhile: Callable[[], None], *, times: int = 1) -> LearnRules:
    """Rules by which, behind this step, something else happens first."""
    left = [meanwhile] * times

    def observe(taken: LearnStep | PublishStep) -> None:
        if taken is step and left:
            left.pop()()

    return LearnRules(k=K, observe=observe)


@pytest.mark.parametrize("step", [LearnStep.MINED, LearnStep.VERIFIED])
def test_the_older_table_is_not_published_over_the_newer(settings: Settings, step: LearnStep):
    """One begins, another learns from more and publishes; the first finds that out, and learns again."""

    def overtake() -> None:
        hear(settings, "light it up now please")
        teach(settings, {}, LearnRules(k=K))

    taught = teach(settings, {}, at(step, overtake))

    assert sources(settings) == {"lamp on now please", "light it up now please"}
    assert (taught.generation, taught.published) == (1, False)
    assert Shelf(settings.rewrites).numbers() == [1]


def test_one_that_found_nothing_new_counts_as_newer(settings: Settings):
    """It published nothing, as what is live was right; the older table, learnt before the customers' words left, stays unpublished."""
    teach(settings, {}, LearnRules(k=K))
    hear(settings, "light it up now please")

    def overtake() -> None:
        lake = Lake(settings.lake)
        with lake.connect() as connection:
            for table in ("turn_parts", "links", "segments", "outcomes"):
                kept = f"select * from {table} where customer_id like 'lamp%'"
                lake.replace(_table(table), connection.sql(kept).to_arrow_table().cast(_table(table).schema()))
        assert not teach(settings, {}, LearnRules(k=K)).published

    teach(settings, {}, at(LearnStep.VERIFIED, overtake))

    assert sources(settings) == {"lamp on now please"}
    assert Shelf(settings.rewrites).numbers() == [1]


def test_a_rollback_meanwhile_is_seen(settings: Settings):
    """Somebody moved the pointer by hand: what was learnt before that is learnt again, on what is live now."""
    teach(settings, {}, LearnRules(k=K))
    hear(settings, "light it up now please")
    begun: list[LearnStep | PublishStep] = []
    rules = at(LearnStep.MINED, lambda: (begun.append(LearnStep.MINED), Shelf(settings.rewrites).publish(1))[0])

    taught = teach(settings, {}, rules)

    assert (begun, taught.generation, taught.published) == ([LearnStep.MINED], 2, True)


def test_who_is_never_first_says_so(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    """A bound on learnings lost in a row, and a sentence with a question."""
    monkeypatch.setattr(learning, "TRIES_MAX", 2)
    numbers = iter(range(99))

    def overtake() -> None:
        hear(settings, f"words number {next(numbers)} please")
        teach(settings, {}, LearnRules(k=K))

    with pytest.raises(LearnersCollide, match="does `resay stream` learn on this home too"):
        teach(settings, {}, at(LearnStep.VERIFIED, overtake, times=2))

    assert basis_of(settings).is_learnt


def test_one_at_a_time_is_on_the_shelf(tmp_path: Path):
    """Who waits too long for another says so; when that one is gone, it is let in."""
    shelf = Shelf(tmp_path)

    with shelf.alone(), pytest.raises(ShelfUnavailable, match="is one stopped or hanging"), Shelf(tmp_path).alone(wait_s=0.1):
        pass

    with shelf.alone(wait_s=0.1):
        assert shelf.current() is None


@pytest.mark.slow
def test_commands_beside_a_running_stream_end_well(tmp_path: Path):
    """`resay learn`, twice at once, again and again, while `resay stream` does the same on the same home; all of them end with 0."""
    logs = tmp_path / "logs"
    logs.mkdir()
    stream = child.start_resay("stream", "--source", logs, "--k", "3", "--every", "0.5", "--json", home=tmp_path)
    ended = []
    for number in range(ROUNDS):
        source = f"lamp number {number} please"
        turns = [
            replace(each, customer_id=f"{number}{each.customer_id}", turn_id=f"{number}{each.turn_id}") for each in talk(4, source=source)
        ]
        (logs / f"{number}.jsonl").write_bytes(b"".join(encode(whole(each)) + b"\n" for each in turns))
        while not (tmp_path / "lake/turn_parts").exists():
            assert stream.poll() is None
        batch = [child.start_resay(*words, home=tmp_path) for words in (("learn", "--k", "3", "--json"), ("learn", "--k", "3", "--json"))]
        ended += [(process.communicate(timeout=child.WAIT_S)[1], process.returncode) for process in batch]
    last = child.resay("learn", "--k", "3", "--json", home=tmp_path)
    stream.send_signal(signal.SIGTERM)
    told, said = stream.communicate(timeout=child.WAIT_S)

    assert [code for _, code in ended] == [0] * 2 * ROUNDS, ended
    assert (stream.returncode, last.returncode) == (0, 0), (said, last.stderr)
    assert json.loads(told)["landed"]["accepted"] == 12 * ROUNDS
    final = Settings(tmp_path, api_key=None, hash_key=None)
    assert sources(final) == {f"lamp number {number} please" for number in range(ROUNDS)}


def _table(name: str) -> Table:
    return next(table for table in TABLES if table.name == name)
