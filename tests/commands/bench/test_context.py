"""`resay bench context`: rows by what is known, and figures that add up."""

from __future__ import annotations

from random import Random

from resay.commands.bench.context import ROWS, Answered, rows_of
from resay.dialogue.cue import CueKind, cues_of, kind_of, without
from resay.dialogue.turn import Context
from resay.lab.ambiguous import Planted, Situation
from resay.lab.ambiguous_talk import Asked
from tests.builders import turn

HERE = Situation("kitchen", "tv", "cooking", 7, {})


def answered(row: str, *, by: CueKind | None, as_said: bool, right: bool, caused: bool = False, customer: str = "c1") -> Answered:
    planted = Planted(f"words by {by}", by, frozenset(), ("lamp", "radio"), is_silent=as_said)
    asked = Asked(turn(planted.text, customer=customer), planted, HERE, "lamp")
    return Answered(row, 1, asked, planted.text, None if as_said == right else "turn on the lamp", as_said, right, caused)


def test_every_kind_of_circumstance_has_a_row_without_it():
    """And one has all of them, one none."""
    full = Context(room="a", device_type="b", activity="c", local_time="07:00", device_states={"d": "on"})
    known = {row: {kind_of(cue) for cue in cues_of(without(full, left_out))} for row, left_out in ROWS.items()}

    assert known["context"] == {*CueKind}
    assert known["no-context"] == set()
    assert {row for row in known if row.startswith("without=")} == {f"without={kind}" for kind in CueKind}
    assert all(known[f"without={kind}"] == {*CueKind} - {kind} for kind in CueKind)


def test_wins_losses_and_harm_are_counted_as_everywhere():
    """A refusal that becomes a wrong action is a loss; a right turn made wrong is harm."""
    turns = [
        answered("context", by=CueKind.ROOM, as_said=False, right=True),
        answered("context", by=CueKind.ROOM, as_said=False, right=False, caused=True),
        answered("context", by=None, as_said=True, right=False),
        answered("context", by=None, as_said=True, right=True),
        answered("no-context", by=CueKind.ROOM, as_said=False, right=False),
    ]

    rows = {(each.row, each.metric): each for each in rows_of(turns, rng=Random(1))}

    told = {metric: rows["context", metric].value for metric in ("accuracy", "wins", "losses", "harm", "turns", "wrong_actions_caused")}
    assert told == {"accuracy": 0.5, "wins": 1, "losses": 2, "harm": 0.5, "turns": 4, "wrong_actions_caused": 1}
    assert rows["no-context", "accuracy"].value == 0.0
    assert rows["context/room", "accuracy"].value == 0.5
    assert rows["context/control", "harm"].value == 0.5
    assert ("context/time", "accuracy") not in rows
