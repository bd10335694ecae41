"""The finder's file: the very answers of what is made in memory, refused where it is of others; nothing that breaks a rule comes out."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.dialogue.personal import CALLING, DIGIT_WORDS, DIGITS_MIN, TITLES, personal_in
from resay.dialogue.rewrite import Heard, Rewrite, Risk
from resay.dialogue.risk import ENGLISH, risk_of
from resay.dialogue.text import canonical, has_command_prefix, has_control_characters
from resay.dialogue.turn import Hypothesis, Prompt
from resay.dialogue.wording import Fared, Wording
from resay.store.artifact import BrokenArtifact, LargeFile
from resay.store.wordings import FINDER_FILE, WORDINGS_PROOF_FILE, decode_wordings, encode_wordings
from rewrite_online.finder import WordingFinder
from rewrite_online.finder_file import FinderFile, encode_finder
from rewrite_online.global_certificate import finder_files, global_layer, wordings_known
from rewrite_online.global_layer import GlobalLayer
from rewrite_online.leanings import NO_LEANINGS
from rewrite_online.recall import Listed, Recall, recall_beside, recall_by
from rewrite_online.sense import Sense, made_for, sense_of
from tests.builders import BASE, asked, rewrite
from tests.rewrite_online.test_global_layer import WORDINGS, files, meaning, published, wording
from tests.rewrite_online.test_sense import towers

WORDS = ("turn", "on", "off", "the", "light", "lied", "kitchen", "chicken", "play", "straße", "müde", "音楽", "🎷", "i'm", "no")
KINDS = ("", "which_room", "confirm\tit", "é")


def nobody_asks(_wording: Wording) -> None:
    """Any wording may be read."""


def made(seed: int, *, count: int = 400) -> list[Wording]:
    """Wordings of all kinds, in no order: some kinds have many and some few, many states more than one, some fare alike."""
    rng = Random(seed)
    found: dict[tuple[str, str], Wording] = {}
    while len(found) < count:
        text = " ".join(rng.choices(WORDS, k=rng.randint(1, 6)))
        kind = rng.choice([*KINDS, "", ""]) if len(found) < 300 else ""
        found[text, kind] = Wording(
            text=text,
            prompt_kind=kind,
            state=rng.choice(["", *(f"home|Do|{number}" for number in range(40))]),
            risk=rng.choice([Risk.LOW, Risk.HIGH]),
            customers=rng.randint(10, 40),
            times=rng.choice([5.0, 60.0]),
            success=rng.choice([0.1, 0.5, 0.9, 0.9, rng.random()]),
            last_day=20_000,
            evidence=("t1",),
            fared=(Fared("home|Do|1", True, 2.0, 1.0),) if rng.random() < 0.1 else (),
        )
    known = list(found.values())
    rng.shuffle(known)
    return known


def read(wordings: Sequence[Wording]) -> FinderFile:
    """The file of some wordings, as it is read."""
    lines = encode_wordings(wordings)
    content = encode_finder(wordings, lines, rules="none")
    assert content is not None
    return FinderFile(content, lines, check=nobody_asks)


def asks(wordings: Sequence[Wording], rng: Random, *, count: int = 45) -> list[Heard]:
    """What is known, nearly known, and not, after any kind of prompt."""
    turns = []
    for number in range(count):
        said = rng.choice(wordings).text if number % 3 else " ".join(rng.choices(WORDS, k=4))
        letters = list(said)
        if number % 2:
            letters[rng.randrange(len(letters))] = rng.choice("aeioux")
        kind, other = rng.choice([*KINDS, "never"]), Hypothesis(rng.choice(wordings).text)
        turns.append(Heard(f"t{number}", "c", BASE, "".join(letters), hypotheses=(other,), prompt=Prompt(kind=kind) if kind else None))
    return turns


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("by_meaning", [False, True], ids=["letters", "meaning"])
def test_a_file_answers_as_what_is_made_in_memory(seed: int, *, by_meaning: bool):
    """All that is found, known, counted and said for others, bit by bit, whatever the table rewrites."""
    rng, known = Random(seed), made(seed)
    table = [rewrite(each.text, "elsewhere") for each in rng.sample(known, 40)]
    sense = sense_of(known, towers()) if by_meaning else None

    in_memory, from_file = recall_beside(known, table, sense), recall_from(read(known), table, sense)

    assert dict(from_file.targets) == dict(in_memory.targets)
    assert from_file.words == in_memory.words
    for turn in asks(known, rng):
        assert from_file.gather(turn, meaning()) == in_memory.gather(turn, meaning())
        assert from_file.known(turn) == in_memory.known(turn)
        assert from_file.is_target(turn) == in_memory.is_target(turn)
        kind = turn.prompt.kind if turn.prompt else ""
        assert from_file.counts_for(turn.utterance, kind) == in_memory.counts_for(turn.utterance, kind)


def test_lines_of_a_large_file_are_read_by_place(tmp_path: Path):
    """The very wordings of those in memory; a line that was cut off meanwhile is told, where a mapped one would end the process."""
    known, path = made(4), tmp_path / "wordings.jsonl"
    lines = encode_wordings(known)
    content = encode_finder(known, lines, rules="none")
    assert content is not None
    path.write_bytes(lines)

    with path.open("rb") as file:
        by_place = FinderFile(content, memoryview(LargeFile(file.fileno())), check=nobody_asks).known

    assert dict(by_place) == dict(read(known).known)
    os.truncate(path, 1)
    with path.open("rb") as file:
        cut_off = FinderFile(content, memoryview(LargeFile(file.fileno())), check=nobody_asks).known
    with pytest.raises(BrokenArtifact, match="was it cut off"):
        cut_off[known[-1].text, known[-1].prompt_kind]


def recall_from(file: FinderFile, table: Sequence[Rewrite], sense: Sense | None) -> Recall:
    finder = WordingFinder.of(file.shelves, encoder=sense.encoder if sense else None, index=sense.index if sense else None)
    return recall_by(finder, file, table, leanings=NO_LEANINGS)


@pytest.mark.parametrize("seed", range(3))
def test_all_that_a_file_tells_is_what_its_wordings_tell(seed: int):
    """Each wording whole, states that few mean, and what stands for them in an index."""
    mistaken = [wording(f"light {number}", "home|Do|9", success=0.65) for number in range(30)]
    known = [*made(seed), *mistaken]
    told, expected = read(known), Listed(known)

    assert dict(told.known) == expected.known
    assert told.mistaken == expected.mistaken
    assert told.made_for == made_for(known)
    assert {kind: list(shelf.texts) for kind, shelf in told.shelves.items()} == {
        kind: list(shelf.texts) for kind, shelf in expected.shelves.items()
    }


def test_equal_wordings_give_equal_bytes():
    """So that two learnings of one log leave one generation."""
    known = made(1)

    assert encode_finder(known, encode_wordings(known), rules="a") == encode_finder(list(known), encode_wordings(known), rules="a")


def test_two_wordings_with_one_text_have_no_file():
    """Which of them counts is said elsewhere."""
    twice = [*WORDINGS, replace(WORDINGS[0], customers=99)]

    assert encode_finder(twice, encode_wordings(twice), rules="a") is None
    assert finder_files(twice, encode_wordings(twice), customers_min=10) == {}


def test_what_would_be_refused_has_no_file():
    """It is left to the certificate to say why."""
    bad = [*WORDINGS, wording("call maggie")]

    assert finder_files(bad, encode_wordings(bad), customers_min=10) == {}
    assert finder_files(WORDINGS, encode_wordings(WORDINGS), customers_min=10).keys() == {FINDER_FILE}


# Generations.


def with_file(kept: Sequence[Wording] = WORDINGS, *, of: Sequence[Wording] | None = None, rules: str | None = None) -> dict[str, bytes]:
    """The files of a generation and its finder's file, proven together; `of`: other wordings, as if it had been copied."""
    usual = finder_files(WORDINGS, encode_wordings(WORDINGS), customers_min=10)[FINDER_FILE]
    asked_by = FinderFile(usual, encode_wordings(WORDINGS), check=nobody_asks).rules
    made_of = kept if of is None else of
    finder = encode_finder(made_of, encode_wordings(made_of), rules=asked_by if rules is None else rules)
    assert finder is not None
    return bound(files(kept), finder)


def bound(content: dict[str, bytes], finder: bytes) -> dict[str, bytes]:
    proof = json.loads(content[WORDINGS_PROOF_FILE])
    proof["sha256"][FINDER_FILE] = hashlib.sha256(finder).hexdigest()
    return content | {FINDER_FILE: finder, WORDINGS_PROOF_FILE: json.dumps(proof).encode()}


def layer(shelf: Path, content: dict[str, bytes], *table: Rewrite) -> GlobalLayer:
    found = global_layer(published(shelf, content), table)
    assert found is not None
    return found


@pytest.mark.parametrize("said", ["turn on that lite", "light on pleas", "play that ratio", "turn on the lite", "turn on the light"])
def test_a_generation_answers_the_same_with_and_without_its_file(tmp_path: Path, said: str):
    """Candidates with all that was seen of them, and what is offered."""
    with_it, without = layer(tmp_path / "a", with_file()), layer(tmp_path / "b", files())

    assert with_it.consider(asked(said)) == without.consider(asked(said))
    assert with_it.candidates(asked(said)) == without.candidates(asked(said))
    assert with_it.offers(asked(said)) == without.offers(asked(said))
    assert (len(with_it), with_it.words) == (len(without), without.words)


def test_a_file_of_other_wordings_is_refused(tmp_path: Path):
    """Even where the proof names it."""
    copied = with_file(of=[*WORDINGS[:-1], wording("turn on the lights")])

    with pytest.raises(BrokenArtifact, match=r"finder\.bin of generation 1 must be made of its wordings; it was made of others"):
        global_layer(published(tmp_path, copied), [])


def test_a_file_that_no_proof_names_is_refused(tmp_path: Path):
    """Files come and go together."""
    other = files() | {FINDER_FILE: with_file()[FINDER_FILE]}

    with pytest.raises(BrokenArtifact, match=r"finder\.bin is of another; were files copied"):
        global_layer(published(tmp_path, other), [])


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path):
    """Where its bytes end before its arrays do."""
    content = with_file()

    with pytest.raises(BrokenArtifact, match=r"finder\.bin must be arrays"):
        global_layer(published(tmp_path, bound(files(), content[FINDER_FILE][:-200])), [])


def test_a_file_of_another_version_is_made_anew(tmp_path: Path):
    """It says no more than the wordings do."""
    content = with_file()
    newer = content[FINDER_FILE].replace(b"resay.finder/1", b"resay.finder/9")

    found = layer(tmp_path, bound(files(), newer))

    assert found.consider(asked("turn on that lite")) == layer(tmp_path / "b", files()).consider(asked("turn on that lite"))


def test_wordings_that_were_asked_by_other_rules_are_asked_again(tmp_path: Path):
    """All of them, before any is served: as without the file."""
    bad = [*WORDINGS, wording("call maggie")]

    with pytest.raises(BrokenArtifact, match="one person"):
        global_layer(published(tmp_path, with_file(bad, rules="older")), [])
    assert layer(tmp_path / "b", with_file(rules="older")).candidates(asked("turn on that lite"))


def test_a_miscounting_proof_is_refused_beside_a_file(tmp_path: Path):
    """What the proof says of all of them is held to the file."""
    content = files(WORDINGS, wordings=3)

    with pytest.raises(BrokenArtifact, match="must count its wordings"):
        global_layer(published(tmp_path, bound(content, with_file()[FINDER_FILE])), [])


@pytest.mark.parametrize(
    ("bad", "told"),
    [(wording("call maggie"), "one person"), (wording("few said this", customers=9), "the floor is 10"), (wording("Turn On"), "canonical")],
)
def test_nothing_that_breaks_a_rule_comes_out_of_a_file(tmp_path: Path, bad: Wording, told: str):
    """Though file and proof were written by hand, and say that it was asked."""
    known = wordings_known(published(tmp_path, with_file([*WORDINGS, bad])))

    assert known[WORDINGS[0].text, ""] == WORDINGS[0]
    with pytest.raises(BrokenArtifact, match=told):
        known[bad.text, ""]


@pytest.mark.parametrize("other", [wording("light on b"), wording("another light")], ids=["of equal length", "of another length"])
def test_a_line_that_is_another_wording_is_not_taken_for_it(other: Wording):
    """Where a file by hand points elsewhere: texts and lines are held to each other."""
    first = wording("light on a")
    content = encode_finder([first, other], encode_wordings([first, other]), rules="none")
    assert content is not None

    with pytest.raises(BrokenArtifact, match=r"must know where each wording stands"):
        FinderFile(content, encode_wordings([other, first]), check=nobody_asks).known[first.text, ""]


LETTERS = ("turn", "the", "unlock", "door", "all", "dot", "com", "call", "mr", "house", "maggie's", "müde", "7", "/x", "Turn", "", " ")
SAYABLE = sorted({*LETTERS, *DIGIT_WORDS})
STATES = ["", "home|HassTurnOn|", "lock|unlock|", 'phone|Send|{"contact":"x"}', "home|get|", "home|get|door"]


@given(st.lists(st.sampled_from(SAYABLE), max_size=8).map(" ".join), st.sampled_from(STATES), st.sampled_from(list(Risk)))
def test_plain_texts_are_asked_as_all_are(text: str, state: str, risk: Risk):
    """What need not be looked for in plain text is not there: the same are refused as by asking each rule in full."""
    each = replace(WORDINGS[0], text=text, state=state, risk=risk)
    in_words = not text or text != canonical(text) or has_control_characters(text) or has_command_prefix(text)
    at_risk = bool(state) and risk is not Risk.HIGH and risk_of(state, text) is Risk.HIGH
    breaks = in_words or personal_in(text, state) is not None or at_risk

    assert (finder_files([each], encode_wordings([each]), customers_min=10) == {}) == breaks


def test_each_word_that_rules_look_for_is_looked_for_in_plain_texts():
    """By itself, where it breaks one."""
    broken = [" ".join([each] * DIGITS_MIN) for each in DIGIT_WORDS] + [f"{each} light" for each in TITLES | CALLING | ENGLISH.telling]
    known = [wording(each, "home|HassTurnOn|") for each in [*broken, "the dot com"]]

    assert [each.text for each in known if finder_files([each], encode_wordings([each]), customers_min=10)] == []


def test_a_file_holds_the_lines_of_its_wordings():
    """Read one by one they are all that was written."""
    known = made(5)

    assert sorted(read(known).known.values(), key=repr) == sorted(decode_wordings(encode_wordings(known)), key=repr)
