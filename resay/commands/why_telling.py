"""The account of a wording in words, for people: why it has a rewrite, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rich.markup import escape

from markov.candidate import Declined, Hurdle, Weighed, hurdles
from markov.seen import Seen
from markov.why import Stage
from resay.commands.console import console
from resay.commands.try_telling import failing_line
from resay.commands.why_account import Told
from resay.dialogue.state import is_uninterpreted
from serving.dashboard.words import percent, place_words, plural, reason_meaning

MEANINGS = {
    Declined.SUCCEEDS_ALREADY: "as said it succeeds often enough, or it is not known that it does not",
    Declined.NO_WORDING: "no other wording of what was meant was said by enough customers in this context",
    Declined.SAME_MEANING: "the assistant takes both wordings for the same, so that words are not the trouble",
    Declined.TOO_FEW_CUSTOMERS: "too few customers ended where it leads",
    Declined.GOALS_DIFFER: "customers who said it meant different things",
    Declined.TARGET_FAILS: "it fails too often itself",
    Declined.THIN_EVIDENCE: "it may be better, but that is not sure enough",
    Declined.LEARNT: "lately it succeeds as said, whatever it did before",
    Declined.BLOCKED: "it was served and lost, so that it does not come back for a while",
    Declined.SAME_ELSEWHERE: "nothing shows clearly enough that it means something else there than elsewhere",
    Declined.CHAINED: "a better rewrite begins where this one ends, or ends where it begins, and one hop is served",
}

_HURDLES: Mapping[Declined, tuple[str, Callable[[float], str]]] = {
    Declined.TOO_FEW_CUSTOMERS: ("customers who ended there", lambda value: f"{value:,.0f}"),
    Declined.GOALS_DIFFER: ("share of the success after it", lambda value: percent(value, 0)),
    Declined.TARGET_FAILS: ("its own success, surely", lambda value: percent(value, 0)),
    Declined.THIN_EVIDENCE: ("gain in success, surely", lambda value: f"{100 * value:+.0f} points".replace("-", "−")),
}

READINGS_SHOWN = 3
"""What a wording is taken for beyond the three most frequent meanings is noise of the recogniser."""

HURDLES_SHOWN = 3
"""Candidates whose figures are printed: those that follow were hardly ever what was meant. `--json` has all."""


def meaning_of(declined: Declined) -> str:
    """A reason of the miner, in words."""
    return MEANINGS.get(declined, declined.replace("_", " "))


def because(told: Told) -> str:
    """The result in one sentence, without a full stop."""
    account = told.account
    served = f"generation {told.generation} says “{account.live.target}” instead" if account.live else ""
    followed = account.seen.followed if account.seen else 0
    sentences = {
        Stage.NEVER_SEEN: "nobody ever said it" + (" in this context" if told.elsewhere else ""),
        Stage.NOBODY_COUNTS: "only sessions and accounts that are too young to count said it",
        Stage.NOT_FOLLOWED_UP: (
            f"{plural(followed, 'customer')} said it in vain and then succeeded in other words; at least {told.k} must have"
        ),
        Stage.DECLINED: meaning_of(account.declined) if account.declined else "",
        Stage.LEFT_OUT: "the checker did not prove the rewrite that was mined: " + "; ".join(account.left_out),
        Stage.NEEDLESS: "; ".join(account.left_out),
        Stage.PUBLISHABLE: "a learning now would publish a rewrite; none is live yet",
        Stage.LIVE: served,
        Stage.LIVE_FROM_BEFORE: f"{served}, which a learning from the lake as it is now would not propose",
    }
    return sentences[account.stage]


def tell(told: Told) -> None:
    """The whole account."""
    account = told.account
    _line("said", f"“{told.said}”" + (f", {where}" if (where := place_words(told.place)) else ""))
    for line in _seen(account.seen, told.k) if account.seen else ():
        _line(*line)
    for other in told.elsewhere:
        _line("elsewhere", f"{plural(other.times, 'time')} {f'after {other.kind}' if other.kind else 'where nothing had been asked'}")
    for near in told.near:
        _line("near", f"“{near.said}”: {plural(near.times, 'time')} by {plural(near.customers, 'customer')}")
    for place, weighed in enumerate(account.candidates):
        _tell_candidate(weighed, told, place=place)
    for each in account.elsewhere:
        _line("elsewhere", f"{place_words(each.place)}: we say “{each.target}”")
    for cohort, why in account.spared.items():
        _line("spared", f"cohort {cohort}: {why}")
    for each in account.said_for:
        _line("target", f"it is what we say where customers say “{each.source}”")
    if told.failing:
        _line("fails for", failing_line(told.failing))
    _tell_result(told)


def _seen(seen: Seen, k: int) -> Iterator[tuple[str, str]]:
    who = f"{plural(seen.customers, 'customer')}, {seen.counting:,} of whom count"
    yield "seen", f"{plural(seen.times, 'time')} by {who}; {seen.first:%Y-%m-%d} to {seen.last:%Y-%m-%d}"
    outcomes = [f"{times:,} {outcome or 'not labelled yet'}" for outcome, times in seen.outcomes.items()]
    ours = f"; {plural(seen.rewritten, 'time')} we had rewritten it" if seen.rewritten else ""
    yield "came of it", (", ".join(outcomes) or "nothing as it was said") + ours
    states = list(seen.readings.items())[:READINGS_SHOWN]
    readings = [f"{'not understood' if is_uninterpreted(state) else state} ({times:,})" for state, times in states]
    yield "taken for", ", ".join(readings) or "nothing"
    yield "then", f"{plural(seen.followed, 'customer')} who count succeeded in other words after it had failed; {k} are needed"


def _tell_candidate(weighed: Weighed, told: Told, *, place: int) -> None:
    candidate = weighed.candidate
    where = f" ({place_words(candidate.place)})" if candidate.place.is_split_off else ""
    risk = where + (" (high risk: more is asked)" if candidate.risk == "high" else "")
    cleared = "it clears the bar" if not place else "it clears the bar too; the first gains more"
    _line("candidate", f"“{candidate.spelling}”{risk}: {f'no, {meaning_of(weighed.declined)}' if weighed.declined else cleared}")
    if place >= HURDLES_SHOWN:
        return
    chances = f"{percent(candidate.source_weight.chance().mean, 0)} → {percent(candidate.as_rewritten().mean, 0)}"
    _line("", f"exit probability {candidate.exit_probability:.2f}; success {chances}")
    for hurdle in hurdles(candidate, told.bar):
        _line("", _hurdle(hurdle))


def _hurdle(hurdle: Hurdle) -> str:
    name, written = _HURDLES[hurdle.declined]
    return f"{'✓' if hurdle.is_cleared else '✗'} {name}: {written(hurdle.reached)}, needs {written(hurdle.least)}"


def _tell_result(told: Told) -> None:
    account = told.account
    if account.live and told.gate == "rewritten":
        _line("rewrite", because(told), style="bold green")
    elif account.live:
        _line("rewrite", f"{because(told)}, but it is not served: {reason_meaning(told.gate)}")
    else:
        spared = "the rewrite that others have is kept from this place, or from this cohort, where it would be wrong"
        spared = spared if account.is_spared else ""
        _line("rewrite", f"none: {spared or because(told)}")
    if account.live:
        live = account.live
        chances = f"{percent(live.success_as_said, 0)} → {percent(live.success_as_rewritten, 0)}"
        _line("evidence", f"{plural(live.support, 'customer')}, {plural(live.times, 'time')}; success {chances}; rewrite {live.rewrite_id}")
    if account.meets:
        _line("meets", f"“{account.meets.source}” → “{account.meets.target}”")
    if told.blocked:
        _line("veto", "a veto forbids it")


def _line(name: str, text: str, *, style: str = "") -> None:
    console.print(f"[dim]{name:<11}[/dim]" + (f"[{style}]{escape(text)}[/{style}]" if style else escape(text)), soft_wrap=True)
