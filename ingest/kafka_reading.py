"""How a topic is read: as which group, from when to when, how patiently. A value, so that it can be made without the library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

GROUP = "resay"

GATHER_S = 1.0
"""How long a record waits for company of its partition before it is committed: a commit costs some 20 ms and leaves a file."""

SESSION_S = 10.0
"""Silence after which the group gives a member's partitions to others: long beside a commit, short beside a person's patience."""

PATIENCE_S = 60.0
"""How long a bounded reading waits for brokers that are gone: a broker's restart takes seconds to a minute."""

PROBE_S = 5.0
"""How often the brokers are asked for the ends of the partitions: for the lag, and to tell silence from a broker that is gone."""

ENDS_S = 1.0
"""The same where nothing is told before all that a topic held is kept: beside the three seconds for which a talk is waited for."""

REACH_S = 15.0
"""How long brokers may take to answer first: two tries of a slow handshake; a wrong address is told after it."""


@dataclass(frozen=True, slots=True)
class KafkaReading:
    """How a topic is read."""

    group: str = GROUP
    follow: bool = False
    """Wait for more at the end, until stopped; else read what is there at the start, with the other members, and end."""
    since: datetime | None = None
    """Pass over records that are older by the time that Kafka keeps for them; where the lake stands further, that wins."""
    until: datetime | None = None
    """End before the first record of this time or later; not with `follow`."""
    allow_gap: bool = False
    """Go on where the topic's retention has removed records that were never read."""
    gather_s: float = GATHER_S
    session_s: float = SESSION_S
    patience_s: float = PATIENCE_S
    reach_s: float = REACH_S
    probe_s: float = PROBE_S
