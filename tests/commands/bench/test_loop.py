"""The product in the loop: a rewrite that must be learnt is learnt and wins, the truth teaches nothing, and figures are rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from rephrase.overlap import OverlapDetector
from resay.commands.bench.loop_runs import AnotherRun, LoopBench, Runs, claim_run
from resay.commands.bench.loop_system import ProductSystem
from resay.commands.bench.scenarios import BUILT, Planted, Scenario, play_scenarios
from resay.commands.detectors import DetectorAsked, DetectorName
from resay.commands.main import command_line
from resay.commands.settings import read_settings
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.tick import silent
from resay.lab.adviser import Mode
from resay.lab.assistant import Assistant
from resay.lab.cast import Casting
from resay.lab.checkpoint import Checkpoint
from resay.lab.conversation import Exchange
from resay.lab.habits import AS_SHIPPED, LIVELY
from resay.lab.loop import LoopOutcome, LoopPlan, Parts, run_loop
from resay.lab.scenarios.verdict import Ruling, Verdict
from resay.lab.tally import Arm
from resay.lab.traffic import talk
from resay.lab.world import World, read_world
from resay.store.lake import Lake
from tests.builders import BASE, turn
from tests.lab.loop_world import two_families
from tests.lab.scenarios.planted_world import planted_world

PLAN = LoopPlan(Casting(seed=3, customers=60, days=18, treatment_share=0.5), learning_days=14, learn_every_days=7)
K = 3
OPTIONS = ["--customers", "30", "--days", "10", "--scored-days", "2", "--learn-every", "8", "--k", "3", "--leave-out", "kal", "--json"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def world(folder: Path) -> World:
    return two_families(folder)


@pytest.fixture(scope="module")
def assistant(world: World) -> Assistant:
    return Assistant(world.home)


def _scrambled(*args: Any, **how: Any) -> Iterator[list[Exchange]]:
    """The usual talk, each turn with the truth of another."""
    for exchanges in talk(*args, **how):
        truths = [each.truth for each in exchanges]
        yield [Exchange(each.turn, truth) for each, truth in zip(exchanges, truths[1:] + truths[:1], strict=True)]


class Lived:
    """One loop that was run, and the home it left."""

    def __init__(self, world: World, assistant: Assistant, home: Path, *, plan: LoopPlan = PLAN, how: Any = talk) -> None:
        self.settings = read_settings({}, home=home)
        system = ProductSystem(self.settings, k=K)
        self.outcome: LoopOutcome = run_loop(world, plan, Parts(system, assistant, lambda: 0.0, how, customers_min=K), tick=silent)
        self.rewrites: tuple[Rewrite, ...] = system.rewrites()
        self.digest = system.log_digest
        system.close()

    @property
    def table(self) -> bytes:
        """The live table, as it lies on the shelf."""
        number = (self.settings.rewrites / "current").read_text().strip()
        return (self.settings.rewrites / number.zfill(6) / "rewrites.jsonl").read_bytes()


@pytest.fixture(scope="module")
def lived(world: World, assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    return Lived(world, assistant, tmp_path_factory.mktemp("home"))


def test_a_rewrite_that_must_be_learnt_is_learnt_and_wins(lived: Lived):
    """The assistant never understands "let there be light", and customers say then how it does."""
    learnt = {each.source: each.target for each in lived.rewrites}
    ours = lived.outcome.ours.by_customer(Arm.TREATMENT)

    assert learnt["let there be light"] in {"turn on the counter lights", "counter lights on"}
    assert sum(sums.wins for sums in ours.values()) > 0
    assert sum(sums.losses for sums in ours.values()) == 0
    assert {layer.layer for layer in lived.outcome.ours.layers} == {"personal", "table"}


def test_control_is_never_rewritten_in_the_lake(lived: Lived):
    """What the log says was rewritten is of the treatment arm, and marked so."""
    members = lived.outcome.learning.members
    with Lake(lived.settings.lake).connect() as connection:
        found = connection.execute("select customer_id, rewrite_id is not null from turns").fetchall()

    rewritten = {members[customer].arm for customer, is_rewritten in found if is_rewritten}

    assert rewritten == {Arm.TREATMENT}
    assert {members[customer].arm for customer, _ in found} == set(Arm)


def test_scrambled_truth_teaches_the_same(lived: Lived, world: World, assistant: Assistant, tmp_path: Path):
    """The same log and the same rewrites, byte for byte: nothing of the truth reaches the learner."""
    scrambled = Lived(world, assistant, tmp_path, how=_scrambled)

    assert scrambled.digest == lived.digest
    assert scrambled.table == lived.table
    assert scrambled.outcome.learning.by_customer() != lived.outcome.learning.by_customer()


def test_two_seeds_differ(lived: Lived, world: World, assistant: Assistant, tmp_path: Path):
    """Another chance, another log."""
    short = replace(PLAN, casting=replace(PLAN.casting, seed=4, days=15))

    assert Lived(world, assistant, tmp_path, plan=short).digest != lived.digest


def test_every_turn_of_the_log_is_labelled_and_measured(lived: Lived):
    """What labels say of the scored weeks is of just the turns that the arms had there."""
    outcome = lived.outcome
    arms = outcome.untouched.by_customer(Arm.CONTROL) | outcome.ours.by_customer(Arm.TREATMENT)

    assert {customer: each.turns for customer, each in outcome.measured.items()} == {each: sums.turns for each, sums in arms.items()}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the commands keep stays out of the working folder."""
    monkeypatch.setenv("RESAY_HOME", str(tmp_path / "resay"))


def _bench(*options: str) -> Any:
    return CliRunner().invoke(command_line("bench"), ["bench", "loop", *options])


class _Dies(Exception):
    """The machine is switched off."""


class _Mortal(ProductSystem):
    """Dies before its second night."""

    nights = 0

    def learn(self, now: datetime) -> None:
        """As ever, but for death."""
        self.nights += 1
        if self.nights == 2:
            raise _Dies
        super().learn(now)


@pytest.mark.slow
def test_a_loop_goes_on_in_the_home_that_it_left(lived: Lived, world: World, assistant: Assistant, tmp_path: Path):
    """Another process takes up the home and the notes, and comes to the same rewrites and figures."""
    settings, checkpoint = read_settings({}, home=tmp_path / "home"), Checkpoint(tmp_path / "stand")

    with pytest.raises(_Dies), closing(_Mortal(settings, k=K)) as system:
        run_loop(world, PLAN, Parts(system, assistant, lambda: 0.0, customers_min=K, checkpoint=checkpoint), tick=silent)
    with closing(ProductSystem(settings, k=K)) as system:
        outcome = run_loop(world, PLAN, Parts(system, assistant, lambda: 0.0, customers_min=K, checkpoint=checkpoint), tick=silent)

        assert system.rewrites() == lived.rewrites
        assert outcome == lived.outcome
        assert system.log_digest == ""


@pytest.mark.slow
def test_the_command_prints_each_figure_once_and_goes_on_from_what_is_kept(world: World, folder: Path, tmp_path: Path):
    """Rows by the names of EVALUATION; run again, the very same figures come without the work, but for the world's speed, timed anew."""
    run = ["--world", str(folder), "--run", str(tmp_path / "run"), *OPTIONS]

    first = _bench(*run)
    again = _bench(*run)

    report = json.loads(first.stdout)
    names = {each["row"] for each in report["rows"]}
    assert first.exit_code == 0, first.stderr
    assert {"main/new-voice", "main/same-voice", "stress", "oracle-table", "oracle-table/same-voice", "week=1"} <= names
    assert max(Counter((each["row"], each["metric"]) for each in report["rows"]).values()) == 1
    kept = [each for each in report["rows"] if each["row"] != "world/cached"]
    assert [each for each in json.loads(again.stdout)["rows"] if each["row"] != "world/cached"] == kept
    figures = {(each["row"], each["metric"]): each["value"] for each in report["rows"]}
    assert {"supported_by_10", "lessons", "hours_to_served"} <= {metric for row, metric in figures if row == "main/new-voice"}
    assert {"table", "global/same-voice", "personal", "taught", "main/new-voice/kept-on", "main/same-voice/kept-on"} <= names
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["kal-before.msgpack", "plan.json", "same-voice-before.msgpack"]


def test_a_run_of_another_plan_is_not_gone_on_with(world: World, folder: Path, tmp_path: Path):
    """Figures of two plans must not stand in one report."""
    (tmp_path / "plan.json").write_text("{}")

    refused = _bench("--world", str(folder), "--run", str(tmp_path), *OPTIONS)

    assert type(refused.exception).__name__ == "AnotherRun"


def test_a_run_without_roll_back_is_another(world: World, tmp_path: Path):
    """What was rolled back in some of its loops must not stand beside loops in which nothing was."""
    bench = LoopBench(7, 40, 12, 4, 0.5, 6, K, (Mode.BEFORE,), ("kal",))
    claim_run(tmp_path, bench, world, world_name="w")

    with pytest.raises(AnotherRun, match=r'"roll_back":false.*"roll_back":true'):
        claim_run(tmp_path, replace(bench, roll_back=False), world, world_name="w")


@pytest.mark.slow
def test_without_roll_back_no_row_stands_beside_the_others(world: World, folder: Path):
    """There is nothing that it could be held against."""
    done = _bench("--world", str(folder), "--no-roll-back", "--no-same-voice", *OPTIONS)

    names = {each["row"] for each in json.loads(done.stdout)["rows"]}
    assert "main/new-voice" in names
    assert not [each for each in names if "kept-on" in each]


def test_a_run_of_other_habits_is_not_gone_on_with(world: World, tmp_path: Path):
    """Customers who talk otherwise, in the same world: their figures must not stand beside each other."""
    bench = LoopBench(7, 40, 12, 4, 0.5, 6, K, (Mode.BEFORE,), ("kal",))
    claim_run(tmp_path, bench, world, world_name="w")

    claim_run(tmp_path, bench, replace(world, habits=LIVELY), world_name="w")
    with pytest.raises(AnotherRun, match="habits"):
        claim_run(tmp_path, bench, replace(world, habits=AS_SHIPPED), world_name="w")


def test_a_run_by_other_links_is_not_gone_on_with(world: World, tmp_path: Path):
    """What is learnt from other links is another system."""
    bench = LoopBench(7, 40, 12, 4, 0.5, 6, K, (Mode.BEFORE,), ("kal",))
    claim_run(tmp_path, bench, world, world_name="w")

    claim_run(tmp_path, replace(bench, links=DetectorAsked(DetectorName.COMBINED)), world, world_name="w")
    with pytest.raises(AnotherRun, match=r'"links":"overlap/1".*"links":"combined/'):
        claim_run(tmp_path, replace(bench, links=DetectorAsked(DetectorName.OVERLAP)), world, world_name="w")


def test_links_are_of_the_detector_that_was_asked_for(tmp_path: Path):
    """In the lake that is learnt from."""
    said = [turn("play madonna", at=0, status="unsupported"), turn("play madonna", at=5)]

    with closing(ProductSystem(read_settings({}, home=tmp_path), detector=OverlapDetector())) as system:
        system.land(said, BASE)
        list(system.defects())

    with Lake(tmp_path / "lake").connect() as connection:
        assert connection.execute("select detector from links").fetchall() == [("overlap/1",)]


def test_a_run_of_another_version_is_not_gone_on_with(world: World, tmp_path: Path):
    """What another version understood, or how it talked, must not stand beside ours."""
    bench = LoopBench(7, 40, 12, 4, 0.5, 6, K, (Mode.BEFORE,), ("kal",))
    claim_run(tmp_path, bench, world, world_name="w")
    plan = json.loads((tmp_path / "plan.json").read_text())

    (tmp_path / "plan.json").write_bytes(msgspec.json.encode(plan))
    claim_run(tmp_path, bench, world, world_name="w")
    (tmp_path / "plan.json").write_bytes(msgspec.json.encode(plan | {"versions": plan["versions"] | {"hassil": "3.0.0"}}))
    with pytest.raises(AnotherRun, match=r'it holds .*"hassil":"3\.0\.0"'):
        claim_run(tmp_path, bench, world, world_name="w")

    asked = ("resay", "hassil", "home-assistant-intents")
    assert {name: plan["versions"][name] for name in asked} == {name: version(name) for name in asked}


@pytest.mark.exhaustive
def test_a_loop_that_learns_while_people_talk_begins_anew(world: World, tmp_path: Path):
    """What it left behind is not gone on with, as it answered from what it knew in the middle of a day."""
    bench = LoopBench(7, 12, 2, 1, 0.5, 1, K, (Mode.BEFORE,), ("kal",), slice_minutes=720)
    left = tmp_path / "kal-before" / "lake" / "half"
    runs = Runs(bench, world, tmp_path, world_name="w")
    left.mkdir(parents=True)

    died = runs.run("kal", Mode.BEFORE, tick=silent)

    other = tmp_path / "other"
    assert died.outcome == replace(
        Runs(bench, world, other, world_name="w").run("kal", Mode.BEFORE, tick=silent).outcome, talk_s=died.outcome.talk_s
    )
    assert not left.exists()


@pytest.mark.parametrize("kept", [b"half", b"\x81\xaalog_digest\xa1\xff"])
def test_a_loop_that_cannot_be_read_is_said(world: World, kept: bytes, tmp_path: Path):
    """With the file's name, and what to do."""
    bench = LoopBench(7, 40, 12, 4, 0.5, 6, K, (Mode.BEFORE,), ("kal",))
    runs = Runs(bench, world, tmp_path, world_name="w")
    (tmp_path / "kal-before.msgpack").write_bytes(kept)

    with pytest.raises(AnotherRun, match=r"kal-before\.msgpack"):
        runs.run("kal", Mode.BEFORE, tick=silent)


def test_a_folder_that_is_no_world_is_said(tmp_path: Path):
    """In a sentence that names it."""
    refused = _bench("--world", str(tmp_path / "nowhere"))

    assert "nowhere" in str(refused.exception)


@pytest.mark.exhaustive
def test_a_planted_case_is_played_by_the_product_and_stands_in_page_and_rows(tmp_path: Path):
    """Alone without a page; the row says whether it held, and nothing of the loops is run."""
    planted_world(tmp_path / "world")

    played = _bench("--world", str(tmp_path / "world"), "--scenario", "assistant-learns", "--customers", "20", "--k", "3", "--json")

    rows = {(each["row"], each["metric"]): each["value"] for each in json.loads(played.stdout)["rows"]}
    assert played.exit_code == 0, played.stderr
    assert rows["scenario=assistant-learns", "held"] == 1
    assert rows["scenario=assistant-learns", "not_built"] == 0
    assert "was gone after the first night" in played.stderr
    assert rows["assistant-learns", "needless_rewrites"] > 0
    assert not any(row.startswith("main/") for row, _ in rows)


@pytest.mark.slow
def test_a_cohort_that_is_hurt_is_spared_from_its_own_log_alone(tmp_path: Path):
    """Case (iv), played by the product: nobody of the cohort is harmed later than three nights, and the others keep the rewrite."""
    planted_world(tmp_path / "world")

    played = _bench("--world", str(tmp_path / "world"), "--scenario", "cohort-harm", "--customers", "20", "--k", "5", "--json")

    rows = {(each["row"], each["metric"]): each["value"] for each in json.loads(played.stdout)["rows"]}
    assert played.exit_code == 0, played.stderr
    assert rows["scenario=cohort-harm", "held"] == 1, played.stderr
    assert rows["cohort-harm", "harmed"] > rows["cohort-harm", "harmed_late"] == 0
    assert rows["cohort-harm", "wins"] > 0
    assert rows["cohort-harm", "nights_live_after"] == 7


def test_a_verdict_that_is_kept_is_not_played_again(tmp_path: Path):
    """It stands in the folder of the run, with the parts that were built then."""
    planted_world(tmp_path / "world")
    assistant_learns = "assistant-learns"
    verdict = Verdict(assistant_learns, Ruling.HELD, "it was kept")
    planted = Planted(read_world(tmp_path / "world"), 20, K, 7, place=tmp_path)
    (tmp_path / f"scenario-{assistant_learns}.json").write_bytes(msgspec.json.encode({"verdict": verdict, "built": sorted(BUILT)}))

    assert play_scenarios([Scenario.ASSISTANT_LEARNS], planted, shown=False) == [verdict]


def test_a_verdict_that_cannot_be_read_is_played_again(tmp_path: Path):
    """Bytes that are no text are as good as none."""
    planted_world(tmp_path / "world")
    planted = Planted(read_world(tmp_path / "world"), 20, K, 7, place=tmp_path)
    (tmp_path / "scenario-aa.json").write_bytes(b'{"verdict":{"scenario":"a\xffa"}}')

    assert [each.scenario for each in play_scenarios([Scenario.AA], planted, shown=False)] == ["aa"]


def test_a_page_that_cannot_be_written_is_said(world: World, folder: Path, tmp_path: Path):
    """Before hours are spent on what it would show."""
    refused = _bench("--world", str(folder), "--report", str(tmp_path / "nowhere" / "loop.html"), *OPTIONS)

    assert type(refused.exception).__name__ == "PageNotWritten"
