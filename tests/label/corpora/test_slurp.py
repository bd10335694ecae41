"""Reading SLURP: texts cut at their slots, what readings of them became, and clear words where the folder is another."""

from __future__ import annotations

from pathlib import Path

import pytest

from resay.label.corpora.slurp import TEXTS, Piece, Reading, WrongSlurp, read_slurp
from tests.made_texts import text_record, write_texts


def test_a_text_is_cut_at_its_slots(tmp_path: Path):
    """Words between slots and the values of slots come apart, and together they are the text."""
    write_texts(tmp_path, text_record(1, "alarm_set", "wake me at [time : ten  am] on [date : monday]"))

    [text] = read_slurp(tmp_path)

    assert text.pieces == (Piece("wake me at"), Piece("ten am", "time"), Piece("on"), Piece("monday", "date"))
    assert text.text == "wake me at ten am on monday"


def test_readings_come_with_what_was_understood(tmp_path: Path):
    """Marks for what was not heard are no words, and a reading of which nothing was heard is left out."""
    heard = [("wake me at < unk > ten", False), ("wake me at ten", True), ("< unk > @@UNKNOWN@@", False)]
    write_texts(tmp_path, text_record(1, "alarm_set", "wake me at [time : ten]", heard=heard))

    [text] = read_slurp(tmp_path)

    assert text.readings == (Reading("wake me at ten", is_right=False), Reading("wake me at ten", is_right=True))


def test_words_that_the_recogniser_parted_are_whole_again(tmp_path: Path):
    """Endings stand at their words, as people write them and other recognisers do."""
    heard = [("what 's on and do n't i 'll see", True), ("is 'sing' on", True)]
    write_texts(tmp_path, text_record(1, "tv_query", "what's on", heard=heard))

    [text] = read_slurp(tmp_path)

    assert [each.text for each in text.readings] == ["what's on and don't i'll see", "is 'sing' on"]


@pytest.mark.parametrize("line", ["{", '{"id": 1}', "[]", '{"id": 1, "intent": "x", "annotation": 7}'])
def test_a_line_of_something_else_is_named(tmp_path: Path, line: str):
    """The sentence says which line of which file."""
    import gzip

    with gzip.open(tmp_path / TEXTS, "wt") as file:
        file.write(line + "\n")

    with pytest.raises(WrongSlurp, match=rf"line 1 of .*{TEXTS} must be a text"):
        read_slurp(tmp_path)


def test_a_folder_without_the_corpus_is_named(tmp_path: Path):
    """The sentence says what must be there."""
    with pytest.raises(WrongSlurp, match="it holds neither"):
        read_slurp(tmp_path)
