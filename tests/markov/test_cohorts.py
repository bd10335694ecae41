"""What is mined where a rewrite hurts one cohort: it is spared, from the log alone, and nobody else is served anything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from markov.candidate import Bar
from markov.duckdb_engine import DuckDBEngine
from markov.facts import read_facts
from markov.hearing import hear_all
from markov.mine import Mined, mine
from markov.verify import Rules, sift
from resay.dialogue.rewrite import Rewrite
from resay.store.lake import Lake
from tests.builders import BASE
from tests.markov.talk import NOTHING, Log, Said, alone, fill, mined, names, opening, rephrased

SOURCE, LIT, LIGHT = "lamp on now", "turn on the lamp", "light|on|"
PLAYED, JAZZ = "play some jazz", "music|play|"

US, GB, NEW = ("en-US",), ("en-GB",), ("en-GB", "new")


def in_vain(cohorts: tuple[str, ...], customers: Sequence[str], *, target: str = LIT, day: int = 0, source: str = SOURCE) -> Log:
    """Customers who say the source in vain, and then what they mean."""
    log = NOTHING
    for customer in customers:
        first = Said(customer, 100, source, None, "failure", cohorts=cohorts, day=day)
        reading = {LIT: LIGHT, PLAYED: JAZZ}[target]
        log += rephrased(first, replace(first, at=110, text=target, reading=reading, outcome="success"))
    return log


def works(cohorts: tuple[str, ...], customers: Sequence[str], *, day: int = 0) -> Log:
    """Customers for whom it does as it is said."""
    return alone(*(Said(customer, 100, SOURCE, "light|mine|", cohorts=cohorts, day=day) for customer in customers))


def served(cohorts: tuple[str, ...], customers: Sequence[str], *, day: int, outcome: str = "success") -> Log:
    """Turns that were rewritten, and what came of them."""
    return alone(*(Said(customer, 50, LIT, LIGHT, outcome, original=SOURCE, cohorts=cohorts, day=day) for customer in customers))


def people(*logs: Log) -> Log:
    """The logs, whose customers are all old enough to count."""
    log = sum(logs, NOTHING)
    return log + opening(sorted({turn.customer for turn in log.turns}))


def again(folder: Path, log: Log, live: Sequence[Rewrite]) -> Mined:
    """What is mined while a table is live."""
    with fill(Lake(folder), log).connect() as connection:
        return mine(DuckDBEngine(connection), Bar(), live=live)


def table(found: Mined) -> dict[str, tuple[str, tuple[str, ...], int]]:
    """Target, cohorts that are spared, and customers behind it, by source."""
    return {each.source: (each.target, each.not_cohorts, each.support) for each in found.rewrites}


MOST = in_vain(US, names(60, "u"))


def test_a_cohort_for_which_it_works_as_said_is_spared_from_the_first_day(tmp_path: Path):
    """Before anything is served: harm on good traffic is the first number that we report."""
    found = mined(tmp_path, people(MOST, works(GB, names(15, "g"))))

    assert table(found) == {SOURCE: (LIT, ("en-GB",), 60)}
    assert set(found.spared[found.rewrites[0].rewrite_id]) == {"en-GB"}


def test_a_cohort_that_means_something_else_is_spared(tmp_path: Path):
    """And what it means is no evidence for the others, nor cited."""
    found = mined(tmp_path, people(MOST, in_vain(GB, names(14, "g"), target=PLAYED), in_vain(GB, ["odd"])))

    assert table(found) == {SOURCE: (LIT, ("en-GB",), 60)}
    assert not [turn for turn in found.rewrites[0].evidence if turn.startswith(("g", "odd"))]


def test_cohorts_that_agree_are_served_alike(tmp_path: Path):
    """Where evidence is thin too."""
    log = people(MOST, in_vain(GB, names(15, "g")), works(("en-CA",), names(9, "c")), in_vain((), names(12, "n")))

    assert table(mined(tmp_path, log)) == {SOURCE: (LIT, (), 87)}


@pytest.mark.parametrize("young", [False, True])
def test_a_cohort_that_comes_later_and_is_hurt_is_spared(tmp_path: Path, young: bool):
    """On the first evening on which it shows, even if they are too new to count for anything else: their harm is real."""
    log = people(MOST)
    live = mined(tmp_path / "before", log).rewrites
    log += served(US, names(60, "u"), day=9)
    hurt = served(GB, names(15, "g"), day=9, outcome="failure") + works(GB, names(15, "h"), day=9)
    log += hurt if young else people(hurt)

    found = again(tmp_path / "after", log, live)

    assert table(found) == {SOURCE: (LIT, ("en-GB",), 60)}


def test_sessions_spare_nobody(tmp_path: Path):
    """Whoever can make up a thousand customers could silence anything."""
    log = people(MOST)
    live = mined(tmp_path / "before", log).rewrites
    hurt = served(GB, names(15, "g"), day=9, outcome="failure") + works(GB, names(15, "h"), day=9)
    sessions = Log(tuple(replace(turn, customer_kind="session") for turn in hurt.turns))

    assert table(again(tmp_path / "after", log + served(US, names(60, "u"), day=9) + sessions, live)) == {SOURCE: (LIT, (), 60)}


def test_the_others_keep_it_though_the_cohort_says_that_it_needs_none(tmp_path: Path):
    """As said it works for the cohort, week after week, and hardly anybody else says it unrewritten."""
    log = people(MOST, works(GB, names(12, "g")))
    live = mined(tmp_path / "before", log).rewrites
    for day in range(1, 9):
        log += served(US, names(60, "u"), day=day) + works(GB, names(40, "g"), day=day)

    found = again(tmp_path / "after", log, live)

    assert table(found) == {SOURCE: (LIT, ("en-GB",), 60)}
    assert found.reasons == {}, "what they say is no evidence of what the others mean"


def test_where_too_few_are_left_nobody_is_served_it(tmp_path: Path):
    """Nine others are below the floor; the checker says so."""
    log = people(in_vain(US, names(9, "u")), in_vain(GB, names(40, "g"), day=-1))
    live = mined(tmp_path / "before", log).rewrites
    log += served(GB, names(40, "g"), day=9, outcome="failure") + served(US, names(9, "u"), day=9)

    with fill(Lake(tmp_path / "after"), log).connect() as connection:
        found = mine(DuckDBEngine(connection), Bar(), live=live).rewrites
        kept, proof = sift(found, read_facts(connection, found), Rules(), now=BASE, clock=lambda: 0.0)

    assert [each.not_cohorts for each in found] in ([("en-GB",)], [])
    assert (kept, [fault.reasons[0] for fault in proof.left_out]) in (
        ([], ["floor: 9 customers went from source to target; it needs 10"]),
        ([], []),
    )


def test_what_spares_a_cohort_is_proven(tmp_path: Path):
    """By the checker's own rules."""
    log = people(MOST, works(GB, names(10, "g")), in_vain(("fr",), names(10, "f"), target=PLAYED))
    with fill(Lake(tmp_path), log).connect() as connection:
        found = mine(DuckDBEngine(connection), Bar()).rewrites

        kept, proof = sift(found, read_facts(connection, found), Rules(), now=BASE, clock=lambda: 0.0)

    assert [each.not_cohorts for each in kept] == [("en-GB", "fr")]
    assert proof.left_out == ()


def test_a_room_that_the_cohort_shares_is_not_spared_for_its_sake(tmp_path: Path):
    """All are in one room; only some of them are hurt there."""
    log = people(MOST, works(GB, names(12, "g")), opening(names(40, "g")))
    at_home = Log(
        tuple(replace(turn, room="hall") for turn in log.turns),
        tuple((replace(one, room="hall"), replace(two, room="hall"), sure) for one, two, sure in log.links),
    )
    live = mined(tmp_path / "before", at_home).rewrites
    more = [each for day in range(1, 6) for each in (served(US, names(60, "u"), day=day) + works(GB, names(40, "g"), day=day)).turns]

    found = again(tmp_path / "after", at_home + alone(*(replace(turn, room="hall") for turn in more)), live)

    assert [(each.room, each.not_rooms, each.not_cohorts) for each in found.rewrites] == [("", (), ("en-GB",))]


def test_whoever_is_deleted_has_said_nothing(tmp_path: Path):
    """A cohort of ten is spared, of nine it is not: to the bit what the others alone would have left."""
    log, gone = people(MOST, works(GB, names(10, "g"))), "g3"
    lake = fill(Lake(tmp_path / "with"), log)
    hear_all(lake)
    before = _kept(lake)
    fewer = Log(tuple(turn for turn in log.turns if turn.customer != gone), log.links)

    lake.take_out(gone)
    hear_all(lake)

    assert [each.not_cohorts for each in before.rewrites] == [("en-GB",)]
    assert [each.not_cohorts for each in _kept(lake).rewrites] == [()]
    assert _kept(lake) == mined(tmp_path / "without", fewer)


def _kept(lake: Lake) -> Mined:
    with lake.connect() as connection:
        return mine(DuckDBEngine(connection), Bar(), kept=True)


_NAMES = ("en-GB", "en-US", "new")
_cohorts = st.lists(st.sampled_from(_NAMES), max_size=2, unique=True).map(tuple)
_crowds = st.lists(
    st.tuples(_cohorts, st.sampled_from(["helped", "hurt", "works", "else"]), st.integers(8, 14)),
    min_size=1,
    max_size=4,
)


_OTHERS = in_vain(("most",), names(20, "u")) + in_vain(("most",), names(12, "r"), target=PLAYED, source="jazz now")


def _talk(crowds: Sequence[tuple[tuple[str, ...], str, int]], names_of: dict[str, str]) -> Log:
    log = _OTHERS
    for number, (cohorts, fate, size) in enumerate(crowds):
        named, who = tuple(names_of[each] for each in cohorts), names(size, f"x{number}-")
        log += {
            "helped": served(named, who, day=9),
            "hurt": served(named, who, day=9, outcome="failure"),
            "works": works(named, who, day=9),
            "else": in_vain(named, who, target=PLAYED, day=9),
        }[fate]
    return people(log, served(("most",), names(20, "u"), day=9))


@settings(max_examples=5, deadline=None)
@given(crowds=_crowds, permuted=st.permutations(_NAMES))
def test_cohorts_under_other_names_are_spared_under_other_names(
    crowds: list[tuple[tuple[str, ...], str, int]], permuted: list[str], tmp_path_factory: pytest.TempPathFactory
):
    """And nothing else changes; nor does any other row when no turn tells a cohort at all."""
    other = dict(zip(_NAMES, permuted, strict=True))
    live = mined(tmp_path_factory.mktemp("live"), people(_OTHERS)).rewrites

    found = again(tmp_path_factory.mktemp("one"), _talk(crowds, {each: each for each in _NAMES}), live).rewrites
    renamed = again(tmp_path_factory.mktemp("other"), _talk(crowds, other), live).rewrites

    assert [replace(each, not_cohorts=tuple(sorted(other[name] for name in each.not_cohorts))) for each in found] == list(renamed)
    assert "jazz now" in {each.source for each in found}
