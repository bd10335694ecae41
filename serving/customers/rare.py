"""Pieces of texts and rooms that fewer customers than the floor name now: they leave what pieces mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from markov.verify import Rules
from resay.store.reading import Connection
from rewrite_online.meaning import Weights, without
from rewrite_online.pieces import pieces_of

ACCOUNT_AGE_DAYS = Rules().account_age_days


def without_rare(
    meaning: Weights, connection: Connection, *, floor: int, pieces: Collection[str] | None = None, rooms: Collection[str] | None = None
) -> Weights:
    """What pieces mean without those that are rare, of these or of all; the very same where none is."""
    pieces = meaning.pieces if pieces is None else pieces
    rooms = meaning.rooms if rooms is None else rooms
    connection.execute(_COUNTING)
    enough = {room for room, customers in connection.execute(_ROOMS).fetchall() if customers >= floor} if rooms else set()
    few, few_rooms = _few(connection, pieces, floor=floor), set(rooms) - enough
    return without(meaning, few, few_rooms) if few or few_rooms else meaning


def _few(connection: Connection, pieces: Iterable[str], *, floor: int) -> set[str]:
    """Pieces that fewer customers than the floor say; texts of most customers first, as nearly all pieces are among them."""
    sought: dict[str, set[int]] = {piece: set() for piece in pieces}
    if not sought:
        return set()
    speakers = connection.execute(_SPEAKERS.format(floor=floor))
    while sought and (rows := speakers.fetchmany(10_000)):
        for said, customers in rows:
            for piece in pieces_of(said) & sought.keys():
                sought[piece].update(customers)
                if len(sought[piece]) >= floor:
                    del sought[piece]
    return set(sought)


_COUNTING = f"""
    create or replace temp table counting as
    select customer_id, hash(customer_id) as customer from chain_turns
    group by customer_id
    having not bool_or(is_session)
        and min(event_time) <= (select max(event_time) from chain_turns) - interval '{ACCOUNT_AGE_DAYS}' day
"""

_ROOMS = "select room, count(distinct customer_id) from chain_turns semi join counting using (customer_id) group by room"

_SPEAKERS = """
    with spoken as (
        select distinct chain_turns.said, counting.customer
        from chain_turns join counting using (customer_id) where not chain_turns.rewritten and chain_turns.said <> ''
    )
    select said, list(customer) as customers
    from (
        select *, row_number() over (partition by said order by customer) as place, count(*) over (partition by said) as all_of from spoken
    )
    where place <= {floor}
    group by said
    order by max(all_of) desc, said
"""
