"""Questions that are nearly what is known."""

from __future__ import annotations

from rewrite_online.misheard import QUESTIONS_MAX, may_be_heard, misheard
from tests.rewrite_online.test_global_layer import wording


def test_a_question_is_near_to_a_wording_and_not_one():
    """A letter of each longer word is missing."""
    assert misheard("turn on the kitchen light") == "tun on the kichen liht"


def test_questions_are_of_the_wordings_in_whatever_order_they_come():
    """So that equal wordings give equal indexes; of many some are asked."""
    many = [wording(f"play radio station {number}") for number in range(1_000)]

    questions = may_be_heard(many)

    assert len(set(questions)) == QUESTIONS_MAX
    assert set(questions) <= {misheard(each.text) for each in many}
    assert may_be_heard(many[::-1]) == questions
    assert may_be_heard([]) == []
