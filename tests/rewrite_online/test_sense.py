"""The sense of meaning of a generation: written with it, served with its own encoder alone, and refused with the reason elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from resay.dialogue.rewrite import Heard, Layer
from resay.store.artifact import BrokenArtifact, Shelf
from resay.store.wordings import HEADS_FILE, SENSE_FILES, VECTORS_FILE, WORDINGS_FILE, WORDINGS_PROOF_FILE, encode_wordings
from rewrite_online.encoder import Heads, Towers, on_demand
from rewrite_online.finder import index_of
from rewrite_online.global_certificate import global_layer
from rewrite_online.global_layer import GlobalLayer
from rewrite_online.index import EXACT_MAX
from rewrite_online.recall import recall_beside
from rewrite_online.sense import WrongEncoder, encode_sense, made_for, read_sense, sense_of, vectors_before
from rewrite_online.watch import Watch
from tests.builders import BASE, asked
from tests.rewrite_online.test_encoder import LetterTrunk, heads
from tests.rewrite_online.test_global_layer import WORDINGS, files, meaning, published, wording


def towers(trunk: str = "letters", *, seed: int = 0) -> Towers:
    return Towers(LetterTrunk(), trunk_name=trunk, heads=heads(trunk, seed=seed))


def with_sense(encoder: Towers) -> dict[str, bytes]:
    """The files of a generation that was learnt with an encoder."""
    sense, content = sense_of(WORDINGS, encoder), files()
    assert sense is not None
    told = encode_sense(sense, WORDINGS, encoder)
    proof = json.loads(content[WORDINGS_PROOF_FILE])
    proof["sha256"] |= {name: hashlib.sha256(each).hexdigest() for name, each in told.items()}
    return content | told | {WORDINGS_PROOF_FILE: json.dumps(proof).encode()}


def served(shelf: Path, content: dict[str, bytes], encoder: Towers | None) -> Watch:
    """What is live where a generation is published and this encoder is there."""
    Shelf(shelf).publish(published(shelf, content).number)
    watch = Watch(Shelf(shelf), list, encoder=lambda: encoder)
    watch.refresh()
    return watch


def heard(utterance: str) -> Heard:
    return Heard("t1", "c1", BASE, utterance)


def test_candidates_are_compared_by_meaning_where_it_was_learnt_so(tmp_path: Path):
    """The ranker sees the nearness of the very vectors that were written."""
    encoder = towers()

    found = global_layer(published(tmp_path, with_sense(encoder)), [], encoder=lambda: encoder)

    assert found is not None
    seen = found.consider(asked("turn on that lite"))[0].candidate.nearest.meaning
    products = encoder.wordings([each.text for each in WORDINGS]) @ encoder.heard(["turn on that lite"])[0]
    assert seen in [pytest.approx(max(float(each), 0.0), abs=1e-5) for each in products]


def test_learning_and_serving_see_the_same_nearness(tmp_path: Path):
    """To the last bit: what is learnt from vectors in memory is served from those in the file."""
    encoder = towers()
    learnt = recall_beside(WORDINGS, [], sense_of(WORDINGS, encoder)).gather(heard("turn on that lite"), meaning())
    written = with_sense(encoder)

    read = recall_beside(WORDINGS, [], read_sense(written, made_for(WORDINGS), towers())).gather(heard("turn on that lite"), meaning())

    assert read == learnt
    assert any(each.nearest.meaning is not None for each in read.candidates)


def test_without_a_sense_nothing_is_compared_by_meaning():
    """As it was before there was any."""
    found = recall_beside(WORDINGS, []).gather(heard("turn on that lite"), meaning())

    assert found.candidates
    assert all(each.nearest.meaning is None for each in found.candidates)


def test_the_encoder_is_asked_once_for_a_request_and_never_for_what_fares_well():
    """One run of a network is most of the time of an answer."""
    trunk = LetterTrunk()
    encoder = Towers(trunk, trunk_name="letters", heads=heads())
    recall = recall_beside(WORDINGS, [], sense_of(WORDINGS, encoder))
    trunk.asked.clear()

    recall.gather(heard("turn on the light"), meaning())
    assert trunk.asked == []
    recall.gather(heard("turn on that lite"), meaning())
    assert trunk.asked == ["turn on that lite"]


def test_records_are_counted_without_the_encoder():
    """Thousands of texts are asked about at night."""
    trunk = LetterTrunk()
    encoder = Towers(trunk, trunk_name="letters", heads=heads())
    recall = recall_beside(WORDINGS, [], sense_of(WORDINGS, encoder))
    trunk.asked.clear()

    counted = recall.counts_for("turn on the lights", "")

    assert counted is not None
    assert trunk.asked == []


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (None, "none is there"),
        (towers("other"), "must be of trunk other; they are of letters"),
    ],
)
def test_a_generation_of_another_encoder_is_served_by_its_table_alone(tmp_path: Path, there: Towers | None, told: str):
    """Its ranker cannot judge without what it was grown with; the reason is told, and the table needs no encoder."""
    live = served(tmp_path, with_sense(towers()), there).live()

    assert [each.layer for each in live.layers] == [Layer.TABLE]
    assert live.generation is not None
    assert told in (live.problem or "")


def test_a_refused_layer_comes_back_with_the_next_generation(tmp_path: Path):
    """Learnt without an encoder, it needs none, and nothing is wrong any more."""
    watch = served(tmp_path, with_sense(towers()), None)

    Shelf(tmp_path).publish(published(tmp_path, files()).number)
    live = watch.refresh()

    assert [type(each) for each in live.layers][1:] == [GlobalLayer]
    assert live.problem is None


def test_a_generation_without_a_sense_never_asks_for_an_encoder(tmp_path: Path):
    """Nobody waits for a network to be read that nothing needs."""

    def never() -> Towers | None:
        pytest.fail("nobody needs an encoder")

    assert global_layer(published(tmp_path, files()), [], encoder=never) is not None


@pytest.mark.parametrize("missing", SENSE_FILES)
def test_half_a_sense_is_refused(tmp_path: Path, missing: str):
    """Vectors mean nothing without the heads that made them."""
    some = {name: content for name, content in with_sense(towers()).items() if name != missing}

    with pytest.raises(BrokenArtifact, match=f"it lacks {missing}"):
        global_layer(published(tmp_path, some), [], encoder=towers)


def test_a_sense_that_was_taken_away_is_missed(tmp_path: Path):
    """The proof names it: the ranker beside it was grown with it."""
    some = {name: content for name, content in with_sense(towers()).items() if name not in SENSE_FILES}

    with pytest.raises(BrokenArtifact, match=r"heads\.npz, vectors\.index are of another"):
        global_layer(published(tmp_path, some), [], encoder=towers)


def test_vectors_of_other_wordings_are_refused():
    """They would never be found, or for another's."""
    encoder = towers()

    with pytest.raises(WrongEncoder, match="vectors must be of these wordings"):
        read_sense(with_sense(encoder), made_for([*WORDINGS, wording("call a taxi")]), encoder)


def test_vectors_by_other_heads_are_refused():
    """What is heard and what may be said would lie in different rooms."""
    mixed = with_sense(towers()) | {HEADS_FILE: bytes(heads(seed=1))}

    with pytest.raises(WrongEncoder, match="vectors must be of these wordings by this encoder"):
        read_sense(mixed, made_for(WORDINGS), towers())


def test_vectors_that_were_cut_off_are_refused():
    """A byte too few is no index."""
    content = with_sense(towers())

    with pytest.raises(WrongEncoder):
        read_sense(content | {VECTORS_FILE: content[VECTORS_FILE][:-1]}, made_for(WORDINGS), towers())


def test_records_may_change_beside_the_same_vectors():
    """Tonight's records are written beside last week's vectors: the texts are the same."""
    changed = [replace(each, success=each.success / 2) for each in reversed(WORDINGS)]

    assert len(read_sense(with_sense(towers()), made_for(changed), towers()).index) == len(WORDINGS)
    assert encode_wordings(changed) != files()[WORDINGS_FILE]


def test_equal_wordings_give_equal_files():
    """Whoever learns the same again publishes nothing new."""
    assert with_sense(towers()) == with_sense(towers())


def test_what_was_encoded_before_is_not_encoded_again():
    """A night's new wordings are few, and the vectors of the others are those of the live generation, to the last bit."""
    files, trunk = with_sense(towers()), LetterTrunk()
    encoder, more = Towers(trunk, trunk_name="letters", heads=heads()), [*WORDINGS, wording("call a taxi")]

    before = vectors_before(files, made_for(WORDINGS), encoder)
    sense = sense_of(more, encoder, before=before)

    assert trunk.asked == ["call a taxi"]
    anew = sense_of(more, towers())
    assert sense is not None
    assert anew is not None
    assert encode_sense(sense, more, encoder) == encode_sense(anew, more, towers())


def test_all_of_them_known_and_nothing_is_encoded():
    """Whoever learns the same again runs no encoder, and publishes nothing new."""
    trunk = LetterTrunk()
    encoder = Towers(trunk, trunk_name="letters", heads=heads())

    sense = sense_of(WORDINGS, encoder, before=vectors_before(with_sense(towers()), made_for(WORDINGS), encoder))

    assert trunk.asked == []
    assert sense is not None
    assert encode_sense(sense, WORDINGS, encoder).items() <= with_sense(towers()).items()


@pytest.mark.parametrize("other", [towers(seed=1), towers("other")], ids=["heads", "trunk"])
def test_vectors_of_another_encoder_are_made_anew(other: Towers):
    """Nor are those of a generation that has none."""
    assert vectors_before(with_sense(towers()), made_for(WORDINGS), towers()) is not None
    assert vectors_before(with_sense(other), made_for(WORDINGS), towers()) is None
    assert vectors_before(files(), made_for(WORDINGS), towers()) is None


class ChanceTrunk(LetterTrunk):
    """Vectors of chance, wide enough for codes."""

    def __call__(self, texts: Sequence[str], /) -> np.ndarray:
        """One row a text."""
        self.asked += texts
        rows = np.stack([np.random.default_rng(list(text.encode())).normal(size=8) for text in texts]).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_vectors_that_many_were_kept_as_are_too_little_for_few():
    """Few are compared as the encoder gave them, many in half of that: of few all are encoded again, of many only new ones."""
    many = [wording(f"play radio station {number}") for number in range(EXACT_MAX + 2)]
    known = index_of(many[1:], Towers(ChanceTrunk(), trunk_name="chance"))
    few, all_of_them = ChanceTrunk(), ChanceTrunk()

    index_of(many[:7], Towers(few, trunk_name="chance"), before=known)
    index_of(many, Towers(all_of_them, trunk_name="chance"), before=known)

    assert few.asked == [each.text for each in many[:7]]
    assert [each for each in all_of_them.asked if "radio" in each] == [many[0].text]


def test_towers_without_heads_are_read_back_as_they_were_written():
    """Heads that change nothing are heads too."""
    bare = Towers(LetterTrunk(), trunk_name="letters")
    sense = sense_of(WORDINGS, bare)
    assert sense is not None

    read = read_sense(encode_sense(sense, WORDINGS, bare), made_for(WORDINGS), bare)

    assert np.allclose(read.encoder.heard(["play jazz"]), bare.heard(["play jazz"]), atol=1e-6)


def test_other_heads_over_one_trunk_encode_a_text_once():
    """What the trunk made of a text is kept for both."""
    trunk = LetterTrunk()
    one = Towers(trunk, trunk_name="letters", heads=heads())
    other = one.with_heads(Heads.of(bytes(heads(seed=1))))

    one.heard(["play jazz"])
    other.heard(["play jazz"])

    assert trunk.asked == ["play jazz"]
    assert other.name != one.name


def test_where_no_encoder_lies_there_is_none(tmp_path: Path):
    """A program that was installed without its models serves what needs none."""
    assert on_demand(tmp_path)() is None
