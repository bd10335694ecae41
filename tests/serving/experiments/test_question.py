"""What may be asked of live traffic, and who is then in which arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from resay.store.experiments import ExperimentRecord
from serving.experiments.arms import ArmsUnknown, RunningArms
from serving.experiments.question import BadQuestion, experiment_of, record_of
from tests.builders import BASE
from tests.serving.experiments.traffic import DAY, QUESTION, asked

CUSTOMERS = [f"customer-{number}" for number in range(4_000)]


def recorded(*others: ExperimentRecord, **fields: Any) -> ExperimentRecord:
    """What is written down of the question with these fields."""
    return record_of(asked(**fields), others, now=BASE)


def stretch(record: ExperimentRecord) -> tuple[float, float]:
    """Where its customers lie."""
    return record.stretch_start, pytest.approx(record.stretch_end)


def ended(record: ExperimentRecord) -> ExperimentRecord:
    """The same, stopped."""
    return replace(record, stopped_at=BASE + DAY, stopped_by="ada", stop_reason="enough")


def test_what_is_not_said_is_usual():
    """Half of all customers, four weeks of past, salted by its name, guarded by barge-ins and goals."""
    record = recorded()

    assert (record.treatment, stretch(record), record.salt, record.past_days) == (0.5, (0.0, 1.0), "rewriting", 28)
    assert (record.guardrails, record.level, record.margin, record.started_at) == (
        {"barge_in": 0.1, "goal_success": 0.05},
        0.95,
        0.02,
        BASE,
    )
    assert experiment_of(record).plan.metric.decides


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"experiment": "No Spaces"}, "experiment must be at most 48 of a-z"),
        ({"experiment": "x" * 49}, "experiment must be at most 48"),
        ({"salt": "<b>"}, "salt must be at most 48"),
        ({"metric": "barge_in"}, "metric must be one that was shown to measure what is true (defect_rate); got 'barge_in'"),
        ({"treatment": 50}, "treatment must lie between 0.01 and 0.99; got 50; is it a share"),
        ({"share": 0}, "share must lie between 0.01 and 1"),
        ({"past_days": -1}, "past_days must lie between 0 and 365"),
        ({"guardrails": {"latency_ms": 0.1}}, "guardrail must be another metric that is counted"),
        ({"guardrails": {"defect_rate": 0.1}}, "guardrail must be another metric"),
        ({"guardrails": {"barge_in": 10}}, "margin of guardrail 'barge_in' must lie between 0 and 1; got 10"),
        ({"cohorts": ("",)}, "cohort must be a name"),
        ({"cohorts": tuple(f"c{number}" for number in range(51))}, "cohorts must be at most 50"),
        ({"why": "a\nb"}, "why must be a line"),
        ({"by": "x" * 501}, "by must be a line"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(fields: dict[str, Any], sentence: str):
    """In one sentence that names what came."""
    with pytest.raises(BadQuestion) as refused:
        recorded(**fields)

    assert sentence in str(refused.value)


def test_all_that_is_wrong_is_said_at_once():
    """Nobody wants to hear it one by one."""
    with pytest.raises(BadQuestion, match=r"treatment must lie .*; share must lie"):
        recorded(treatment=2, share=2)


def test_a_name_is_used_once():
    """Of one that has ended too: its arms would carry on."""
    for other in (recorded(), ended(recorded())):
        with pytest.raises(BadQuestion, match="must have a name of its own"):
            recorded(other)


def test_experiments_that_run_share_no_customer():
    """Each takes the first stretch that is free and long enough; what has ended holds nothing."""
    first = recorded(experiment="first", share=0.3)
    second = recorded(first, experiment="second", share=0.3)
    third = recorded(ended(first), second, experiment="third", share=0.4)
    fourth = recorded(ended(first), second, third, experiment="fourth", share=0.3)

    assert [stretch(each) for each in (first, second, third, fourth)] == [(0.0, 0.3), (0.3, 0.6), (0.6, 1.0), (0.0, 0.3)]
    with pytest.raises(BadQuestion, match="a share of 10% of customers must be free"):
        recorded(second, third, fourth, experiment="fifth", share=0.1)


def arms(*records: ExperimentRecord) -> RunningArms:
    """Arms that have been read."""
    running = RunningArms(lambda: records)
    running.refresh()
    return running


def test_customers_are_drawn_as_was_asked():
    """A quarter of four thousand take part, three in ten of them in treatment, give or take four standard errors."""
    running = arms(recorded(share=0.25, treatment=0.3))

    drawn = [found for each in CUSTOMERS if (found := running.drawn(each))]

    assert 890 <= len(drawn) <= 1_110
    assert 0.24 <= sum(each.arm == "treatment" for each in drawn) / len(drawn) <= 0.36
    assert {(each.arm, each.experiment, round(each.share, 9), each.passes_through) for each in drawn} == {
        ("treatment", "rewriting", 0.3, False),
        ("control", "rewriting", 0.7, True),
    }


def test_nobody_is_in_two_experiments_and_all_are_in_one():
    """Two halves."""
    first = recorded(experiment="first", share=0.5)
    second = recorded(first, experiment="second", share=0.5)
    running = arms(first, second)

    found = [running.drawn(each) for each in CUSTOMERS]

    assert {each.experiment for each in found if each} == {"first", "second"}
    assert None not in found


def test_a_salt_draws_the_arms():
    """The same salt carries them on under another name, another one does not."""
    one, same = arms(recorded(experiment="one", salt="s")), arms(recorded(experiment="two", salt="s"))
    other = arms(recorded(experiment="one"))

    def of(running: RunningArms) -> list[str | None]:
        return [found.arm if (found := running.drawn(each)) else None for each in CUSTOMERS[:200]]

    assert of(one) == of(same)
    assert of(one) != of(other)


def test_one_that_has_ended_draws_nobody():
    """From the next look at the books on."""
    records: list[ExperimentRecord] = [recorded()]
    running = RunningArms(lambda: records)
    running.refresh()
    assert running.drawn("ann") is not None

    records[:] = [ended(records[0])]
    running.refresh()

    assert running.drawn("ann") is None


def test_before_the_books_were_read_nobody_s_arm_is_known():
    """To call it none would serve the control arm."""
    with pytest.raises(ArmsUnknown):
        RunningArms(list).drawn("ann")


def test_books_that_break_leave_what_was_known():
    """Nobody changes arms for it."""
    records: list[Sequence[ExperimentRecord]] = [[recorded()]]
    running = RunningArms(lambda: records.pop())
    running.refresh()
    before = running.drawn("ann")

    with pytest.raises(IndexError):
        running.refresh()

    assert running.drawn("ann") == before
    assert QUESTION.experiment == "rewriting"
