"""`resay learn`, `rules` and `rollback`: from landed turns to a live table, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.file_log import FileLog
from ingest.landing import LandingRules, land
from resay.commands import learn
from resay.commands.settings import Settings
from resay.dialogue.codec import encode, whole
from resay.dialogue.turn import Turn
from resay.store.artifact import Shelf
from resay.store.books import Books, BooksUnavailable, Veto
from resay.store.lake import Lake
from resay.store.rewrites import CARD_FILE, REWRITES_FILE, decode_rewrites
from resay.store.tables import LINKS
from tests.builders import BASE, rewrite, rewrite_files, turn
from tests.commands.answers import answer, run

DAY = 86_400.0


def talk(customers: int, *, source: str = "lamp on now please", after: float = 9 * DAY) -> list[Turn]:
    """So many customers were refused, said it otherwise at once, and were served; eight days before each had said hello."""
    turns = []
    for number in range(customers):
        begin, who = after + 300 * number, f"c{number}"
        turns += [
            turn("hello there", at=300 * number, customer=who, intent="Hello"),
            turn(source, at=begin, customer=who, status="unsupported"),
            turn("turn on the lamp please", at=begin + 6, customer=who, intent="LampOn"),
        ]
    return turns


def ingest(home: Path, turns: list[Turn]) -> None:
    """Land turns."""
    path = home.parent / f"{len(list(home.parent.iterdir()))}.jsonl"
    path.write_bytes(b"".join(encode(whole(each)) + b"\n" for each in turns))
    source = FileLog([path])
    land(source, Lake(home / "lake"), rules=LandingRules(clock=lambda: BASE + timedelta(days=30)))
    source.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home into which twelve customers' talk was read."""
    place = tmp_path / "home"
    place.mkdir()
    ingest(place, talk(12))
    return place


def live(home: Path) -> list[tuple[str, str]]:
    """The live table."""
    generation = Shelf(home / "rewrites").current()
    return [(each.source, each.target) for each in decode_rewrites(generation.read(REWRITES_FILE))] if generation else []


def test_learning_publishes_what_customers_taught_each_other(home: Path):
    """From landed turns to a live table in one command, counts and proof included."""
    learnt = answer(home, "learn")

    assert (learnt["generation"], learnt["published"], learnt["turns"]) == (1, True, 36)
    assert (learnt["states_cut"], learnt["unknown_max"]) == (0, 0.0)
    assert [(each["source"], each["target"]) for each in learnt["rewrites"]] == [("lamp on now please", "turn on the lamp please")]
    assert live(home) == [("lamp on now please", "turn on the lamp please")]
    with Lake(home / "lake").connect() as connection:
        assert connection.execute("select count(distinct customer_id) from chain_tries").fetchone() == (12,)


def test_the_card_says_whose_links_were_learnt_from(home: Path):
    """As the lake holds them, so that it is true of a stream, too."""
    learnt = answer(home, "learn", "--detector", "overlap")

    assert learnt["links"] > 0
    assert json.loads(Shelf(home / "rewrites").open(1).read(CARD_FILE))["parameters"]["detector"] == "overlap/1"


def test_what_the_assistant_has_learnt_is_retired_with_a_reason(home: Path):
    """As said it succeeds since today, with six customers a dozen times: the rewrite goes, and output and card say why, without texts."""
    (first,) = answer(home, "learn")["rewrites"]
    said = [turn("lamp on now please", at=20 * DAY + 900 * number, customer=f"c{number % 6}", intent="LampOn") for number in range(60)]
    ingest(home, said)

    learnt = answer(home, "learn")

    assert (learnt["published"], live(home), learnt["rulings"]["retired"]) == (True, [], 1)
    (taken,) = learnt["taken_out"]
    assert (taken["rewrite_id"], taken["ruling"]) == (first["rewrite_id"], "retired")
    assert "as said it does as well now" in taken["reason"]
    card = json.loads(Shelf(home / "rewrites").open(2).read(CARD_FILE))
    assert card["retired"] == {first["rewrite_id"]: f"retired: {taken['reason']}"}
    assert card["totals"]["retired"] == 1
    assert "lamp" not in json.dumps(card)


def test_learning_again_from_the_same_turns_changes_nothing(home: Path):
    """No new generation for the same table."""
    answer(home, "learn")

    again = answer(home, "learn")

    assert (again["generation"], again["published"]) == (1, False)
    assert Shelf(home / "rewrites").numbers() == [1]


def test_a_dry_run_publishes_nothing(home: Path):
    """It shows what would be."""
    learnt = answer(home, "learn", "--dry-run")

    assert len(learnt["rewrites"]) == 1
    assert (learnt["generation"], live(home)) == (None, [])


def test_fewer_customers_than_the_floor_publish_nothing(tmp_path: Path):
    """Nine customers are not ten; whoever lowers the floor says so."""
    place = tmp_path / "home"
    place.mkdir()
    ingest(place, talk(9))

    learnt = answer(place, "learn")
    assert learnt["rewrites"] == []
    assert "by 10 customers or more" in learnt["next_step"]
    lower = answer(place, "learn", "--k", "9")
    assert (len(lower["rewrites"]), lower["next_step"]) == (1, "")


def test_nothing_learnt_names_the_next_step_by_how_far_it_came(home: Path, tmp_path: Path):
    """Nobody said anything again: what a log must have; enough did, and a rule kept it back: who says which."""
    alone = tmp_path / "alone"
    alone.mkdir()
    ingest(alone, [turn("lamp on")])

    told = run(alone, "learn")

    assert "have turns of one person the same customer_id" in told.stderr
    assert "resay audit FILE" in told.stderr
    books = Books(home / "books.sqlite")
    books.veto(Veto("", "turn on the lamp please", "ann", "wrong lamp", datetime(2026, 11, 3, tzinfo=UTC)))
    books.close()
    assert 'resay why "WORDING"' in run(home, "learn").stderr


def test_a_veto_wins_over_the_evidence(home: Path):
    """What a person has forbidden is mined, and left out by name of the rule."""
    books = Books(home / "books.sqlite")
    books.veto(Veto("", "Turn on the lamp, please!", "ann", "wrong lamp", datetime(2026, 11, 3, tzinfo=UTC)))
    books.close()

    learnt = answer(home, "learn")

    assert (learnt["rewrites"], learnt["left_out"]) == ([], {"blocked": 1})


def test_books_that_cannot_be_opened_are_missed_before_the_long_steps(home: Path):
    """Nothing is linked or labelled for a learning that could not end."""
    (home / "books.sqlite").write_bytes(b"no database, and longer than its header of a hundred bytes" * 10)

    result = run(home, "learn")

    assert isinstance(result.exception, BooksUnavailable)
    assert Lake(home / "lake").version(LINKS) == 0


def test_an_empty_lake_is_said_and_leaves_the_live_table(tmp_path: Path):
    """Learning from nothing is a mistake, not a reason to forget."""
    result = run(tmp_path, "learn")

    assert isinstance(result.exception, learn.NothingToLearnFrom)
    assert "resay ingest" in str(result.exception)


def test_what_was_cut_is_said(home: Path):
    """How much of the chain was not solved exactly, and how much of a source's success is unknown at most: on screen and on the card."""
    learnt = learn.learn(Settings(home, api_key=None, hash_key=None))
    told = replace(learnt, mined=replace(learnt.mined, states=12_000, states_cut=8_000, unknown_max=0.0425))

    with learn.console.capture() as shown:
        learn.print_learnt(told)

    assert "8,000 of 12,000 states were too many to solve exactly; up to 4.2% of" in " ".join(shown.get().split())
    totals = json.loads(Shelf(home / "rewrites").open(1).read(CARD_FILE))["totals"]
    assert (totals["states_cut"], totals["unknown_millionths_max"]) == (0, 0)


def test_people_get_tables(home: Path):
    """Without `--json` the same is shown for reading."""
    learnt = run(home, "learn").stdout
    listed = run(home, "rules", "--evidence").stdout

    assert "generation 1 is live" in learnt
    assert "lamp on now please" in listed
    assert "(unsupported) → “turn on the lamp please”" in " ".join(listed.split())


def test_rules_lists_the_live_table_with_its_dialogues(home: Path):
    """Every rewrite is traced to what was really said."""
    answer(home, "learn")

    listed = answer(home, "rules", "--evidence")

    assert listed["generation"] == 1
    (rewrite,) = listed["rewrites"]
    assert rewrite["support"] == 12
    assert {(pair["said"], pair["then"]) for pair in rewrite["dialogues"]} == {("lamp on now please", "turn on the lamp please")}


def test_rules_without_a_table_says_so(tmp_path: Path):
    """Nothing published is no error."""
    assert answer(tmp_path, "rules") == {"generation": None, "rewrites": [], "global": [], "layers": []}
    assert run(tmp_path, "rules").exit_code == 0


def test_a_table_of_nothing_is_told_in_words(home: Path):
    """What many succeed with may be known where no exact wording is: then there is a generation, and no empty table to look at."""
    Shelf(home / "rewrites").publish(Shelf(home / "rewrites").write(rewrite_files()).number)

    assert run(home, "rules").stdout == "Generation 1: 0 rewrites of exact wordings\n"


def test_what_is_left_out_of_a_table_is_shown_by_a_command_that_works(capsys: pytest.CaptureFixture[str]):
    """Whoever shows the table of another home names that home: here the demo's."""
    learn.print_rewrites("most used", [rewrite("a", "b"), rewrite("c", "d")], most=1, all_by="resay rules --home .resay/demo")

    assert "… and 1 more: resay rules --home .resay/demo\n" in capsys.readouterr().out


def test_rolling_back_brings_the_table_before(home: Path):
    """The second generation knows more; the first comes back at once."""
    answer(home, "learn")
    ingest(home, talk(12, source="please light that lamp", after=12 * DAY))
    assert len(answer(home, "learn")["rewrites"]) == 2

    back = answer(home, "rollback")

    assert (back["generation"], back["rewrites"]) == (1, 1)
    assert live(home) == [("lamp on now please", "turn on the lamp please")]


def test_what_was_vetoed_since_does_not_come_back(home: Path):
    """The old table comes back as a new generation without it."""
    answer(home, "learn")
    ingest(home, talk(12, source="please light that lamp", after=12 * DAY))
    answer(home, "learn")
    books = Books(home / "books.sqlite")
    books.veto(Veto("please light that lamp", "", "ann", "no", datetime(2026, 11, 3, tzinfo=UTC)))
    books.close()

    back = answer(home, "rollback", "2")

    assert (back["generation"], back["rewrites"]) == (3, 1)
    assert back["left_out"] == ["blocked: the blocklist or a veto names it"]
