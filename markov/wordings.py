"""Wordings from the log: what customers say, what it is taken for, how it fares, and what those who said it in vain came to say.

Named SQL steps over the kept facts (`chain_turns`, `chain_tries`), in the common dialect; nothing runs while building. Customers count as
they do for the miner: no sessions, no young accounts, none for more than a working week of a habit. Turns and tries that we had rewritten
are left out: nothing is learnt from them as if customers had said it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from markov.engine import Engine
from markov.fading import faded, load_fading
from markov.lately import find_changes, keep_present
from markov.steps import MILLION, Floors, Step, kept_steps
from markov.voices import NO_VOICE, find_voices
from resay.dialogue.personal import personal_in
from resay.dialogue.rewrite import Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.state import is_uninterpreted
from resay.dialogue.text import has_command_prefix, has_control_characters
from resay.dialogue.wording import Wording

EVIDENCE_MAX = 6
"""Turns named behind a wording: as many as behind a rewrite."""

TEXT_CHARS_MAX = 200
"""Longest wording: twenty seconds of speech, as the checker asks of targets."""

SPOKEN_MAX = 60_000
"""Texts, by room, that heads are learnt from: a million turns of the closed loop have some 30,000; beyond, those that are said most."""

SAMPLED_OF_TEXT_MAX = 3
"""Turns of one text in one room that the ranker learns from: a head that is said a thousand times says little new."""

SAMPLED_MAX = 12_000
"""Turns that the ranker learns from: some 60,000 rows with their candidates. Of a log of 3,000 customers 4,000 turns gave −47.9 % of
defects, 12,000 −50.3 % for a seventh more time of a learning, and 30,000 −50.4 % (docs/log.md, 2026-11-22)."""

HOPS = 3
"""Links that are followed from a try in vain: after four tries nearly all have given up, or want something else."""

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Spoken:
    """One text in one room, as customers who count said it themselves, and where that ended."""

    text: str
    kind: str
    room: str
    right: float
    """Turns that succeeded as said, and …"""
    wrong: float
    """… that failed; faded, and of no customer more than a working week of a habit."""
    meant: Mapping[str, float]
    """How often each state was what succeeded in the end, at once or by later words, as far as links say."""
    voice: int = NO_VOICE
    """The group of customers who sound alike (`voices`) and said it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """One turn, and where it ended."""

    turn_id: str
    right: bool | None
    """Whether it succeeded; nothing where nobody knows."""
    states: Mapping[str, float]
    """What was reached in the end, with how sure that is: itself where it succeeded, else by links."""
    voice: int = NO_VOICE
    """The group of whoever said it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the log tells of wordings."""

    wordings: tuple[Wording, ...]
    """Those of enough customers, by kind of prompt and text."""
    spoken: tuple[Spoken, ...]
    """All texts by room and voice, by kind, text, room and voice: for learning from, never for publishing."""
    sampled: tuple[Ended, ...]
    """Turns to learn from, by id: of each text in each room a few, drawn by a hash of their id."""
    speakers: Mapping[str, frozenset[int]]
    """Of each text some of the customers who count and said it, as numbers: as many as the floor asks for, and no more."""


def name_customers(engine: Engine, floors: Floors) -> None:
    """Leave turns as the lake keeps them, and customers who count, with the engine.

    Raises: StepFailed.
    """
    for step in kept_steps():
        engine.name(step)
    engine.run(count_in(floors))


def heard_wordings(engine: Engine, floors: Floors | None = None) -> Heard:
    """All of it, from what the lake keeps.

    Raises: StepFailed.
    """
    floors = floors or Floors()
    name_customers(engine, floors)
    load_fading(engine)
    engine.run(say())
    find_changes(engine, floors.customers_min)
    find_voices(engine)
    for step in wording_steps(floors):
        engine.run(step)
    rows = engine.rows("wordings_told").to_pylist()
    wordings = tuple(each for row in rows if (each := _wording(row)) is not None)
    return Heard(wordings, tuple(_spoken(engine)), tuple(_sampled(engine)), _speakers(engine.rows("speakers")))


def wording_steps(floors: Floors) -> list[Step]:
    """The steps behind what was told ever and what of it has changed since, in order."""
    return [weigh_present(floors), tell_wordings(floors), come_to(), speak(), mean(floors), name_speakers(floors), sample()]


def count_in(floors: Floors) -> Step:
    """Customers who count."""
    return Step(
        "told_customers",
        f"""
        select customer_id, fingerprint(customer_id) as customer
        from heard
        group by customer_id
        having not bool_or(is_session)
            and min(event_time) <= (select max(event_time) from heard) - interval '{floors.account_age_days}' day
        """,
    )


def say() -> Step:
    """What each customer who counts said of themselves, faded."""
    return Step(
        "told_ever",
        f"""
        select heard.turn_id, heard.said, heard.kind, heard.room, heard.state, heard.outcome, heard.day, told_customers.customer,
            {faded(str(MILLION))} as full_weight
        from heard
        join told_customers on told_customers.customer_id = heard.customer_id
        join fading on fading.day = heard.day
        where not heard.rewritten and heard.said <> '' and length(heard.said) <= {TEXT_CHARS_MAX}
        """,
    )


def weigh_present(floors: Floors) -> Step:
    """The same since each wording changed: what it came to before is no evidence any more. Shared among what a customer says too often."""
    return Step(
        "told",
        f"""
        select told.*, cast(floor(full_weight * least(1.0, {floors.customer_weight_max * MILLION} / greatest(1.0, sum(full_weight) over (
            partition by customer, said, kind, room
        )))) as bigint) as millionths
        from (
            select told_ever.*, coalesce(voices.voice, {NO_VOICE}) as voice from told_ever
            left join voices on voices.customer = told_ever.customer {keep_present("told_ever")}
        ) as told
        """,
    )


def tell_wordings(floors: Floors) -> Step:
    """Wordings of enough customers, with the state that each is most often taken for: success in any other state is none."""
    return Step(
        "wordings_told",
        f"""
        with taken_for as (
            select said, kind, state, sum(millionths) as millionths,
                sum(case when outcome = 'success' then millionths else 0 end) as succeeded
            from told
            group by said, kind, state
        ),
        mostly as (
            select said, kind, state, succeeded
            from (
                select *, row_number() over (partition by said, kind order by millionths desc, state) as place from taken_for
            ) as ordered
            where place = 1
        ),
        shown as (
            select said, kind, array_agg(turn_id) as evidence
            from (
                select told.said, told.kind, told.turn_id,
                    row_number() over (partition by told.said, told.kind order by told.day desc, told.turn_id) as place
                from told
                join mostly on mostly.said = told.said and mostly.kind = told.kind and mostly.state = told.state
                where told.outcome = 'success'
            ) as ordered
            where place <= {EVIDENCE_MAX}
            group by said, kind
        )
        select whole.*, present.judged, mostly.state, mostly.succeeded, shown.evidence
        from (
            select said, kind, count(distinct customer) as customers, max(day) as last_day
            from told_ever
            group by said, kind
            having count(distinct customer) >= {floors.customers_min}
        ) as whole
        join (
            select said, kind, sum(case when outcome in ('success', 'failure') then millionths else 0 end) as judged
            from told
            group by said, kind
        ) as present on present.said = whole.said and present.kind = whole.kind
        join mostly on mostly.said = whole.said and mostly.kind = whole.kind
        left join shown on shown.said = whole.said and shown.kind = whole.kind
        order by whole.kind, whole.said
        """,
    )


def come_to() -> Step:
    """Where each turn ended: at once where it succeeded; else by the links that leave it, a few in a row, none of them made by us."""
    tries = "(select * from tries where not rewritten and source_outcome <> 'success' and source_said <> '')"
    hops = "select source_turn_id as turn_id, target_turn_id, target_outcome, target_state, millionths * 1.0 as share from " + tries
    later = [
        f"""hop{hop} as (
            select earlier.turn_id, later.target_turn_id, later.target_outcome, later.target_state,
                earlier.share * later.millionths / {MILLION}.0 as share
            from hop{hop - 1} as earlier
            join {tries} as later on later.source_turn_id = earlier.target_turn_id
            where earlier.target_outcome <> 'success'
        )"""
        for hop in range(2, HOPS + 1)
    ]
    ends = " union all ".join(f"select * from hop{hop}" for hop in range(1, HOPS + 1))
    return Step(
        "came_to",
        f"""
        with {", ".join([f"hop1 as ({hops} as first)", *later])}
        select turn_id, target_state as state, sum(share) / {MILLION}.0 as share
        from ({ends}) as ended
        where target_outcome = 'success'
        group by turn_id, target_state
        """,
    )


def speak() -> Step:
    """How each text fared as said, by room and voice; the most frequent, where there are too many."""
    return Step(
        "spoken",
        f"""
        select said, kind, room, voice,
            sum(case when outcome = 'success' then millionths else 0 end) / {MILLION}.0 as succeeded,
            sum(case when outcome = 'failure' then millionths else 0 end) / {MILLION}.0 as failed
        from told
        group by said, kind, room, voice
        order by sum(millionths) desc, kind, said, room, voice
        limit {SPOKEN_MAX}
        """,
    )


def mean(floors: Floors) -> Step:
    """What each text came to mean, by room and voice: states in which enough customers succeeded."""
    return Step(
        "meanings",
        f"""
        with reached as (
            select told.said, told.kind, told.room, told.customer, told.voice, told.state, told.millionths * 1.0 as weight
            from told
            where told.outcome = 'success'
            union all
            select told.said, told.kind, told.room, told.customer, told.voice, came_to.state, told.millionths * came_to.share as weight
            from told
            join came_to on came_to.turn_id = told.turn_id
            where told.outcome <> 'success'
        ),
        common as (
            select state from reached group by state having count(distinct customer) >= {floors.customers_min}
        )
        select reached.said, reached.kind, reached.room, spoken.voice, reached.state, sum(reached.weight) / {MILLION}.0 as weight
        from reached
        join common on common.state = reached.state
        join spoken on spoken.said = reached.said and spoken.kind = reached.kind and spoken.room = reached.room
            and spoken.voice = reached.voice
        group by reached.said, reached.kind, reached.room, spoken.voice, reached.state
        """,
    )


def name_speakers(floors: Floors) -> Step:
    """Of each text as many speakers as the floor asks for: enough to tell whether enough said what texts have in common."""
    return Step(
        "speakers",
        f"""
        select said, customer
        from (
            select said, customer, row_number() over (partition by said order by customer) as place
            from (
                select distinct told_ever.said, told_ever.customer from told_ever join spoken on spoken.said = told_ever.said
            ) as each_once
        ) as ordered
        where place <= {floors.customers_min}
        """,
    )


def sample() -> Step:
    """Turns to learn from: a few of each text in each room, ours too, so that the frequent do not crowd the rare out."""
    return Step(
        "sampled",
        f"""
        select turn_id, outcome, state, coalesce(voices.voice, {NO_VOICE}) as voice
        from (
            select *, row_number() over (order by fingerprint(turn_id), turn_id) as turn_place
            from (
                select heard.turn_id, heard.outcome, heard.state, told_customers.customer, row_number() over (
                    partition by heard.said, heard.kind, heard.room, heard.rewritten order by fingerprint(heard.turn_id), heard.turn_id
                ) as text_place
                from heard
                join told_customers on told_customers.customer_id = heard.customer_id
                {keep_present("heard")}
                    and heard.outcome in ('success', 'failure') and heard.said <> '' and length(heard.said) <= {TEXT_CHARS_MAX}
            ) as numbered
            where text_place <= {SAMPLED_OF_TEXT_MAX}
        ) as drawn
        left join voices on voices.customer = drawn.customer
        where turn_place <= {SAMPLED_MAX}
        """,
    )


def _wording(row: Mapping[str, object]) -> Wording | None:
    """A wording that may be published; nothing where what it holds may point to one person, or is no text to be said."""
    text, state = str(row["said"]), str(row["state"])
    read = "" if is_uninterpreted(state) else state
    if personal_in(text, read) or has_command_prefix(text) or has_control_characters(text):
        return None
    judged, succeeded = _weight(row["judged"]), _weight(row["succeeded"])
    risk = risk_of(read, text) if read else Risk.LOW
    return Wording(
        text=text,
        prompt_kind=str(row["kind"]),
        state=read,
        risk=risk,
        customers=int(str(row["customers"])),
        times=judged,
        # From the uniform prior, as everywhere: what was tried once is not known.
        success=(succeeded + 1) / (judged + 2) if read else 1 / (judged + 2),
        last_day=_days(row["last_day"]),
        evidence=tuple(sorted(map(str, row["evidence"]))) if isinstance(row["evidence"], list) and read else (),
    )


def _weight(millionths: object) -> float:
    return float(str(millionths or 0)) / MILLION


def _days(day: object) -> int:
    assert isinstance(day, date), "days are dates"
    return (day - _EPOCH).days


def _spoken(engine: Engine) -> Iterator[Spoken]:
    meant: dict[tuple[str, ...], dict[str, float]] = {}
    for row in engine.rows("meanings").to_pylist():
        meant.setdefault(_place_of(row), {})[row["state"]] = _rounded(row["weight"])
    for row in sorted(engine.rows("spoken").to_pylist(), key=_place_of):
        came = dict(sorted(meant.get(_place_of(row), {}).items()))
        yield Spoken(row["said"], row["kind"], row["room"], _rounded(row["succeeded"]), _rounded(row["failed"]), came, row["voice"])


def _place_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    return row["kind"], row["said"], row["room"], str(row["voice"])


def _rounded(weight: float) -> float:
    """Sums of fractions come out a little differently with each order, and what is learnt from them must not."""
    return round(float(weight), 5)


def _sampled(engine: Engine) -> Iterator[Ended]:
    came: dict[str, dict[str, float]] = {}
    engine.run(Step("sampled_ends", "select came_to.* from came_to join sampled on sampled.turn_id = came_to.turn_id"))
    for row in engine.rows("sampled_ends").to_pylist():
        came.setdefault(row["turn_id"], {})[row["state"]] = _rounded(row["share"])
    for row in sorted(engine.rows("sampled").to_pylist(), key=lambda each: each["turn_id"]):
        right = row["outcome"] == "success"
        states = {row["state"]: 1.0} if right else dict(sorted(came.get(row["turn_id"], {}).items()))
        yield Ended(row["turn_id"], right, states, row["voice"])


def _speakers(rows: pa.Table) -> dict[str, frozenset[int]]:
    by_text: dict[str, set[int]] = {}
    for row in rows.to_pylist():
        by_text.setdefault(row["said"], set()).add(row["customer"])
    return {said: frozenset(customers) for said, customers in by_text.items()}
