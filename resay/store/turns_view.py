"""Parts to turns in SQL: the same rule as `resay.dialogue.assembly.assemble`, for readers that want columns and not values.

Common SQL but for the words by which an engine picks the last part (`Words`); parity tests hold the rules together.
"""

from __future__ import annotations

from dataclasses import dataclass

from resay.store.tables import TURN_PARTS

PART_ORDER = "(event_time, part, partition, position)"
"""SQL for the order in which parts of a turn are merged; partition and position only decide between parts of one name and time."""

_OF_THE_PART = frozenset({"turn_id", "part", "customer_id", "event_time", "source", "partition", "position", "landed_at"})


@dataclass(frozen=True, slots=True)
class Words:
    """How an engine says which part decides: templates with `{column}`, `{order}` and `{carrier}`."""

    first: str
    """The value of the first part."""
    last: str
    """The value of the last part in which the column is not null."""
    carried: str
    """The value, null or not, of the last part in which another column is not null."""


DUCKDB = Words(
    first="arg_min({column}, {order})",
    # arg_max passes over rows whose first argument is null.
    last="arg_max({column}, {order})",
    carried="arg_max_null({column}, {order}) filter (where {carrier} is not null)",
)


def turns_view() -> str:
    """SQL of the view `turns` for DuckDB."""
    return f"create view turns as {merged_turns(DUCKDB)}"


def merged_turns(words: Words, parts: str = TURN_PARTS.name) -> str:
    """SQL of turns: parts merged by field, the later event time wins, ties by the name of the part; of all `parts`, or of some.

    The same rule as `resay.dialogue.assembly.assemble`; a parity test holds them together. Repeats of a part change nothing.
    `state` is that of `resay.dialogue.state.state_of`; `said` is the canonical text of what the customer said, whatever we made of it.
    """
    columns = [column.name for column in TURN_PARTS.columns if column.name not in _OF_THE_PART]
    merged = ",\n".join(f"{_pick(column, words)} as {column}" for column in columns)
    return f"""
        select *,
            coalesce(original, canonical) as said,
            case
                when interpretation is null or coalesce(unresolved, false)
                    then '?|' || canonical || '|' || coalesce(prompt_kind, '')
                else interpretation
            end as state
        from (
            select turn_id, min(event_time) as event_time, {words.first.format(column="customer_id", order=PART_ORDER)} as customer_id,
                {merged}
            from {parts} as parts
            group by turn_id
        ) as merged
        where utterance is not null
    """


def _pick(column: str, words: Words) -> str:
    """SQL for a column of the merged turn: the value of the last part that carries the field; a column is null where it does not.

    A field that is carried and says nothing (no interpretation, no score) is written as an empty mark, which wins and then becomes null.
    """
    carrier = _CARRIED_WITH.get(column)
    if carrier:
        return words.carried.format(column=column, order=PART_ORDER, carrier=carrier)
    last = words.last.format(column=column, order=PART_ORDER)
    if column in {"interpretation", "explicit"}:
        return f"nullif({last}, '')"
    return f"nullif({last}, cast('-inf' as double))" if column == "asr_score" else last


_CARRIED_WITH = {"confidence": "interpretation", "rewrite_id": "decision_id", "arm": "decision_id"}
"""Columns that may be null although their field is carried, and a column of the same field that then is not."""


def parts_in_order(turn_parts: str = "turn_parts") -> str:
    """SQL for the parts of turns, or of some of them, each turn's parts together in merging order, turns by customer and event time."""
    return f"""
        select parts.turn_id, parts.part, encode(parts.body) as body
        from {turn_parts} as parts
        join (
            select turn_id, min(event_time) as began, arg_min(customer_id, {PART_ORDER}) as speaker
            from {turn_parts} as parts
            group by turn_id
        ) as turns_begun on parts.turn_id = turns_begun.turn_id
        order by speaker, began, parts.turn_id, parts.event_time, parts.part, parts.partition, parts.position
    """
