"""Sessions of assistants that ask, with the failure point of every turn: what was misheard, what was heard and taken wrong, what went well.

Made, like the sessions themselves (`resay.lab.linked.asking`); no noise wakes these assistants, and their results do not fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from failure_point.example import Example
from resay.lab.linked.session import LinkedSession


def asked_examples(sessions: Iterable[LinkedSession]) -> Iterator[Example]:
    """The sessions as examples; each is of an assistant of its own, so that nothing is remembered from one to the next."""
    for linked in sessions:
        turns = linked.session.turns
        points = {turns[place].turn_id: came.point for place, came in linked.came.items() if came.point is not None}
        yield Example(linked.session, points, group=linked.group, source=linked.group, traffic=linked.group)
