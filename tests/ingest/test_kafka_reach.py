"""Saying that brokers are away, and that they are back."""

from __future__ import annotations

from ingest.kafka_reach import Reach


def test_away_and_back_are_said_once_each():
    """However often brokers are asked in vain, one sentence says it, and one that they are back, and for how long they were not."""
    said: list[str] = []
    now = [0.0]
    reach = Reach(said.append, clock=lambda: now[0])
    ups = [reach.up]

    for _ in range(3):
        now[0] += 5
        reach.away("brokers b:1 must answer; nothing answers")
        ups.append(reach.up)
    reach.back()
    reach.back()

    assert said == [
        "brokers b:1 must answer; nothing answers; waiting until they do",
        "brokers answer again; they were away for 15 s",
    ]
    assert [*ups, reach.up] == [True, False, False, False, True]


def test_brokers_that_come_and_go_are_not_said_each_time():
    """Within a minute a second going away is not said, unless it lasts beyond it; whether they answer is always known."""
    said: list[str] = []
    now = [0.0]
    reach = Reach(said.append, clock=lambda: now[0])
    reach.away("gone")
    reach.back()
    now[0] = 10

    reach.away("gone again")
    unsaid, up = len(said), reach.up
    now[0] = 70
    reach.away("gone again")

    assert (unsaid, up) == (2, False)
    assert said[2:] == ["gone again; waiting until they do"]
