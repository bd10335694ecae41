"""From counts to transitions: what other customers did speaks for a link or against it, and no customer has too much say.

A detector sees one session. That a refused wording is followed by the same meaning in ten customers' sessions, and hardly ever elsewhere,
is evidence that only counts can see. So each link's odds are multiplied by P(next | source) / P(next): how much oftener *other* customers
went on so after this source than anybody goes on so anyhow (docs/decisions/0004-the-chain.md). Reads table `counts`, which adds up,
and how popular each meaning is.
"""

from __future__ import annotations

from markov.steps import MILLION, Floors, Step

PRIOR_CUSTOMERS = 1.0
"""Weight of the belief that a source is followed by whatever is popular: as much as one customer."""

UNREAD = "?"
"""All unread turns as one: which words were not understood tells nothing, that there were some does."""


def transition_steps(floors: Floors) -> list[Step]:
    """The steps from table `counted` to transitions over all customers, in order."""
    return [
        walk(),
        fail(),
        expect(),
        follow(floors.customer_weight_max),
        speak_for(floors.corroboration_max),
        sharpen(),
        bound(floors.customer_weight_max),
    ]


def category(state: str) -> str:
    """SQL for what a state counts as, seen from the turn before."""
    return f"case when substr({state}, 1, 2) = '{UNREAD}|' then '{UNREAD}' else {state} end"


def corroborated(probability: str, factor: str) -> str:
    """SQL for a probability whose odds are multiplied by a factor."""
    return f"({probability} * {factor} / ({probability} * {factor} + 1.0 - {probability}))"


def walk() -> Step:
    """Each customer's steps; our own rewrites have no say, nor have sessions and young accounts, nor days before a wording changed.

    Whoever can make up a thousand customers could turn any row of the chain. Self-loops are left out. Table `renewed` (entry, since) names
    the wordings that came to mean something else, as the record of their rewrites has shown (`standing`).
    """
    return Step(
        "walked",
        f"""
        select counted.customer_id, source, target, {category("target")} as category,
            cast(round(sum(weight) * {MILLION}) as bigint) as millionths, sum(times) as times
        from counted
        join known on known.customer_id = counted.customer_id
        left join renewed on renewed.entry = counted.source
        where known.counts and not rewritten and source <> target and (renewed.since is null or counted.day >= renewed.since)
        group by counted.customer_id, source, target
        """,
    )


def fail() -> Step:
    """Sources that mostly fail: only there is what comes next likely a second try.

    After success it is a habit ("good night" after "lights out"), which corroboration would take for a rephrase.
    """
    return Step(
        "failing",
        """
        select source
        from walked
        where target in ('success', 'failure')
        group by source
        having sum(case when target = 'failure' then millionths else 0 end) > sum(case when target = 'success' then millionths else 0 end)
        """,
    )


def expect() -> Step:
    """How often anybody says what means this, anyhow."""
    return Step(
        "expected",
        f"""
        select category, cast(count(*) as double) / sum(count(*)) over () as share
        from (
            select {category("heard.state")} as category
            from heard
            join known on known.customer_id = heard.customer_id
            where known.counts and not heard.rewritten
        ) as meant
        group by category
        """,
    )


def follow(customer_weight_max: float) -> Step:
    """What followed each failing source, customer by customer, none of whom has more than so much weight."""
    return Step(
        "followed",
        f"""
        select walked.customer_id, walked.source, walked.category, least({customer_weight_max * MILLION}, sum(walked.millionths)) as weight
        from walked
        join failing on failing.source = walked.source
        where walked.target not in ('success', 'failure')
        group by walked.customer_id, walked.source, walked.category
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
        select customer_id, source, summed.category,
            least({corroboration_max}, greatest({1.0 / corroboration_max}, {here} / {all_told} / expected.share)) as factor
        from (
            select customer_id, source, category, weight,
                sum(weight) over (partition by source, category) as of_category,
                sum(weight) over (partition by source) as of_source,
                sum(weight) over (partition by source, customer_id) as of_customer
            from followed
        ) as summed
        join expected on expected.category = summed.category
        """,
    )


def sharpen() -> Step:
    """Each customer's steps with corroborated links; what links gain their turn's own outcome loses, so that no row gains weight."""
    mean = f"least(1.0, walked.millionths / ({MILLION}.0 * walked.times))"
    told = f"walked.times * {MILLION}.0 * {corroborated(mean, 'coalesce(spoken_for.factor, 1.0)')}"
    return Step(
        "sharpened",
        f"""
        select customer_id, source, target, cast(round(
            case
                when settled = 0 then told
                when is_end then told * greatest(0.0, settled + linked - sharper) / settled
                else told * least(1.0, (settled + linked) / greatest(1.0, sharper))
            end) as bigint) as millionths
        from (
            select customer_id, source, target, is_end, told,
                sum(case when is_end then told else 0.0 end) over (partition by customer_id, source) as settled,
                sum(case when is_end then 0.0 else before end) over (partition by customer_id, source) as linked,
                sum(case when is_end then 0.0 else told end) over (partition by customer_id, source) as sharper
            from (
                select walked.customer_id, walked.source, walked.target, walked.target in ('success', 'failure') as is_end,
                    cast(walked.millionths as double) as before,
                    round(case when walked.target in ('success', 'failure') then walked.millionths else {told} end) as told
                from walked
                left join spoken_for on spoken_for.customer_id = walked.customer_id and spoken_for.source = walked.source
                    and spoken_for.category = walked.category
            ) as weighed
        ) as summed
        """,
    )


def bound(customer_weight_max: float) -> Step:
    """Transitions over all customers, none of whom brings more than so much weight to one state."""
    return Step(
        "transitions",
        f"""
        select source, target, sum(cast(round(millionths * least(1.0, {customer_weight_max * MILLION} / total)) as bigint)) as millionths
        from (
            select source, target, millionths, sum(millionths) over (partition by customer_id, source) as total from sharpened
        ) as totalled
        where total > 0
        group by source, target
        """,
    )
