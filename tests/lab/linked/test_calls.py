"""Calls as linked sessions: the links are those of the corpus."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resay.lab.linked.calls import call_sessions
from resay.lab.linked.session import Follow
from resay.label.corpora.dstc2 import Call, CallTruth
from tests.made_calls import CORPUS, call, heard


def _said_again(made: Call, place: int, *, after: int) -> Call:
    truths = list(made.truth.turns)
    truths[place] = replace(truths[place], rephrased_after=after)
    return Call(made.live, CallTruth(made.truth.success, tuple(truths)))


def test_what_callers_said_again_is_linked():
    """Two turns later, with another wish between."""
    turns = (heard("tie food"), heard("the phone number", "request(phone)"), heard("thai food", "inform(food=thai)"))

    [linked] = call_sessions([_said_again(call(*turns), 0, after=2)])

    [link] = linked.links
    assert (link.source, link.target, link.start, link.end, link.repair) == (0, 2, 0, len("thai food"), False)
    assert linked.follows[2] is Follow.SAID_AGAIN


def test_a_second_try_of_which_nothing_was_heard_is_left_out():
    """No span can be in it."""
    [linked] = call_sessions([_said_again(call(heard("tie food"), heard("")), 0, after=1)])

    assert linked.links == ()


@pytest.mark.parametrize(
    ("first", "second", "follow"),
    [
        ("inform(food=thai)", "inform(pricerange=cheap)", Follow.REFINEMENT),
        ("inform(food=thai)", "inform(food=french)", Follow.CHANGED_MIND),
        ("inform(food=thai)", "inform(food=thai)", Follow.REPEATED_SUCCESS),
        ("request(phone)", "request(addr)", Follow.SAME_INTENT_OTHER_SLOT),
        ("inform(food=thai)", "request(phone)", Follow.TOPIC_SWITCH),
        ("inform(food=thai)", "bye()", Follow.OTHER),
    ],
)
def test_what_follows_is_told_by_what_people_say_it_means(first: str, second: str, follow: Follow):
    """The cheap one, rather French, Thai again, the address too, the number, goodbye."""
    [linked] = call_sessions([call(heard("one", first), heard("other", second))])

    assert linked.follows == {0: Follow.OTHER, 1: follow}


@pytest.mark.corpus
@pytest.mark.skipif(not (CORPUS / "train.jsonl.gz").exists(), reason="DSTC2 does not ship; it is read beside the checkout")
def test_the_corpus_has_as_many_links_as_its_converter_says():
    """1,366 pairs in train, of which nine second tries are silence."""
    from resay.label.corpora.dstc2 import read_calls

    assert sum(len(linked.links) for linked in call_sessions(read_calls(CORPUS, "train"))) == 1_357
