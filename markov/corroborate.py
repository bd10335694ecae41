"""From facts to transitions: what other customers did speaks for a link or against it, and no customer has too much say.

A detector sees one session. That a refused wording is followed by the same meaning in ten customers' sessions, and hardly ever elsewhere,
is evidence that only counts can see. So each link's odds are multiplied by P(next | source) / P(next): how much oftener *other* customers
went on so after this source than anybody goes on so anyhow (docs/decisions/0004-the-chain.md).

Reads tables `heard` and `tries` (`steps`), each but a few times and sums them at once: a hundred million turns do not fit into memory, what
each customer made of each wording does. Customers, wordings and states go by the fingerprints of their names, eight bytes each; the names
come back for what is left in the end.
"""

from __future__ import annotations

from markov.fading import faded
from markov.steps import MILLION, Floors, Step
from resay.dialogue.state import FAILURE, SUCCESS

REST = faded(f"{MILLION} - heard.taken")
"""SQL for what of a turn no link takes, and its own outcome has."""

PRIOR_CUSTOMERS = 1.0
"""Weight of the belief that a source is followed by whatever is popular: as much as one customer."""

UNREAD = "?"
"""All unread turns as one: which words were not understood tells nothing, that there were some does."""


def sum_steps(floors: Floors) -> list[Step]:
    """The steps from facts to what each customer made of each wording, in order."""
    return [know_customers(floors.account_age_days), name_states(), utter()]


def transition_steps(floors: Floors) -> list[Step]:
    """The steps from these sums, facts and renewed wordings to transitions over all customers, in order."""
    return [
        renew(),
        settle(),
        walk(),
        fail(),
        expect(),
        follow(floors.customer_weight_max),
        speak_for(floors.corroboration_max),
        sharpen(),
        pair_up(),
        share_out(),
        bound(floors.customer_weight_max),
    ]


def fingerprint(*columns: str) -> str:
    """SQL for a whole number of 64 bits that stands for texts, the same wherever one engine meets them; engines differ in it.

    Ten million names meet with a chance of three in a million that any two share one.
    """
    return f"fingerprint({', '.join(columns)})"


def category(state: str) -> str:
    """SQL for the fingerprint of what a state counts as, seen from the turn before."""
    return fingerprint(f"case when substr({state}, 1, 2) = '{UNREAD}|' then '{UNREAD}' else {state} end")


def corroborated(probability: str, factor: str) -> str:
    """SQL for a probability whose odds are multiplied by a factor."""
    return f"({probability} * {factor} / ({probability} * {factor} + 1.0 - {probability}))"


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
    """What each customer who counts made of each wording, by what it was taken for and how it was written; not what we rewrote.

    Whoever can make up a thousand customers could turn any row of the chain.
    """
    keys = f"""{fingerprint("heard.said", "heard.kind")}, {fingerprint("heard.state")}, {fingerprint("heard.utterance")}"""
    return Step(
        "uttered",
        f"""
        select known.customer, {fingerprint("heard.said", "heard.kind")} as entry, {fingerprint("heard.state")} as state,
            {fingerprint("heard.utterance")} as utterance, count(*) as times,
            {_sum("heard.outcome = 'success'", "1")} as successes,
            {_sum("heard.outcome = 'success'", REST)} as success, {_sum("heard.outcome = 'failure'", REST)} as failure
        from heard
        join known on known.customer = {fingerprint("heard.customer_id")}
        join fading on fading.day = heard.day
        where known.counts and not heard.rewritten
        group by known.customer, {keys}
        """,
    )


def renew() -> Step:
    """The same since then, of wordings that came to mean something else: what happened before is not counted from the wording any more.

    Table `renewed` (said, kind, since) names them, as the record of their rewrites has shown (`standing`); it is mostly empty.
    """
    entry = fingerprint("heard.said", "heard.kind")
    return Step(
        "uttered_since",
        f"""
        select known.customer, {entry} as entry,
            {_sum("heard.outcome = 'success'", REST)} as success, {_sum("heard.outcome = 'failure'", REST)} as failure
        from heard
        join renewed on renewed.said = heard.said and renewed.kind = heard.kind
        join fading on fading.day = heard.day
        join known on known.customer = {fingerprint("heard.customer_id")}
        where known.counts and not heard.rewritten and heard.day >= renewed.since
        group by known.customer, {entry}
        """,
    )


def settle() -> Step:
    """What came of each customer's turns themselves: by wording (entry), and by the state that they were taken for."""
    return Step(
        "settled",
        f"""
        select customer, source, cast(sum(success) as bigint) as success, cast(sum(failure) as bigint) as failure
        from (
            select customer, entry as source, success, failure
            from uttered
            where entry not in (select {fingerprint("said", "kind")} from renewed)
            union all
            select customer, entry as source, success, failure from uttered_since
            union all
            select customer, state as source, success, failure from uttered
        ) as told
        group by customer, source
        having sum(success) + sum(failure) > 0
        """,
    )


def walk() -> Step:
    """Each customer's second tries, twice: from the wording of the first (entry), and from the state that it was taken for.

    A link leads to the state of the next try; `whole` is what its turns would weigh if all links were certain. The same words again are
    a self-loop of the entry, the same meaning again is one of the state; self-loops are left out. Our own rewrites have no say, nor has
    what has faded to nothing.
    """
    told = """
        from tries
        join known on known.customer = fingerprint(tries.customer_id)
        join fading on fading.day = tries.day
    """
    target = f"""{fingerprint("tries.target_state")} as target, {category("tries.target_state")} as category,
        {faded("tries.millionths")} as millionths, fading.millionths as whole"""
    return Step(
        "walked",
        f"""
        select customer, source, target, category, cast(sum(millionths) as bigint) as millionths, cast(sum(whole) as bigint) as whole
        from (
            select known.customer, {fingerprint("tries.source_said", "tries.source_kind")} as source, {target}
            {told}
            left join renewed on renewed.said = tries.source_said and renewed.kind = tries.source_kind
            where known.counts and not tries.rewritten and (renewed.since is null or tries.day >= renewed.since)
                and (tries.source_said <> tries.target_said or tries.source_kind <> tries.target_kind)
            union all
            select known.customer, {fingerprint("tries.source_state")} as source, {target}
            {told}
            where known.counts and not tries.rewritten and tries.source_state <> tries.target_state
        ) as moved
        group by customer, source, target, category
        having sum(whole) > 0
        """,
    )


def fail() -> Step:
    """Sources that mostly fail: only there is what comes next likely a second try.

    After success it is a habit ("good night" after "lights out"), which corroboration would take for a rephrase.
    """
    return Step("failing", "select source from settled group by source having sum(failure) > sum(success)")


def expect() -> Step:
    """How often anybody says what means this, anyhow."""
    return Step(
        "expected",
        """
        select named_states.category, cast(sum(meant.times) as double) / sum(sum(meant.times)) over () as share
        from (select state, sum(times) as times from uttered group by state) as meant
        join named_states on named_states.state = meant.state
        group by named_states.category
        """,
    )


def follow(customer_weight_max: float) -> Step:
    """What followed each failing source, customer by customer, none of whom has more than so much weight."""
    return Step(
        "followed",
        f"""
        select walked.customer, walked.source, walked.category, least({customer_weight_max * MILLION}, sum(walked.millionths)) as weight
        from walked
        join failing on failing.source = walked.source
        group by walked.customer, walked.source, walked.category
        """,
    )


def speak_for(corroboration_max: float) -> Step:
    """The factor on the odds of a customer's links from a source to a meaning, by what the *other* customers did."""
    prior = PRIOR_CUSTOMERS * MILLION
    here = f"(of_category - weight + {prior} * expected.share)"
    all_told = f"(of_source - of_customer + {prior})"
    return Step(
        "spoken_for",
        f"""
        select customer, source, summed.category,
            least({corroboration_max}, greatest({1.0 / corroboration_max}, {here} / {all_told} / expected.share)) as factor
        from (
            select customer, source, category, weight,
                sum(weight) over (partition by source, category) as of_category,
                sum(weight) over (partition by source) as of_source,
                sum(weight) over (partition by source, customer) as of_customer
            from followed
        ) as summed
        join expected on expected.category = summed.category
        """,
    )


def sharpen() -> Step:
    """Each customer's links as corroborated, before what they gain is taken from their turns."""
    mean = "least(1.0, cast(walked.millionths as double) / walked.whole)"
    told = f"walked.whole * {corroborated(mean, 'coalesce(spoken_for.factor, 1.0)')}"
    return Step(
        "sharpened",
        f"""
        select walked.customer, walked.source, walked.target, cast(walked.millionths as double) as before, round({told}) as told
        from walked
        left join spoken_for on spoken_for.customer = walked.customer and spoken_for.source = walked.source
            and spoken_for.category = walked.category
        """,
    )


def pair_up() -> Step:
    """Customers and sources with links: what links gain the turns' own outcomes lose, so that no row gains weight."""
    return Step(
        "paired",
        """
        select linked.customer, linked.source,
            case
                when coalesce(settled.success + settled.failure, 0) = 0 then 1.0
                else least(1.0, (settled.success + settled.failure + linked.before) / greatest(1.0, linked.told))
            end as of_links,
            case
                when coalesce(settled.success + settled.failure, 0) = 0 then 0.0
                else greatest(0.0, settled.success + settled.failure + linked.before - linked.told) / (settled.success + settled.failure)
            end as of_ends
        from (
            select customer, source, sum(before) as before, sum(told) as told from sharpened group by customer, source
        ) as linked
        left join settled on settled.customer = linked.customer and settled.source = linked.source
        """,
    )


def share_out() -> Step:
    """Each customer's links in whole millionths, after that."""
    return Step(
        "linked",
        """
        select sharpened.customer, sharpened.source, sharpened.target, cast(round(sharpened.told * paired.of_links) as bigint) as millionths
        from sharpened
        join paired on paired.customer = sharpened.customer and paired.source = sharpened.source
        """,
    )


def bound(customer_weight_max: float) -> Step:
    """Transitions over all customers, none of whom brings more than so much weight to one state."""
    share = f"least(1.0, {customer_weight_max * MILLION} / total)"
    return Step(
        "transitions",
        f"""
        with ended as (
            select settled.customer, settled.source, cast(round(settled.success * coalesce(paired.of_ends, 1.0)) as bigint) as success,
                cast(round(settled.failure * coalesce(paired.of_ends, 1.0)) as bigint) as failure
            from settled
            left join paired on paired.customer = settled.customer and paired.source = settled.source
        ),
        moved as (select customer, source, cast(sum(millionths) as bigint) as millionths from linked group by customer, source),
        capped as (
            select ended.customer, ended.source, ended.success, ended.failure,
                ended.success + ended.failure + coalesce(moved.millionths, 0) as total
            from ended
            left join moved on moved.customer = ended.customer and moved.source = ended.source
        )
        select source, {fingerprint(f"'{SUCCESS}'")} as target, cast(sum(cast(round(success * {share}) as bigint)) as bigint) as millionths
        from capped
        where total > 0
        group by source
        union all
        select source, {fingerprint(f"'{FAILURE}'")} as target, cast(sum(cast(round(failure * {share}) as bigint)) as bigint) as millionths
        from capped
        where total > 0
        group by source
        union all
        select source, target, cast(sum(cast(round(millionths * {share}) as bigint)) as bigint) as millionths
        from (
            select linked.source, linked.target, linked.millionths,
                moved.millionths + coalesce(ended.success + ended.failure, 0) as total
            from linked
            join moved on moved.customer = linked.customer and moved.source = linked.source
            left join ended on ended.customer = linked.customer and ended.source = linked.source
        ) as totalled
        where total > 0
        group by source, target
        """,
    )


def _sum(condition: str, value: str) -> str:
    return f"cast(sum(case when {condition} then {value} else 0 end) as bigint)"
