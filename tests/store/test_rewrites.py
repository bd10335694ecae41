"""A rewrite table comes back from its bytes as it was; what is no table is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.dialogue.rewrite import Place, Rewrite, Risk
from resay.store.artifact import BrokenArtifact
from resay.store.rewrites import decode_rewrites, encode_rewrites, rewrite_id_of

_chances = st.floats(0, 1)
_texts = st.text(st.characters(exclude_categories=["Cs"]))
_rewrites = st.builds(
    Rewrite,
    **dict.fromkeys(("rewrite_id", "source", "prompt_kind", "target", "state"), _texts),
    risk=st.sampled_from(Risk),
    **dict.fromkeys(("score", "success_as_said", "success_as_rewritten"), _chances),
    **dict.fromkeys(("support", "times"), st.integers(0, 2**40)),
    **dict.fromkeys(("evidence", "not_rooms", "not_device_types", "not_cohorts"), st.lists(_texts).map(tuple)),
    **dict.fromkeys(("room", "device_type"), _texts),
)


@given(st.lists(_rewrites, max_size=5))
def test_a_table_comes_back_from_its_bytes(rewrites):
    """Decoding what was encoded gives the same rewrites in the same order."""
    assert decode_rewrites(encode_rewrites(rewrites)) == rewrites


def test_a_line_that_is_no_rewrite_is_named():
    """The error says which line, because a table has thousands."""
    with pytest.raises(BrokenArtifact, match="line 1"):
        decode_rewrites(b'{"source": 7}\n')


def test_an_id_tells_source_kind_and_target_apart():
    """Moving a word from one field to the next gives another id."""
    ids = {rewrite_id_of("a b", "", "c"), rewrite_id_of("a", "b", "c"), rewrite_id_of("a", "", "b c"), rewrite_id_of("a", "", "c")}

    assert len(ids) == 4
    assert rewrite_id_of("a", "b", "c") == rewrite_id_of("a", "b", "c")


def test_an_id_tells_places_apart_and_is_as_it_was_where_none_is_named():
    """Rooms, kinds of device and none are three; what holds anywhere keeps the id that vetoes and monitors know."""
    ids = {rewrite_id_of("a", "", "c", room="b"), rewrite_id_of("a", "", "c", device_type="b"), rewrite_id_of("a", "", "c")}

    assert len(ids) == 3
    assert rewrite_id_of("a", "b", "c") == "d33b202c020cbde1"


def test_a_table_from_before_there_were_places_still_loads():
    """What it does not say holds anywhere."""
    row = b'{"rewrite_id":"r","source":"a","prompt_kind":"","target":"b","state":"s","risk":"low","score":0.5,'
    row += b'"success_as_said":0.1,"success_as_rewritten":0.9,"support":10,"times":10,"evidence":["t1","t2"]}\n'

    (rewrite,) = decode_rewrites(row)

    assert rewrite.place == Place()
    assert (rewrite.not_rooms, rewrite.not_device_types, rewrite.not_cohorts) == ((), (), ())
