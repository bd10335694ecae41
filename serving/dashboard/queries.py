"""What the page asks the lake: named steps of SQL. Nothing runs here but `run`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from resay.dialogue.errors import ResayError
from resay.store.turns_view import DUCKDB, merged_turns


class Connection(Protocol):
    """What a step needs of a connection (`Lake.connect`)."""

    def execute(self, query: str, parameters: Sequence[object] = ...) -> Any:
        """Run one query."""


class FailedStep(ResayError):
    """A query of the page failed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One query with its name and parameters."""

    name: str
    sql: str
    parameters: tuple[object, ...] = ()


def dialogue_turns(turn_ids: Sequence[str]) -> Step:
    """What was said and answered in these turns; the response's text is taken from the record itself, where it is JSON.

    Parts of no other turns are merged, as a view of all of them takes seconds of a large lake; and the lake is read through once.
    """
    return Step(
        "dialogue_turns",
        f"""
        with ours as materialized (select * from turn_parts where turn_id in (select unnest(?))),
        answers as (
            select turn_id, arg_max(json_extract_string(body, '$.response.text'), (event_time, part)) as answer
            from ours
            where json_valid(body)
            group by turn_id
        )
        select turns.turn_id, turns.customer_id, turns.event_time,
            case when turns.original is null then turns.utterance else turns.original end as said,
            coalesce(turns.status, '') as status, coalesce(answers.answer, '') as answer
        from ({merged_turns(DUCKDB, "ours")}) as turns
        left join answers on answers.turn_id = turns.turn_id
        """,
        (list(turn_ids),),
    )


def run(connection: Connection, step: Step) -> list[tuple[Any, ...]]:
    """The rows of a step.

    Raises: FailedStep, with the step's name.
    """
    try:
        rows: list[tuple[Any, ...]] = connection.execute(step.sql, step.parameters).fetchall()
    except Exception as error:  # The engine's own errors have no common ancestor that may be named here.
        message = f"step {step.name} of the page must run on the lake; {error}; was the lake written by another version?"
        raise FailedStep(message) from error
    return rows
