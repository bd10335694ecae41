"""The commit rule keeps its promise wherever two consumers are interrupted, and no part of it can be left out."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from tests.protocols.ingest_commit import BAD, Logs, Protocol, Rule, explore

ONE_PARTITION: Logs = (("a", BAD, "b"),)
REPEAT_WITHIN: Logs = (("a", BAD, "a"),)
REPEAT_ACROSS: Logs = (("a", BAD), ("a",))
TWO_PARTITIONS: Logs = (("a", "b"), ("a", BAD))


@pytest.mark.parametrize("logs", [ONE_PARTITION, REPEAT_WITHIN, REPEAT_ACROSS, TWO_PARTITIONS])
def test_no_interruption_breaks_the_promise(logs: Logs):
    """However two consumers overlap, die, pause and wake late: nothing is lost, nothing is there twice, and the end stays in reach."""
    shown = explore(Protocol(logs))

    assert shown.fault == "", shown.path
    assert shown.stuck == 0
    assert shown.states > 1_000, "so few states mean that hardly anything was tried"


NEEDED = [
    ("position_is_checked", ONE_PARTITION, "before the position has passed them"),
    ("commit_is_conditional", ONE_PARTITION, "a dead letter is there twice"),
    ("position_moves_with_rows", ONE_PARTITION, "before the position has passed them"),
    ("letters_come_first", ONE_PARTITION, "is lost"),
    ("letters_are_screened", ONE_PARTITION, "a dead letter is there twice"),
    ("parts_are_screened", REPEAT_ACROSS, "a part is there twice"),
    ("lost_is_read_again", ONE_PARTITION, "before the position has passed them"),
]
"""Each part of the rule, records with which its want shows, and how."""


@pytest.mark.parametrize(("missing", "logs", "fault"), NEEDED)
def test_without_any_part_of_the_rule_something_breaks(missing: str, logs: Logs, fault: str):
    """The exploration would notice: with one part of the rule left out, it finds the way to a broken promise."""
    shown = explore(Protocol(logs, replace(Rule(), **{missing: False})))

    assert fault in shown.fault
    assert shown.path


def test_every_part_of_the_rule_is_tried():
    """A part that is added to the rule must be shown to be needed, above."""
    assert {missing for missing, _, _ in NEEDED} == {field.name for field in fields(Rule)}
