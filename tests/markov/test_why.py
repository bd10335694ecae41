"""The account of a wording names the very rule by which the miner or the checker decided."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from markov.candidate import Bar, Declined, hurdles, weigh
from markov.duckdb_engine import DuckDBEngine
from markov.facts import read_facts
from markov.mine import mine
from markov.seen import near_to, seen_of
from markov.verify import Rules, sift
from markov.why import Account, Learnt, Stage, account_of
from resay.dialogue.rewrite import Place, Rewrite
from resay.store.lake import Lake
from tests.builders import BASE
from tests.markov.talk import Log, Said, alone, fill, names, opening, planted

SOURCE = ("lamp on now", "")


def account(
    folder: Path, log: Log, *, source: tuple[str, str] = SOURCE, rules: Rules | None = None, live: tuple[Rewrite, ...] = ()
) -> Account:
    """What there is to say of a wording, once a log is mined and checked."""
    with fill(Lake(folder), log).connect() as connection:
        engine = DuckDBEngine(connection)
        mined = mine(engine, Bar())
        seen = next((each for each in seen_of(engine, source[0]) if each.kind == source[1]), None)
        _, proof = sift(mined.rewrites, read_facts(connection, mined.rewrites), rules or Rules(), now=BASE, clock=lambda: 0.0)
    return account_of(source[0], Place(source[1]), seen=seen, learnt=Learnt(mined, proof, live))


def test_what_a_learning_would_publish_is_told_before_it_is_live(tmp_path: Path):
    """And once it is live, that it is."""
    log = planted(customers=names(12))

    before = account(tmp_path / "before", log)
    assert before.mined is not None
    after = account(tmp_path / "after", log, live=(before.mined,))

    assert (before.stage, before.live) == (Stage.PUBLISHABLE, None)
    assert (after.stage, after.live) == (Stage.LIVE, before.mined)


def test_a_wording_that_succeeds_is_told_so(tmp_path: Path):
    """Twelve customers had to say it otherwise, and sixty did not."""
    log = planted(customers=names(12)) + alone(*(Said(each, 9000, SOURCE[0], "light|on|") for each in names(60, "lucky")))

    told = account(tmp_path, log + opening(names(60, "lucky")))

    assert (told.stage, told.declined, told.candidates) == (Stage.DECLINED, Declined.SUCCEEDS_ALREADY, ())
    assert told.seen is not None
    assert (told.seen.outcomes, told.seen.followed) == ({"success": 60, "failure": 12}, 12)


def test_each_candidate_of_divided_customers_is_told_with_its_own_reason(tmp_path: Path):
    """Ten meant the lamp, and ten the radio: both candidates are named, and neither has enough of the success."""
    log = planted(customers=names(12)) + planted(
        customers=names(12, "r"), target="switch on the radio", reading="media|on|radio", others=30
    )

    told = account(tmp_path, log)

    assert (told.stage, told.declined) == (Stage.DECLINED, Declined.GOALS_DIFFER)
    assert {each.candidate.wording for each in told.candidates} == {"turn on the lamp", "switch on the radio"}
    assert {each.declined for each in told.candidates} == {Declined.GOALS_DIFFER}


def test_a_rewrite_that_meets_a_better_one_names_it(tmp_path: Path):
    """A wording fails where nothing was asked and does as an answer: one hop is served, and the account says which."""
    log = planted(customers=names(12), source="lamp", target="turn on the lamp")
    log += planted(customers=names(12, "d"), source="that", target="lamp", reading="which|lamp|", kind="which")
    log = replace(log, turns=tuple({turn.turn_id: turn for turn in log.turns}.values()))

    told = [account(tmp_path / source, log, source=(source, kind)) for source, kind in (("lamp", ""), ("that", "which"))]

    (chained,) = (each for each in told if each.declined is Declined.CHAINED)
    (better,) = (each for each in told if each.stage is Stage.PUBLISHABLE)
    assert chained.meets == better.mined
    assert [each.declined for each in chained.candidates] == [None]


def test_what_the_checker_left_out_is_told_in_its_words(tmp_path: Path):
    """A veto is one of its rules."""
    told = account(tmp_path, planted(customers=names(12)), rules=Rules(blocked=((SOURCE[0], ""),)))

    assert told.stage is Stage.LEFT_OUT
    assert told.left_out == ("blocked: the blocklist or a veto names it",)


def test_sessions_and_our_own_rewrites_are_told_apart(tmp_path: Path):
    """A thousand sessions are customers who do not count; a turn that we rewrote is no turn as said."""
    log = opening(["c1"]) + alone(
        Said("c1", 10, "turn on the lamp", "light|on|", original=SOURCE[0]),
        *(Said(f"s{number}", 20, SOURCE[0], None, "failure", customer_kind="session") for number in range(3)),
    )

    told = account(tmp_path, log)

    assert told.seen is not None
    assert (told.seen.times, told.seen.rewritten, told.seen.customers, told.seen.counting) == (4, 1, 4, 1)
    assert told.seen.outcomes == {"failure": 3}
    assert told.stage is Stage.NOT_FOLLOWED_UP


def test_only_wordings_that_look_alike_are_near(tmp_path: Path):
    """Fewer than half of the letters differ; the nearest first."""
    log = alone(*(Said("c1", 10 * at, text, None) for at, text in enumerate(["lamp on now", "lamp off now", "play some jazz"])))

    with fill(Lake(tmp_path), log).connect() as connection:
        engine = DuckDBEngine(connection)
        mine(engine, Bar())
        near = [each.said for each in near_to(engine, "lamp on no")]

    assert near == ["lamp on now", "lamp off now"]


def test_the_hurdles_are_those_by_which_the_bar_declines(tmp_path: Path):
    """A reason is the first hurdle that is not cleared."""
    bar = Bar()
    told = account(tmp_path, planted(customers=names(12)) + planted(customers=names(12, "r"), target="radio on", reading="media|on|radio"))

    for each in told.candidates:
        missed = [hurdle.declined for hurdle in hurdles(each.candidate, bar) if not hurdle.is_cleared]
        assert missed[0] is weigh(each.candidate, bar) is each.declined
