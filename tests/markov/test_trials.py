"""Records of what was said and of what we had said: they add up, nobody weighs too much, and who does not count is not counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from markov.candidate import Bar, Declined
from markov.duckdb_engine import DuckDBEngine
from markov.mine import Mined, mine
from markov.steps import Step
from markov.trials import Record, read_records
from resay.dialogue.rewrite import Rewrite
from resay.store.lake import Lake
from tests.markov.talk import Log, Said, alone, fill, names, opening, planted

SOURCE, TARGET, READING = "lamp on now", "turn on the lamp", 'light|on|{"name":"lamp"}'


def rewritten(customer: str, at: float, *, day: int, outcome: str = "success") -> Said:
    """A turn in which we put the target in place of the source."""
    return Said(customer, at, TARGET, READING, outcome, day=day, original=SOURCE)


def served(*, outcome: str, days: range, customers: int = 12) -> Log:
    """So many customers say the source on each of these days, and we have the target said."""
    return alone(*(rewritten(each, 50, day=day, outcome=outcome) for day in days for each in names(customers)))


def held_out(*, outcome: str, days: range) -> Log:
    """Others whose turns are left as they were said."""
    reading = READING if outcome == "success" else None
    return alone(*(Said(each, 60, SOURCE, reading, outcome, day=day) for day in days for each in names(6, "other")))


def learnt(folder: Path, log: Log, live: tuple[Rewrite, ...] = ()) -> Mined:
    """What mining makes of a log while a table is live."""
    with fill(Lake(folder), log).connect() as connection:
        return mine(DuckDBEngine(connection), Bar(), live=live)


def rows(folder: Path, log: Log) -> tuple[list[dict[str, Any]], dict[Any, Record]]:
    """Table `trials` of a log, and the records of its source and target."""
    with fill(Lake(folder), log).connect() as connection:
        engine = DuckDBEngine(connection)
        mine(engine, Bar())
        records = read_records(engine, [(SOURCE, "")], customers_min=10)
        engine.run(Step("told", f"{TRIALS} join known using (customer) join watched using (entry)"))
        return sorted(engine.rows("told").to_pylist(), key=str), records


TRIALS = "select trials.day, known.customer_id, watched.said, watched.kind, trials.given, trials.wins, trials.losses from trials"

LOG = planted(customers=names(12)) + served(outcome="success", days=range(1, 4)) + held_out(outcome="failure", days=range(1, 4))


def test_as_said_and_as_rewritten_are_counted_apart(tmp_path: Path):
    """Twelve taught us in vain on the first day and six are held out on three; twelve are served on three days."""
    _, records = rows(tmp_path, LOG)

    said, ours = records[SOURCE, "", ""], records[SOURCE, "", TARGET]
    assert [(day.wins, day.losses) for day in said.days] == [(0, 12), (0, 6), (0, 6), (0, 6)]
    assert [(day.wins, day.losses) for day in ours.days] == [(12, 0)] * 3
    assert (said.customers, said.winners, said.losers) == (18, 0, 18)
    assert (ours.customers, ours.winners, ours.losers) == (12, 12, 0)


def test_a_customer_can_be_taken_out_and_a_day_added(tmp_path: Path):
    """The rows without one customer are the rows of the log without them; the rows of two days are those of either."""
    whole, _ = rows(tmp_path / "whole", LOG)
    without, _ = rows(tmp_path / "without", replace(LOG, turns=tuple(turn for turn in LOG.turns if turn.customer != "other3")))
    shorter, _ = rows(tmp_path / "shorter", replace(LOG, turns=tuple(turn for turn in LOG.turns if turn.day < 3)))

    assert without == [row for row in whole if row["customer_id"] != "other3"]
    assert shorter == [row for row in whole if row["day"] < max(each["day"] for each in whole)]


def test_a_loud_customer_weighs_one_a_day(tmp_path: Path):
    """A hundred tries of one customer on one day weigh as much as one of another."""
    loud = alone(*(rewritten("loud", 1000 + number, day=3, outcome="failure") for number in range(100)))

    _, records = rows(tmp_path, LOG + opening(["loud"]) + loud)

    assert [(day.wins, day.losses) for day in records[SOURCE, "", TARGET].days] == [(12, 0), (12, 0), (12, 1)]


def test_sessions_and_young_accounts_try_nothing(tmp_path: Path):
    """Fifty sessions and fifty new accounts fail with what we say, and are not asked."""
    sessions = alone(*(replace(rewritten(each, 70, day=3, outcome="failure"), customer_kind="session") for each in names(50, "session")))
    young = alone(*(rewritten(each, 80, day=3, outcome="failure") for each in names(50, "young")))

    _, records = rows(tmp_path, LOG + opening(names(50, "session")) + sessions + young)

    assert records[SOURCE, "", TARGET].losers == 0


def test_what_proves_itself_is_still_mined_and_kept(tmp_path: Path):
    """Rewritten turns change nothing of what is mined, and speak for it."""
    (live,) = learnt(tmp_path / "before", planted(customers=names(12))).rewrites

    found = learnt(tmp_path / "after", LOG, (live,))

    assert [each.rewrite_id for each in found.rewrites] == [live.rewrite_id]
    assert found.standings[SOURCE, "", TARGET].vouched(10)


def test_a_rewrite_goes_the_night_after_the_assistant_learnt_its_source(tmp_path: Path):
    """As said it failed for weeks and succeeds since today: nothing is put in its place any more, and the reason is kept."""
    (live,) = learnt(tmp_path / "before", planted(customers=names(12))).rewrites
    log = LOG + served(outcome="success", days=range(4, 10)) + held_out(outcome="failure", days=range(4, 10))
    today = alone(*(Said(each, 60, SOURCE, READING, day=10) for each in names(20, "other")))

    found = learnt(tmp_path / "after", log + today, (live,))

    assert found.rewrites == ()
    assert found.reasons[SOURCE, ""] is Declined.LEARNT
    assert found.standings[SOURCE, "", TARGET].needless


def test_a_rewrite_that_loses_goes_though_what_is_mined_still_proposes_it(tmp_path: Path):
    """The target works no longer; whoever says it himself has not found out yet."""
    (live,) = learnt(tmp_path / "before", planted(customers=names(12))).rewrites

    found = learnt(tmp_path / "after", planted(customers=names(12)) + served(outcome="failure", days=range(1, 3)), (live,))

    assert found.rewrites == ()
    assert found.reasons[SOURCE, ""] is Declined.BLOCKED


def test_faded_evidence_does_not_take_a_proven_rewrite_away(tmp_path: Path):
    """Most who taught it have left; its own successes stand for it. They are no evidence: where it was not live they make nothing."""
    (live,) = learnt(tmp_path / "before", planted(customers=names(12))).rewrites
    gone = (
        planted(customers=names(5))
        + opening(names(12))
        + served(outcome="success", days=range(1, 9))
        + held_out(outcome="failure", days=range(1, 9))
    )
    distinct = replace(gone, turns=tuple({turn.turn_id: turn for turn in gone.turns}.values()))

    kept, never = learnt(tmp_path / "kept", distinct, (live,)), learnt(tmp_path / "never", distinct)

    assert [each.rewrite_id for each in kept.rewrites] == [live.rewrite_id]
    assert kept.rewrites[0].success_as_rewritten > 0.8
    assert never.rewrites == ()


def test_what_a_wording_came_to_mean_is_learnt_from_what_came_after(tmp_path: Path):
    """Twelve meant the lamp; since the tenth day our rewrite fails, and twelve others mean the fan: that is no longer half against half."""
    (live,) = learnt(tmp_path / "before", planted(customers=names(12))).rewrites
    served_well = served(outcome="success", days=range(1, 10)) + held_out(outcome="failure", days=range(1, 10))
    fan = planted(customers=names(12, "d"), target="turn on the fan", reading="fan|on|")
    later = replace(
        fan,
        turns=tuple(replace(turn, day=turn.day + 12 * (turn.day == 0)) for turn in fan.turns),
        links=tuple((replace(one, day=12), replace(two, day=12), chance) for one, two, chance in fan.links),
    )
    log = planted(customers=names(12)) + served_well + served(outcome="failure", days=range(10, 12)) + later
    distinct = replace(log, turns=tuple({turn.turn_id: turn for turn in log.turns}.values()))

    found = learnt(tmp_path / "after", distinct, (live,))

    assert [(each.source, each.target) for each in found.rewrites] == [(SOURCE, "turn on the fan")]
