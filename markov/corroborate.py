"""From facts to transitions: what other customers did speaks for a link or against it, and no customer has too much say.

A detector sees one session. That a refused wording is followed by the same meaning in ten customers' sessions, and hardly ever elsewhere,
is evidence that only counts can see. So each link's odds are multiplied by P(next | source) / P(next): how much oftener *other* customers
went on so after this source than anybody goes on so anyhow (docs/decisions/0004-the-chain.md).

Reads the tables of `sums`. Customers, wordings and states go by the fingerprints of their names, eight bytes each; the names come back for
what is left in the end.
"""

from __future__ import annotations

from markov.fading import faded
from markov.steps import MILLION, Floors, Step
from resay.dialogue.state import FAILURE, SUCCESS

PRIOR_CUSTOMERS = 1.0
"""Weight of the belief that a source is followed by whatever is popular: as much as one customer."""

UNREAD = "?"
"""All unread turns as one: which words were not understood tells nothing, that there were some does."""


def transition_steps(floors: Floors) -> list[Step]:
    """The steps from sums, tries and renewed wordings to transitions over all customers, in order."""
    return [
        walk(),
        settle(floors.customer_weight_max),
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


def walk() -> Step:
    """Each customer's second tries, twice: from the wording of the first (entry), and from the state that it was taken for.

    A link leads to the state of the next try; `whole` is what its turns would weigh if all links were certain. The same words again are
    a self-loop of the entry, the same meaning again is one of the state; self-loops are left out. What has faded to nothing has no say.
    """
    told = f"""tried.target_state as target, tried.category, {faded("tried.millionths")} as millionths, fading.millionths as whole
            from tried
            join fading on fading.day = tried.day"""
    return Step(
        "walked",
        f"""
        select customer, source, target, category, cast(sum(millionths) as bigint) as millionths, cast(sum(whole) as bigint) as whole
        from (
            select tried.customer, tried.entry as source, {told}
            left join anew on anew.renewed = tried.entry
            where not tried.is_same_words and (anew.since is null or tried.day >= anew.since)
            union all
            select tried.customer, tried.source_state as source, {told}
            where tried.source_state <> tried.target_state
        ) as moved
        group by customer, source, target, category
        having sum(whole) > 0
        """,
    )


def settle(customer_weight_max: float) -> Step:
    """What came of turns themselves: by wording (entry), and by the state that they were taken for.

    Customer by customer only where a customer's links lead on from there, as they are to be weighed with them; of all others, who are
    nearly all, the sums (`customer` null), and what each may bring to the sums (`success_most`, `failure_most`).
    """
    share = f"least(1.0, {customer_weight_max * MILLION} / (success + failure))"
    return Step(
        "settled",
        f"""
        select source, customer, cast(sum(success) as bigint) as success, cast(sum(failure) as bigint) as failure,
            cast(sum(cast(round(success * {share}) as bigint)) as bigint) as success_most,
            cast(sum(cast(round(failure * {share}) as bigint)) as bigint) as failure_most
        from (
            select source, case when max(links) = 1 then customer end as customer, sum(success) as success, sum(failure) as failure
            from (
                select customer, entry as source, success, failure, 0 as links
                from uttered
                where entry not in (select renewed from anew)
                union all
                select customer, entry as source, success, failure, 0 as links from uttered_since
                union all
                select customer, state as source, success, failure, 0 as links from uttered
                union all
                select customer, source, 0 as success, 0 as failure, 1 as links from walked
            ) as told
            group by told.customer, source
            having sum(success) + sum(failure) > 0
        ) as summed
        group by source, customer
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
        from (select state, sum(times) as times from meant group by state) as meant
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
            select settled.customer, settled.source, cast(round(settled.success * paired.of_ends) as bigint) as success,
                cast(round(settled.failure * paired.of_ends) as bigint) as failure
            from settled
            join paired on paired.customer = settled.customer and paired.source = settled.source
        ),
        moved as (select customer, source, cast(sum(millionths) as bigint) as millionths from linked group by customer, source),
        totalled as (
            select moved.customer, moved.source, coalesce(ended.success, 0) as success, coalesce(ended.failure, 0) as failure,
                moved.millionths + coalesce(ended.success, 0) + coalesce(ended.failure, 0) as total
            from moved
            left join ended on ended.customer = moved.customer and ended.source = moved.source
        ),
        outcomes as (
            select source, success_most as success, failure_most as failure from settled where customer is null
            union all
            select source, cast(round(success * {share}) as bigint) as success, cast(round(failure * {share}) as bigint) as failure
            from totalled
            where total > 0
        )
        select source, {fingerprint(f"'{SUCCESS}'")} as target, cast(sum(success) as bigint) as millionths from outcomes group by source
        union all
        select source, {fingerprint(f"'{FAILURE}'")} as target, cast(sum(failure) as bigint) as millionths from outcomes group by source
        union all
        select linked.source, linked.target, cast(sum(cast(round(linked.millionths * {share}) as bigint)) as bigint) as millionths
        from linked
        join totalled on totalled.customer = linked.customer and totalled.source = linked.source
        where total > 0
        group by linked.source, linked.target
        """,
    )
