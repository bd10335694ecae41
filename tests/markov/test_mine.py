"""Planted rewrites are found, chance is not, and few customers, or loud ones, decide nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from markov.candidate import Bar, Declined
from markov.duckdb_engine import DuckDBEngine
from markov.engine import StepFailed
from markov.steps import Floors, Step
from resay.dialogue.rewrite import Risk
from resay.store.lake import Lake
from tests.markov.talk import NOTHING, Log, Said, alone, mined, names, opening, planted, rephrased


def pairs(folder: Path, log: Log, bar: Bar | None = None) -> list[tuple[str, str]]:
    """Source and target of what is mined."""
    return [(rewrite.source, rewrite.target) for rewrite in mined(folder, log, bar).rewrites]


def test_a_planted_rewrite_is_found_with_its_evidence(tmp_path: Path):
    """Twelve customers were refused, said it otherwise, and were served: that is a rewrite, and the dialogues are named."""
    (rewrite,) = mined(tmp_path, planted(customers=names(12))).rewrites

    assert (rewrite.source, rewrite.prompt_kind, rewrite.target) == ("lamp on now", "", "turn on the lamp")
    assert rewrite.state == 'light|on|{"name":"lamp"}'
    assert (rewrite.support, rewrite.times, rewrite.risk) == (12, 12, Risk.LOW)
    assert rewrite.success_as_said < 0.1
    assert rewrite.success_as_rewritten > 0.85
    assert rewrite.evidence[:2] == ("c11@0d1100", "c11@0d1110")
    assert len({turn_id.split("@")[0] for turn_id in rewrite.evidence}) == 5


def test_a_rephrase_in_wholly_other_words_is_corroborated_by_others(tmp_path: Path):
    """The detector gives each link but 0.25; that all twelve customers went on to the same thing, which few want, makes it sure."""
    log = _weakly_linked(customers=names(12), wishes=[f"wish {n}" for n in range(1)])

    assert pairs(tmp_path, log) == [("i can't see a thing", "wish 0")]


def test_unrelated_requests_in_a_row_are_no_evidence(tmp_path: Path):
    """Twenty-four customers were refused and then wanted this or that, as anybody does."""
    log = _weakly_linked(customers=names(24), wishes=[f"wish {n}" for n in range(12)])

    result = mined(tmp_path, log)

    assert result.rewrites == ()


def test_a_popular_wish_after_any_refusal_is_no_rephrase(tmp_path: Path):
    """Half of all talk is about the weather; that half of the refused go on to it says nothing."""
    log = _weakly_linked(customers=names(24), wishes=["wish 0", *(f"wish {n}" for n in range(1, 3))], popular="wish 0")

    assert pairs(tmp_path, log) == []


def _weakly_linked(*, customers: list[str], wishes: list[str], popular: str | None = None) -> Log:
    """Refusals of one wording, each followed by one of the wishes in turn, linked with 0.25; all wishes are said by many others too."""
    others = names(30, "other")
    every = [f"wish {n}" for n in range(12)]
    log = opening([*customers, *others])
    for number, customer in enumerate(customers):
        wish = wishes[number % len(wishes)]
        first = Said(customer, 100, "i can't see a thing", None, "failure")
        log += rephrased(first, Said(customer, 110, wish, f"any|{wish}|"), probability=0.25)
    for place, wish in enumerate(every):
        log += alone(*(Said(each, 5000 + 100 * place, wish, f"any|{wish}|") for each in others))
    if popular:
        log += alone(*(Said(each, 9000 + n, popular, f"any|{popular}|") for each in others for n in range(12)))
    return log


def test_a_second_try_that_failed_leads_on_to_the_third(tmp_path: Path):
    """Evidence goes through a try in between that nobody else has ever made."""
    log = opening([*names(12), *names(30, "other")])
    for number, customer in enumerate(names(12)):
        first = Said(customer, 100, "lamp on now", None, "failure")
        second = Said(customer, 110, f"garbled {number}", None, "failure")
        log += rephrased(first, second, Said(customer, 120, "turn on the lamp", "light|on|"), probability=0.9)
    log += alone(*(Said(each, 5000, "turn on the lamp", "light|on|") for each in names(30, "other")))

    assert pairs(tmp_path, log) == [("lamp on now", "turn on the lamp")]


@pytest.mark.parametrize(("customers", "found"), [(9, 0), (10, 1)])
def test_the_floor_is_ten_customers(tmp_path: Path, customers: int, found: int):
    """One customer fewer than the floor, and nothing is mined."""
    assert len(pairs(tmp_path, planted(customers=names(customers)))) == found


def test_sessions_are_no_customers(tmp_path: Path):
    """A hundred sessions are nobody: whoever has no account can be anybody, again and again."""
    assert pairs(tmp_path, planted(customers=names(100, "session"), customer_kind="session")) == []


def test_young_accounts_do_not_count(tmp_path: Path):
    """Thirty accounts made this week to teach us something teach us nothing."""
    log = planted(customers=names(30))
    old = [turn for turn in log.turns if turn.text != "hello" or turn.customer.startswith("other")]

    assert pairs(tmp_path, replace(log, turns=tuple(old))) == []


def test_a_million_repeats_are_one_customer(tmp_path: Path):
    """One customer says the source with success all day; the other twelve never had success, and are heard."""
    loud = alone(*(Said("loud", 20_000 + n, "lamp on now", "light|on|") for n in range(2_000)))
    log = planted(customers=names(40)) + opening(["loud"]) + loud

    (rewrite,) = mined(tmp_path, log).rewrites

    assert rewrite.support == 40
    assert rewrite.success_as_said < 0.2


def test_one_customer_alone_makes_no_rewrite_however_often(tmp_path: Path):
    """A thousand goal segments of one customer are one customer."""
    log = opening(["loud", *names(30, "other")])
    tries = [(Said("loud", 100 * n, "lamp on now", None, "failure"), Said("loud", 100 * n + 9, "lamp", "light|on|")) for n in range(300)]
    log += Log(tuple(turn for pair in tries for turn in pair), tuple((*pair, 0.9) for pair in tries))

    assert pairs(tmp_path, log + alone(*(Said(each, 5000, "lamp", "light|on|") for each in names(30, "other")))) == []


def test_what_succeeds_is_left_alone(tmp_path: Path):
    """A wording that mostly works gets no rewrite, though some had to say it again."""
    fine = alone(*(Said(each, 7000, "lamp on now", 'light|on|{"name":"lamp"}') for each in names(30, "other")))

    result = mined(tmp_path, planted(customers=names(12)) + fine)

    assert result.rewrites == ()
    assert result.declined == {Declined.SUCCEEDS_ALREADY: 1}


def test_the_same_words_for_different_goals_are_left_alone(tmp_path: Path):
    """Half of those who say it mean the lamp, half mean the fan: whatever we said would be wrong for half of them."""
    log = planted(customers=names(15)) + planted(customers=names(15, "d"), target="turn on the fan", reading="fan|on|")

    result = mined(tmp_path, log)

    assert result.rewrites == ()
    assert result.declined == {Declined.GOALS_DIFFER: 1}


def test_a_wording_that_means_the_right_thing_in_each_room_is_one_goal(tmp_path: Path):
    """One wording switches another lamp in the kitchen than in the hall, and in both the one that customers wanted."""
    log = NOTHING
    for room in ("kitchen", "hall"):
        part = planted(customers=names(8, room), source="light", target="turn on the light", reading=f"light|on|{room}")
        log += replace(
            part,
            turns=tuple(replace(turn, room=room) for turn in part.turns if turn.text != "hello"),
            links=tuple((replace(one, room=room), replace(two, room=room), p) for one, two, p in part.links),
        )
    customers = sorted({turn.customer for turn in log.turns})
    distinct = {turn.turn_id: turn for turn in log.turns}

    assert pairs(tmp_path, replace(log, turns=tuple(distinct.values())) + opening(customers)) == [("light", "turn on the light")]


def test_a_target_that_fails_is_not_said(tmp_path: Path):
    """The only other wording works for half of those who say it."""
    failing = alone(*(Said(each, 8000, "turn on the lamp", None, "failure") for each in [*names(30, "other"), *names(12)]))

    assert pairs(tmp_path, planted(customers=names(12)) + failing) == []


def test_words_that_are_read_alike_are_no_remedy(tmp_path: Path):
    """The assistant took the first try for the same: its failure was not one of words."""
    log = opening([*names(12), *names(30, "other")])
    for customer in names(12):
        first = Said(customer, 100, "lamp on", "light|on|", "failure")
        log += rephrased(first, replace(first, at=110, text="turn on the lamp", outcome="success"))
    log += alone(*(Said(each, 5000, "turn on the lamp", "light|on|") for each in names(30, "other")))

    result = mined(tmp_path, log)

    assert result.rewrites == ()
    assert result.declined == {Declined.SAME_MEANING: 1}


@pytest.mark.parametrize(("customers", "found"), [(29, 0), (30, 1)])
def test_a_door_needs_three_times_the_floor(tmp_path: Path, customers: int, found: int):
    """High risk is bought with evidence."""
    log = planted(customers=names(customers), source="open up", target="unlock the front door", reading="lock|unlock|")

    assert len(pairs(tmp_path, log)) == found


def test_the_context_of_the_source_is_the_context_of_the_target(tmp_path: Path):
    """A short answer to a question is not said where nothing was asked."""
    asked = planted(customers=names(12), kind="which_lamp", source="the tall", target="the tall one", reading="lamp|tall|")

    (rewrite,) = mined(tmp_path, asked).rewrites

    assert rewrite.prompt_kind == "which_lamp"


def test_no_target_is_a_source(tmp_path: Path):
    """A wording that fails where nothing was asked and does as an answer: of the two rewrites that meet in it the better one stays."""
    log = planted(customers=names(12), source="lamp", target="turn on the lamp")
    log += planted(customers=names(12, "d"), source="that", target="lamp", reading="which|lamp|", kind="which")

    result = mined(tmp_path, replace(log, turns=tuple({turn.turn_id: turn for turn in log.turns}.values())))

    assert len(result.rewrites) == 1
    assert result.declined == {Declined.CHAINED: 1}


def test_our_own_rewrites_are_no_evidence(tmp_path: Path):
    """Twelve customers whose second try we had rewritten show what we do, not what they say."""
    log = planted(customers=names(12))
    ours = {turn.turn_id: replace(turn, original="lamp again") for turn in log.turns if turn.customer[0] == "c" and turn.reading}

    linked = tuple((one, ours[two.turn_id], p) for one, two, p in log.links)

    assert pairs(tmp_path, Log(tuple(ours.get(turn.turn_id, turn) for turn in log.turns), linked)) == []


def test_a_target_is_written_as_most_customers_had_it(tmp_path: Path):
    """Back to words: the assistant gets the wording that it was mostly given."""
    log = planted(customers=names(12), target="turn on the lamp", others=0)
    log += opening(names(30, "other")) + alone(
        *(Said(each, 5000, "Turn on the lamp.", 'light|on|{"name":"lamp"}') for each in names(30, "other"))
    )

    assert pairs(tmp_path, log) == [("lamp on now", "Turn on the lamp.")]


def test_a_lake_without_turns_gives_an_empty_answer(tmp_path: Path):
    """Nothing to learn from is an answer, not a crash."""
    result = mined(tmp_path, NOTHING)

    assert (result.rewrites, result.sources, result.states) == ((), 0, 0)


def test_a_log_of_endless_circles_gives_an_empty_answer(tmp_path: Path):
    """Everybody goes from one refused wording to the other and back, and nobody ever ends."""
    log = opening(names(12))
    for customer in names(12):
        one, two = (Said(customer, 100 + n, text, None, "censored") for n, text in enumerate(("lamp", "light")))
        log += Log((one, two), ((one, two, 1.0), (two, one, 1.0)))

    result = mined(tmp_path, log)

    assert result.rewrites == ()
    assert result.lost >= 2


def test_the_order_of_records_does_not_matter(tmp_path: Path):
    """Turns and links in another order give the same table, to the last bit."""
    log = _weakly_linked(customers=names(14), wishes=["wish 0", "wish 0", "wish 0", "wish 1"]) + planted(customers=names(12, "d"))
    distinct = tuple({turn.turn_id: turn for turn in log.turns}.values())
    shuffled = Log(tuple(sorted(distinct, key=lambda turn: turn.turn_id[::-1])), log.links[::-1])

    one, other = mined(tmp_path / "one", Log(distinct, log.links)), mined(tmp_path / "other", shuffled)

    assert len(one.rewrites) == 2
    assert one == other


def test_nobody_corroborates_himself(tmp_path: Path):
    """One customer's hundred weak links from a source to a meaning are as weak as one."""
    log = opening([*names(10), *names(30, "other")])
    for number in range(100):
        begin = 1000 * number
        log += rephrased(Said("c0", begin, "dark", None, "failure"), Said("c0", begin + 9, "lamp", "light|on|"), probability=0.25)
    for each in names(30, "other"):
        log += alone(Said(each, 5000, "lamp", "light|on|"), *(Said(each, 6000 + n, f"wish {n}", f"any|{n}|") for n in range(10)))

    assert mined(tmp_path, log, Bar(floors=Floors(customers_min=2))).sources == 0


def test_another_floor_can_be_asked_for(tmp_path: Path):
    """An owner with few customers, all of whom agreed, may lower it."""
    bar = Bar(floors=Floors(customers_min=5))

    assert len(pairs(tmp_path, planted(customers=names(8)), bar)) == 1


def test_a_failing_step_is_named_with_its_text(tmp_path: Path):
    """Whoever reads the error knows which select to look at."""
    with Lake(tmp_path).connect() as connection, pytest.raises(StepFailed, match=r"(?s)step 'broken' .* select nonsense"):
        DuckDBEngine(connection).run(Step("broken", "select nonsense"))
