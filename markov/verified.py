"""A table held against the lake as it is now: facts and verdict in one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from markov.facts import read_facts
from markov.proof import Proof
from markov.verify import Rules, sift
from resay.dialogue.rewrite import Rewrite
from resay.store.lake import Lake


def verified(lake: Lake, rewrites: Sequence[Rewrite], rules: Rules) -> tuple[list[Rewrite], Proof]:
    """What of a table can be proven from the lake, with the proof.

    Raises: LakeUnavailable.
    """
    with lake.connect() as connection:
        facts = read_facts(connection, rewrites)
    return sift(rewrites, facts, rules, now=datetime.now(UTC), clock=time.monotonic)
