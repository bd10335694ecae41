"""Trials and triggers of single rewrites, as they go into the books beside the decisions.

A trial is a customer's first turn of a day for a rewrite of the table, because chance is drawn once a day for a customer's words
(`rewrite_online.hold_out`): of a second turn the draw would be known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

import sqlalchemy as sa

APPLIED, HELD_OUT = "applied", "held_out"
"""What chance did with a turn."""

_DRAWN = {"rewritten": APPLIED, "hold_out": HELD_OUT}
"""By the reason of a decision. The control arm of an experiment is the customer's, and no draw of this turn's."""

_SHARE_DIGITS = 9
"""Shares are told from products of chances; beyond this they differ by rounding alone."""


def note_trials(connection: sa.Connection, decisions: Sequence[Mapping[str, Any]], *, trials: sa.Table, experiments: sa.Table) -> None:
    """Write down the trials among decisions; those of which a trial of the same day is known are none."""
    first: dict[tuple[object, ...], Mapping[str, Any]] = {}
    for each in sorted(decisions, key=lambda row: row["event_time"]):
        if each["layer"] == "table" and each["reason"] in _DRAWN and each["rewrite_id"]:
            first.setdefault(_key(each), each)
    if not first:
        return
    of = trials.c
    among = sa.and_(of.rewrite_id.in_({key[0] for key in first}), of.customer_id.in_({key[1] for key in first}))
    known = {
        (name, customer, day) for name, customer, day in connection.execute(sa.select(of.rewrite_id, of.customer_id, of.day).where(among))
    }
    rest = {key: each for key, each in first.items() if key not in known}
    named = {each["experiment"] for each in rest.values() if each["experiment"]}
    of_treatment: dict[str, float] = {}
    if named:
        query = sa.select(experiments.c.experiment, experiments.c.treatment).where(experiments.c.experiment.in_(named))
        of_treatment = {name: treatment for name, treatment in connection.execute(query)}
    if rest:
        connection.execute(trials.insert(), [_row(key, each, of_treatment) for key, each in rest.items()])


def note_triggers(connection: sa.Connection, decisions: Sequence[Mapping[str, Any]], *, triggers: sa.Table) -> None:
    """Write down the turns into which a layer beside the table put a rewrite, near misses among them; what is known stays as it is."""
    first: dict[tuple[object, ...], Mapping[str, Any]] = {}
    for each in sorted(decisions, key=lambda row: row["event_time"]):
        if each["layer"] in _BESIDE_THE_TABLE and each["reason"] in _SAID and each["rewrite_id"]:
            occasion = each["turn_id"] if each["layer"] == PERSONAL else each["event_time"].astimezone(UTC).date().isoformat()
            first.setdefault((each["layer"], each["rewrite_id"], each["customer_id"], occasion), each)
    if not first:
        return
    of = triggers.c
    # With the layer, by which the table's key begins: without it every row would be looked at.
    columns = (of.layer, of.rewrite_id, of.customer_id)
    among = sa.and_(*(column.in_({key[place] for key in first}) for place, column in enumerate(columns)))
    query = sa.select(of.layer, of.rewrite_id, of.customer_id, of.occasion).where(among)
    known = {tuple(row) for row in connection.execute(query)}
    rows = [
        dict(zip(("layer", "rewrite_id", "customer_id", "occasion"), key, strict=True))
        | {"turn_id": each["turn_id"], "event_time": each["event_time"], "outcome": ""}
        for key, each in first.items()
        if key not in known
    ]
    if rows:
        connection.execute(triggers.insert(), rows)


GLOBAL, PERSONAL = "global", "personal"

_BESIDE_THE_TABLE = frozenset({GLOBAL, PERSONAL})
"""What a customer taught is that customer's word, and nobody else's to judge."""

_SAID = frozenset({"rewritten", "near_miss"})


def _key(decision: Mapping[str, Any]) -> tuple[object, ...]:
    return decision["rewrite_id"], decision["customer_id"], decision["event_time"].astimezone(UTC).date()


def _row(key: tuple[object, ...], decision: Mapping[str, Any], of_treatment: Mapping[str, float]) -> dict[str, object]:
    drawn = _DRAWN[decision["reason"]]
    chance = decision["propensity"]
    # The arm was drawn behind the hold-out, and for good: it is no part of the chance of this turn.
    share = 1 - chance if drawn == HELD_OUT else chance / of_treatment.get(decision["experiment"] or "", 1.0)
    named = dict(zip(("rewrite_id", "customer_id", "day"), key, strict=True))
    rest = {"turn_id": decision["turn_id"], "event_time": decision["event_time"], "drawn": drawn, "outcome": ""}
    return named | rest | {"share": round(min(share, 1.0), _SHARE_DIGITS)}
