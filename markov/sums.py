"""From facts to sums: who counts, what each customer made of each wording, and their second tries, all by fingerprints.

Reads tables `heard` and `tries` (`steps`), each but a few times: a hundred million turns do not fit into memory, what each customer made of
each wording does. Names are left behind here: customers, wordings, states and turns go by fingerprints, eight bytes each.
"""

from __future__ import annotations

from markov.corroborate import category, fingerprint
from markov.fading import faded
from markov.steps import MILLION, Floors, Step


def sum_steps(floors: Floors) -> list[Step]:
    """The steps from facts to what each customer made of each wording, in order."""
    return [know_customers(floors.account_age_days), name_states(), utter(), mean()]


def anew_steps() -> list[Step]:
    """The steps that ask for table `renewed` (said, kind, since): wordings that came to mean something else, and since when."""
    return [name_renewed(), renew(), try_again()]


def know_customers(account_age_days: int) -> Step:
    """Who counts towards a floor: no customer that is but a session, no account that is too young."""
    return Step(
        "known",
        f"""
        select customer_id, {fingerprint("customer_id")} as customer,
            not is_session and first_at <= max(last_at) over () - interval '{account_age_days}' day as counts
        from (
            select customer_id, min(event_time) as first_at, max(event_time) as last_at, max(cast(is_session as int)) = 1 as is_session
            from heard
            group by customer_id
        ) as customers
        """,
    )


def name_states() -> Step:
    """The names of all states, and what each counts as, seen from the turn before."""
    return Step(
        "named_states",
        f"""
        select state, name, {category("name")} as category
        from (select {fingerprint("state")} as state, any_value(state) as name from heard group by {fingerprint("state")}) as states
        """,
    )


def utter() -> Step:
    """What each customer who counts made of each wording, by what it was taken for; not what we rewrote.

    Whoever can make up a thousand customers could turn any row of the chain.
    """
    return Step(
        "uttered",
        f"""
        select customer, entry, state, cast(count(*) as int) as times, cast(sum(won) as int) as successes,
            cast(sum(won * rest) as bigint) as success, cast(sum(lost * rest) as bigint) as failure
        from (
            select known.customer, {fingerprint("heard.said", "heard.kind")} as entry, {fingerprint("heard.state")} as state, {_OUTCOME}
            from heard
            join known on known.customer = {fingerprint("heard.customer_id")}
            join fading on fading.day = heard.day
            where known.counts and not heard.rewritten
        ) as told
        group by customer, entry, state
        """,
    )


def mean() -> Step:
    """How often each wording was taken for each state, and how many customers succeeded so."""
    return Step(
        "meant",
        """
        select entry, state, cast(sum(times) as bigint) as times, cast(sum(successes) as bigint) as successes,
            cast(sum(case when successes > 0 then 1 else 0 end) as bigint) as customers
        from uttered
        group by entry, state
        """,
    )


def name_renewed() -> Step:
    """Renewed wordings by fingerprint; there are hardly ever any."""
    return Step("anew", f"select {fingerprint('said', 'kind')} as renewed, since from renewed")


def renew() -> Step:
    """What each customer made of renewed wordings since then, as the record of their rewrites has shown (`standing`)."""
    return Step(
        "uttered_since",
        f"""
        select customer, entry, cast(sum(won * rest) as bigint) as success, cast(sum(lost * rest) as bigint) as failure
        from (
            select known.customer, anew.renewed as entry, {_OUTCOME}
            from heard
            join anew on anew.renewed = {fingerprint("heard.said", "heard.kind")}
            join fading on fading.day = heard.day
            join known on known.customer = {fingerprint("heard.customer_id")}
            where known.counts and not heard.rewritten and heard.day >= anew.since
        ) as told
        group by customer, entry
        """,
    )


def try_again() -> Step:
    """Second tries of customers who count, by fingerprints; neither of the two turns made by us."""
    return Step(
        "tried",
        f"""
        select {fingerprint("tries.source_turn_id")} as source_turn, {fingerprint("tries.target_turn_id")} as target_turn,
            known.customer, tries.event_time, tries.day, tries.probability, tries.millionths,
            {fingerprint("tries.source_said", "tries.source_kind")} as entry, {fingerprint("tries.source_said")} as source_text,
            {fingerprint("tries.target_said")} as target_text, {fingerprint("tries.source_state")} as source_state,
            {fingerprint("tries.target_state")} as target_state, {category("tries.target_state")} as category,
            tries.source_room as room, tries.source_device_type as device_type,
            tries.source_said = tries.target_said and tries.source_kind = tries.target_kind as is_same_words,
            tries.source_outcome <> 'success' and tries.source_said <> '' as in_vain, tries.target_outcome = 'success' as succeeded
        from tries
        join known on known.customer = {fingerprint("tries.customer_id")}
        where known.counts and not tries.rewritten
        """,
    )


_OUTCOME = f"""cast({faded(f"{MILLION} - heard.taken")} as int) as rest, case when heard.outcome = 'success' then 1 else 0 end as won,
                case when heard.outcome = 'failure' then 1 else 0 end as lost"""
"""SQL for what of a turn no link takes, and its own outcome has; and for that outcome. Small numbers, which engines add up faster."""
