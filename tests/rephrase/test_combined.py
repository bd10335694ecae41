"""The default detector: which follow-ups it takes for second tries."""

from __future__ import annotations

import pytest

from rephrase.combined import CombinedDetector
from resay.dialogue.label import RephraseLink
from resay.dialogue.turn import AppliedRewrite, Explicit, Feedback, Interpretation, Turn
from tests.builders import session, turn


def links(*turns: Turn) -> list[RephraseLink]:
    """The links of a session."""
    return CombinedDetector().links(session(*turns))


def chance(first: Turn, second: Turn) -> float:
    """The chance that the second turn rephrases the first."""
    found = links(first, second)
    return found[0].probability if found else 0.0


def test_the_same_request_in_like_words_after_a_refusal_is_a_rephrase():
    """Words shared with what was refused make it nearly sure."""
    assert chance(turn("turn on babies light", status="unsupported"), turn("turn on bedroom light", at=9)) > 0.7


def test_the_same_words_after_a_refusal_are_a_rephrase():
    """Saying it again is the commonest second try."""
    assert chance(turn("play madonna", status="unsupported"), turn("play madonna", at=9)) > 0.7


def test_wholly_other_words_soon_after_a_refusal_may_be_one():
    """Customers rephrase without repeating a word; many of them add up where chance follow-ups scatter."""
    second = turn("turn on the bedroom lights", at=12, intent="on", slots={"area": "bedroom"})

    assert 0.2 < chance(turn("it's too dark in here", status="unsupported"), second) < 0.5


def test_late_other_words_are_less_likely():
    """Near the end of a session's silence a new wish is likelier."""
    refused = turn("it's too dark in here", status="unsupported")

    assert (
        0.05 < chance(refused, turn("turn on the bedroom lights", at=44)) < 0.6 * chance(refused, turn("turn on the bedroom lights", at=12))
    )


@pytest.mark.parametrize(
    "second",
    [
        turn("turn on the kitchen lights", at=9, intent="on", slots={"area": "kitchen"}),
        turn("turn off the kitchen lights", at=9, intent="off", slots={"area": "kitchen"}),
        turn("what's the weather", at=9, intent="weather"),
    ],
)
def test_after_success_almost_nothing_is_a_rephrase(second: Turn):
    """The same again, the opposite, and something else are requests of their own."""
    assert chance(turn("turn on the kitchen lights", intent="on", slots={"area": "kitchen"}), second) < 0.1


def test_the_same_meaning_twice_with_success_is_no_rephrase():
    """Asked in other words, done both times: a habit."""
    first = turn("louder", intent="volume", slots={"step": "up"})

    assert chance(first, turn("turn it up", at=9, intent="volume", slots={"step": "up"})) == 0.0


def test_a_repair_links_even_after_success_and_points_behind_its_prefix():
    """The customer says so himself; the span is what he said again."""
    first = turn("play madonna", intent="play", slots={"artist": "mcdonald"})

    (link,) = links(first, turn("No, I said Madonna!", at=6, intent="play", slots={"artist": "madonna"}))

    assert link.probability > 0.7
    assert "No, I said Madonna!"[link.start : link.end] == "Madonna!"


def test_a_no_that_answers_is_part_of_the_answer():
    """The span of an answer is all of it."""
    asked = turn("somewhere in the north", status="asked")

    (link,) = links(asked, turn("no in the north", at=6, prompt_kind="confirm"))

    assert (link.start, link.end) == (0, 15)


def test_a_bare_denial_between_makes_the_next_request_a_rephrase():
    """What was denied was not done, whatever the assistant says."""
    first, denial = turn("play madonna", intent="play"), turn("no", at=4)
    third = turn("play the singer madonna", at=9, intent="play", slots={"artist": "madonna"})

    assert [(link.source_turn_id, link.target_turn_id) for link in links(first, denial, third) if link.probability > 0.5] == [
        ("c1@0", "c1@9")
    ]


def test_explicit_feedback_decides():
    """A thumb down is a denial; a thumb up ends the matter."""
    second = turn("play some madonna", at=9)

    assert chance(turn("play madonna", feedback=Feedback(explicit=Explicit.NO)), second) > 0.5
    assert chance(turn("play madonna", status="failed", feedback=Feedback(explicit=Explicit.YES)), second) == 0.0


def test_a_goodbye_rephrases_nothing():
    """A refused customer who leaves has left."""
    assert links(turn("play madonna", status="failed"), turn("thank you goodbye", at=9)) == []


def test_text_without_any_optional_field_can_be_searched():
    """Words alone: like words are likely, unlike ones are not."""
    first = turn("can you play some madonna", status=None)

    assert chance(first, turn("play some songs by madonna", at=6, status=None)) > 0.3
    assert chance(first, turn("what's the weather like", at=6, status=None)) < 0.1


def test_an_apology_in_words_counts_as_a_refusal():
    """Where no status is logged the assistant's answer tells."""
    first = turn("it's too dark in here", status="none", response="Sorry, I didn't understand that.")

    assert chance(first, turn("turn on the lights", at=6, status=None)) > 0.2


def test_what_was_read_may_be_what_the_nlu_had_second():
    """A second try that is read as the runner-up of the first speaks for a misreading."""
    second = turn("the blue one", at=6, intent="pick", slots={"colour": "blue"}, status="asked")
    plain = turn("blue", status="asked", intent="greet")
    torn = turn("blue", status="asked", interpretations=(Interpretation("greet"), Interpretation("pick", slots={"colour": "blue"})))

    assert chance(torn, second) > chance(plain, second)


def test_the_chances_over_later_turns_are_of_the_first_second_try():
    """If the next turn is a sure second try, little is left for the one after."""
    refused = turn("play madonna", status="unsupported")

    found = links(refused, turn("play madonna", at=6), turn("play madonna", at=12))

    first, *later = (link.probability for link in found if link.source_turn_id == "c1@0")
    assert first > 0.8
    assert sum(later) < 0.2


def test_a_rewritten_second_try_is_compared_as_said():
    """What we put in its place is ours; the customer's words tell whether he said it again, and the span is all of ours."""
    rewrite = AppliedRewrite(decision_id="d1", original="no i said blay madonna")

    (link,) = links(turn("blay madonna", status="failed"), turn("play madonna", at=6, rewrite=rewrite))

    assert link.probability > 0.9
    assert (link.start, link.end) == (0, 12)
