"""Proposals from a home's log: held against the truth by text, what was rewritten hidden where it must be, and rows for each learner."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from resay.commands.bench.mine_home import Ground, HomePlan, Judgeable, alike, as_if_said, as_logged, home_rows, night_of
from resay.commands.bench.mine_lake import write_talk
from resay.dialogue.tick import silent
from resay.dialogue.turn import AppliedRewrite
from resay.lab.judged import Judged
from resay.lab.made_turn import MadeTalk, MadeTurn
from resay.store.lake import Lake
from tests.builders import BASE, turn
from tests.child import run
from tests.lab.loop_world import two_families


class Known(Judged):
    """Everything is known, and what is right stands in a list."""

    def is_right(self, source: str, target: str, *, room: str = "") -> bool:
        """The pair is listed, in this room or in any."""
        return (source, target, room) in {("a", "A", ""), ("b", "B", "kitchen")}


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    world = two_families(tmp_path / "world")
    return Ground(Known(world, None), {"a": 0, "b": 1, "c": 2}, frozenset({"a", "b"}))  # type: ignore[arg-type]


def test_of_each_text_the_best_proposal_is_judged(ground: Ground):
    """In its room; what needs none is wrong, and what cannot be judged is left out."""
    found = [
        *(Judgeable("a", "A", 0.9), Judgeable("a", "X", 0.8)),
        *(Judgeable("b", "B", 0.7), Judgeable("b", "B", 0.75, "kitchen")),
        *(Judgeable("c", "C", 0.6), Judgeable("unheard", "A", 1.0)),
    ]

    night = night_of(found, ground)

    assert sorted(night.scored) == [(0.6, "c", 2, False), (0.75, "b", 1, True), (0.9, "a", 0, True)]
    assert night.wanted == {0: 1, 1: 1}


def test_a_hidden_rewrite_looks_as_if_it_had_been_understood():
    """What was said, with what was made of what we had put in its place."""
    applied = AppliedRewrite(decision_id="d", original="lamp now")
    rewritten = replace(turn("turn on the lamp", intent="on"), rewrite=applied)

    hidden = as_if_said(rewritten)

    assert as_logged(rewritten) == rewritten
    assert (hidden.utterance, hidden.rewrite, hidden.interpretations) == ("lamp now", None, rewritten.interpretations)
    assert as_if_said(turn("lamp now")) == turn("lamp now")


def test_alike_every_next_turn_of_a_segment_counts(tmp_path: Path):
    """Certainly, and no turn of another segment."""
    lake = Lake(tmp_path)
    said = [
        MadeTurn(f"t{place}", "c", BASE.replace(second=place), "hello", None, "success", "t0" if place < 3 else "t3") for place in range(5)
    ]
    write_talk(lake, MadeTalk(tuple(said)))

    links = alike(lake).select(["source_turn_id", "target_turn_id", "probability"]).to_pylist()

    assert sorted(tuple(each.values()) for each in links) == [("t0", "t1", 1.0), ("t1", "t2", 1.0), ("t3", "t4", 1.0)]


@pytest.mark.slow
def test_every_learner_has_its_rows_in_a_small_home(tmp_path: Path):
    """Where light is asked for in words that nobody understands: something is needed, found, and right."""
    plan = HomePlan(seed=3, customers=40, days=14)

    rows = {(each.row, each.metric): each for each in home_rows(two_families(tmp_path), plan, shelf=None, tick=silent)}

    assert {row for row, metric in rows if metric == "auc_pr_unserved"} == {
        f"home/{name}{end}" for name in ("frequency", "pairs", "chain", "chain+links") for end in ("", "/k=2")
    }
    assert {row for row, metric in rows if metric == "auc_pr"} == {
        f"home/{name}{end}" for name in ("chain+links", "self-aware") for end in ("", "/k=2")
    }
    assert rows["home", "wanted"].value
    assert (rows["home/chain+links/k=2", "auc_pr_unserved"].value or 0) > 0
    assert all(0 <= each.value <= 1 for (_, metric), each in rows.items() if metric.startswith("auc_pr") and each.value is not None)


def test_without_the_home_s_assistant_the_row_says_so(tmp_path: Path):
    """And the made-up worlds are scored all the same."""
    code = (
        "import sys; sys.modules['hassil'] = None\n"
        "from resay.commands.bench.mine_home import *\n"
        "from resay.dialogue.tick import silent\n"
        "from resay.lab.world import VOICE_HOME, read_world\n"
        "for row in home_rows(read_world(VOICE_HOME), HomePlan(7), shelf=None, tick=silent): print(row.row, row.value, row.unit)"
    )

    ran = run(code, home=tmp_path)

    assert ran.stdout.startswith("home/self-aware None not run: the world needs the extra `demo`")
