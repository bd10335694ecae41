"""What the assistant logs of what it heard and understood."""

from __future__ import annotations

import pytest

from resay.dialogue.state import state_of
from resay.dialogue.turn import Entity, Hypothesis, Interpretation, Turn, Versions
from resay.lab.assistant import Assistant
from resay.lab.home import Home, read_home
from resay.lab.logged import House, Occasion, log_turn
from resay.lab.world import Sound
from tests.builders import BASE
from tests.lab.small_world import write_world


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return read_home(write_world(tmp_path_factory.mktemp("world")))


@pytest.fixture(scope="module")
def assistant(home: Home) -> Assistant:
    return Assistant(home)


def _logged(assistant: Assistant, home: Home, text: str, *others: str) -> Turn:
    occasion = Occasion("t", "s", "c1", BASE, "kitchen", "speaker", "en-GB")
    sound = Sound(text, others, 0.8, 1.5)
    return log_turn(occasion, sound, meaning=assistant.understand(text, "kitchen"), house=House(home, Versions("asr", "nlu")))


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("counter lights on", "done", "Turned on the light"),
        ("lock the front door", "done", "Locking"),
        ("let there be light", "unsupported", "Sorry, I couldn't understand that"),
        ("turn on the telly", "failed", "Sorry, I am not aware of any device called telly"),
        ("play the copper kettles", "failed", "Media not found"),
        ("turn on the reading lamp", "failed", "Reading lamp is unavailable"),
        ("what time is it", "done", "10:00 AM"),
        ("add milk to my shopping list", "done", "Added milk"),
        ("", "none", ""),
    ],
)
def test_the_assistant_answers_in_its_own_words(assistant: Assistant, home: Home, text: str, status: str, said: str):
    """What was done, or what was not understood."""
    response = _logged(assistant, home, text).response

    assert response is not None
    assert (response.status, response.text) == (status, said)


def test_what_is_understood_is_logged_before_it_is_resolved(assistant: Assistant, home: Home):
    """Slots as said; entities with what they were found to be."""
    turn = _logged(assistant, home, "turn on the counter lights")

    assert turn.interpretations == (Interpretation("HassTurnOn", "light", {"name": "counter lights"}),)
    assert turn.entities == (Entity("name", "counter lights", "light.counter"),)
    assert state_of(turn) == 'light|HassTurnOn|{"name":"counter lights"}'


def test_an_unknown_name_leaves_the_turn_uninterpreted(assistant: Assistant, home: Home):
    """The words were the trouble: the state is the text."""
    turn = _logged(assistant, home, "turn on the telly")

    assert turn.entities == (Entity("name", "telly", status="not_found"),)
    assert state_of(turn) == "?|turn on the telly|"


def test_doors_and_locks_are_named_as_such(assistant: Assistant, home: Home):
    """Risk is told from the domain."""
    assert _logged(assistant, home, "lock the front door").interpretations[0].domain == "lock"


def test_the_list_of_hypotheses_is_short_and_only_the_first_has_a_score(assistant: Assistant, home: Home):
    """The recogniser's scores for the others say nothing."""
    turn = _logged(assistant, home, "counter lights on", "counter light on", "corner lights on", "counter lights in")

    assert turn.hypotheses == (Hypothesis("counter lights on", 0.8), Hypothesis("counter light on"), Hypothesis("corner lights on"))


def test_a_turn_ends_when_the_answer_is_said(assistant: Assistant, home: Home):
    """A second and a half of speech, then nineteen letters at fifteen a second."""
    turn = _logged(assistant, home, "counter lights on")

    assert turn.ended_at is not None
    assert (turn.ended_at - turn.at).total_seconds() == pytest.approx(1.5 + 19 / 15, abs=0.001)
