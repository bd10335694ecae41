"""`resay bench rephrase`: figures of links whose truth is known, and the command around them."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
import typer
from typer.testing import CliRunner

from rephrase.example import LINK, REPAIR, REPEATED_SUCCESS, TOPIC_SWITCH
from resay.commands.bench import commands as bench
from resay.commands.bench.rephrase_score import Found, Judged, average_precision, best_threshold, figures, gain, judge
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session
from resay.lab.linked.session import Follow, LinkedSession, TrueLink
from tests.builders import session, turn
from tests.made_texts import write_texts

TALK = session(turn("play madona", at=0), turn("no i said play madonna", at=5), turn("play madonna", at=20), turn("stop the music", at=30))
TRUE = LinkedSession(
    TALK,
    (TrueLink(0, 1, 10, 22, repair=True),),
    {0: Follow.OTHER, 1: Follow.SAID_AGAIN, 2: Follow.REPEATED_SUCCESS, 3: Follow.TOPIC_SWITCH},
    "anna",
)


def link(talk: Session, source: int, target: int, *, probability: float, span: tuple[int, int]) -> RephraseLink:
    first, second = talk.turns[source], talk.turns[target]
    return RephraseLink(first.turn_id, second.turn_id, first.customer_id, first.at, probability, *span, "test/1")


def one(*found: Found, target: int | None = 1, kind: str = LINK, group: str = "a", lag: int = 1) -> Judged:
    return Judged(group, kind, target, 0, 4 if target is not None else 0, lag if target is not None else 0, found)


def offer(probability: float, target: int = 1, *, start: int = 0, end: int = 4, lag: int = 1) -> Found:
    return Found(probability, target, start, end, lag)


def values(judged: list[Judged], threshold: float = 0.5) -> dict[tuple[str, str], float | None]:
    return {(row.row, row.metric): row.value for row in figures("x", judged, threshold, Random(1))}


def test_each_turn_that_others_follow_is_judged_with_its_kind():
    """The first has a second try; to the second the same was asked again after it had worked; to the third something else follows."""
    links = [link(TALK, 0, 1, probability=0.9, span=(10, 22)), link(TALK, 1, 2, probability=0.4, span=(0, 12))]

    first, second, third = judge(TRUE, links)

    assert (first.kind, first.target, first.lag, first.found) == (REPAIR, 1, 1, (Found(0.9, 1, 10, 22, 1),))
    assert (second.kind, second.target, len(second.found)) == (REPEATED_SUCCESS, None, 1)
    assert (third.kind, third.found) == (TOPIC_SWITCH, ())


def test_the_figures_are_those_of_the_counts():
    """Two true links: one found, one not; one link too many; one of two sources without a second try left alone."""
    judged = [
        one(offer(0.9), group="a"),
        one(offer(0.2), group="b"),
        one(offer(0.8), target=None, kind=REPEATED_SUCCESS, group="c"),
        one(target=None, kind=TOPIC_SWITCH, group="d"),
    ]

    found = values(judged)

    assert found["x", "precision"] == found["x", "recall"] == found["x", "f1"] == 0.5
    assert found["x", "null_accuracy"] == 0.5
    assert found["x/kind=repeated_success", "false_link_rate"] == 1.0
    assert found["x/kind=topic_switch", "false_link_rate"] == 0.0
    assert found["x/lag=1", "recall"] == 0.5


def test_a_span_counts_by_what_it_shares_with_the_true_one():
    """Exact, half of it too much, and of the wrong turn."""
    exact, wide, astray = one(offer(0.9)), one(offer(0.9, end=8), group="b"), one(offer(0.9, target=2), group="c", kind=REPAIR)

    found = values([exact, wide, astray])

    assert found["x", "span_exact"] == pytest.approx(1 / 3)
    assert found["x", "span_f1"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert found["x/repair", "span_exact"] == 0.0


def test_average_precision_is_the_area_under_the_curve():
    """Right, wrong, right, and one that was never found: (1 + 2/3) / 3."""
    judged = [one(offer(0.9)), one(offer(0.8), target=None, kind=TOPIC_SWITCH), one(offer(0.7), group="b"), one(group="b")]

    area = average_precision(judged, Random(1))

    assert area.value == pytest.approx((1 + 2 / 3) / 3)
    assert area.lo is not None
    assert area.lo <= area.value <= (area.hi or 0)


def test_the_threshold_is_where_f1_is_highest():
    """Lower would let more wrong links in than right ones; equal chances are not parted."""
    wrong = one(offer(0.3), target=None, kind=TOPIC_SWITCH)

    assert best_threshold([one(offer(0.9)), one(offer(0.6)), wrong, wrong]) == 0.6
    assert best_threshold([one(offer(0.9)), one(offer(0.3)), wrong, wrong, wrong]) == 0.9
    assert best_threshold([one()]) == 1.0


def test_a_gain_is_of_both_models_on_the_same_people():
    """Ours finds both links, the other one of two and one too many: F1 of 1 over 0.5, and no error is left."""
    ours = [one(offer(0.9)), one(offer(0.9), group="b"), one(target=None, kind=TOPIC_SWITCH, group="c")]
    other = [one(offer(0.9)), one(group="b"), one(offer(0.9), target=None, kind=TOPIC_SWITCH, group="c")]

    found = {row.metric: row.value for row in gain("x", (ours, 0.5), (other, 0.5), Random(1))}

    assert found == {"f1_gain": pytest.approx(1.0), "error_left": pytest.approx(0.0)}


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    bench.register(made)
    made.callback()(lambda: None)
    return made


@pytest.fixture
def small(tmp_path: Path) -> list[str]:
    """Options of a bench of few customers and texts, without models or calls."""
    pytest.importorskip("hassil", reason="the extra `demo` simulates the home")
    texts = write_texts(tmp_path / "texts")
    return ["--texts", str(texts), "--calls", str(tmp_path / "none"), "--models", str(tmp_path), "--customers", "4", "--sessions", "40"]


def test_the_command_scores_what_is_there_and_names_what_is_not(app: typer.Typer, small: list[str]):
    """One figure a name and metric; no model, no calls, and no failure."""
    told = CliRunner().invoke(app, ["bench", "rephrase", *small, "--json"])

    assert told.exit_code == 0
    rows = json.loads(told.stdout)["rows"]
    scored = {row["row"].split("/")[0] for row in rows}
    assert {"home", "texts", "asked", "hand"} <= scored
    assert "dstc2" not in scored
    assert {"home/overlap", "home/bm25", "home/combined", "texts/combined", "home/combined/without=status"} <= {row["row"] for row in rows}
    assert "without span: " in told.stderr


def test_the_same_seed_gives_the_same_figures(app: typer.Typer, small: list[str]):
    """All but how quickly they came."""
    command = ["bench", "rephrase", "--set", "texts", "--model", "overlap", *small, "--json"]

    first, again = (json.loads(CliRunner().invoke(app, command).stdout)["rows"] for _ in range(2))

    assert [row for row in first if row["metric"] != "windows_per_s"] == [row for row in again if row["metric"] != "windows_per_s"]


def test_people_get_a_table(app: typer.Typer, small: list[str]):
    """Figures, and false links by kind."""
    told = CliRunner().invoke(app, ["bench", "rephrase", "--set", "texts", "--model", "combined", *small])

    assert told.exit_code == 0
    assert "texts/combined" in told.stdout
    assert "False links" in told.stdout


def test_the_set_that_ships_is_scored_beside_the_others(app: typer.Typer, small: list[str]):
    """It needs no copy of anything; its threshold is that of the others."""
    told = CliRunner().invoke(app, ["bench", "rephrase", "--set", "hand", "--model", "combined", *small, "--json"])

    rows = {(row["row"], row["metric"]): row for row in json.loads(told.stdout)["rows"]}
    assert rows["hand/combined", "recall"]["n"] == 150
    assert not [row for row, _ in rows if not row.startswith("hand/")]


def test_a_set_that_nobody_knows_is_wrong_usage(app: typer.Typer, small: list[str]):
    """The sentence names those that there are."""
    told = CliRunner().invoke(app, ["bench", "rephrase", "--set", "moon", *small])

    assert told.exit_code == 2
    assert "hand" in told.stderr


def test_a_model_that_nobody_knows_is_wrong_usage(app: typer.Typer, small: list[str]):
    """The sentence names those that there are."""
    told = CliRunner().invoke(app, ["bench", "rephrase", "--model", "oracle", *small])

    assert told.exit_code == 2
    assert "overlap" in told.stderr
