"""Reading DSTC2: what the system lived and what people wrote down are kept apart, and wrong folders are named."""

import gzip
from dataclasses import fields
from pathlib import Path

import pytest

from resay.label.corpora import dstc2
from resay.label.corpora.dstc2 import WrongCorpus, read_calls, read_live_calls, splits_in
from tests.made_calls import CORPUS, call, heard, record, write

TRUTH_WORDS = {"transcript", "semantics", "goal", "feedback", "derived", "success", "failure_point", "system_recovered", "rephrased_after"}


def test_a_call_is_read_as_it_was_written(tmp_path: Path):
    """Every field that is kept comes back."""
    made = call(heard("thai food", "inform(food=thai)", truth=["inform(food=chinese)"]), heard("bye", "bye()"))
    write(tmp_path, train=[record(made)])

    assert list(read_calls(tmp_path, "train")) == [made]


def test_the_live_types_have_no_place_for_the_truth():
    """No field of what a rewriter sees is one that people wrote."""
    for kind in (dstc2.LiveCall, dstc2.LiveTurn, dstc2.Reading):
        assert not {field.name for field in fields(kind)} & TRUTH_WORDS


def test_scrambled_truth_leaves_the_live_call_as_it_was(tmp_path: Path):
    """What people wrote down is not even looked at."""
    made = call(heard("thai food", "inform(food=thai)"))
    write(tmp_path, train=[record(made)], dev=[record(made, scrambled=1)])

    assert list(read_live_calls(tmp_path, "train")) == list(read_live_calls(tmp_path, "dev"))
    assert list(read_calls(tmp_path, "train")) != list(read_calls(tmp_path, "dev"))


def test_a_live_call_can_be_read_where_there_is_no_truth(tmp_path: Path):
    """A person's log without annotations is a log."""
    bare = record(call(heard("thai food", "inform(food=thai)")))
    for turn in bare["turns"]:
        del turn["transcript"], turn["semantics"], turn["derived"]
    write(tmp_path, train=[bare])

    assert len(list(read_live_calls(tmp_path, "train"))) == 1


def test_a_missing_folder_is_named(tmp_path: Path):
    """The sentence says what must be there, and what is."""
    with pytest.raises(WrongCorpus, match=r"must hold train\.jsonl\.gz or dev\.jsonl\.gz; .*No such file"):
        splits_in(tmp_path / "nowhere")


def test_a_folder_of_something_else_is_told_by_what_it_holds(tmp_path: Path):
    """A person sees at once that it is the wrong folder."""
    (tmp_path / "holiday.jpg").touch()

    with pytest.raises(WrongCorpus, match=r"it holds holiday\.jpg"):
        splits_in(tmp_path)


def test_a_file_that_is_not_gzip_is_named(tmp_path: Path):
    """The raw release under the converted name is not read as calls."""
    (tmp_path / "train.jsonl.gz").write_text("{}\n")

    with pytest.raises(WrongCorpus, match="must be gzipped JSON lines"):
        list(read_calls(tmp_path, "train"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [("{}", "field 'id' is missing"), ("[]", "must be a call"), ("{", "must be a call"), ("3", "must be a call")],
)
def test_a_line_that_is_no_call_is_named_by_file_and_number(tmp_path: Path, line: str, reason: str):
    """The first broken line is told apart from the good ones before it."""
    with gzip.open(tmp_path / "train.jsonl.gz", "wt") as lines:
        lines.write(f"{line}\n")

    with pytest.raises(WrongCorpus, match=rf"train\.jsonl\.gz:1 .*{reason}"):
        list(read_live_calls(tmp_path, "train"))


def test_a_file_cut_in_two_is_an_error_and_not_a_short_corpus(tmp_path: Path):
    """Half a download must not be scored."""
    write(tmp_path, train=[record(call(heard("thai food", "inform(food=thai)"), minute=minute)) for minute in range(50)])
    path = tmp_path / "train.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(WrongCorpus, match="must be gzipped JSON lines"):
        list(read_live_calls(tmp_path, "train"))


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.exists(), reason="DSTC2 is not beside the checkout; it may not ship")
def test_the_corpus_has_the_counts_of_its_readme():
    """1,612 calls of 138 callers to train on, 506 of 41 others to report on."""
    train = list(read_live_calls(CORPUS, "train"))
    dev = list(read_live_calls(CORPUS, "dev"))

    assert (len(train), sum(len(each.turns) for each in train), len({each.caller for each in train})) == (1_612, 11_677, 138)
    assert (len(dev), sum(len(each.turns) for each in dev), len({each.caller for each in dev})) == (506, 3_934, 41)
    assert not {each.caller for each in train} & {each.caller for each in dev}
