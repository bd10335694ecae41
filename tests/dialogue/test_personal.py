"""What may point to one person is found; everyday talk is not."""

import pytest

from resay.dialogue.personal import personal_in


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("call 07700 900123", ""),
        ("my pin is 1 2 3 4 5", ""),
        ("dial oh seven seven double zero nine", ""),
        ("mail it to ann@example.org", ""),
        ("send it to ann at example dot org", ""),
        ("turn on priya's lamp", ""),
        ("where is mr jones", ""),
        ("call john", ""),
        ("get me the boss", '|Call|{"contact":"boss"}'),
    ],
)
def test_what_points_to_a_person_is_found(text, state):
    """Numbers, addresses, possessions, titles, people to be called, slots of people."""
    assert personal_in(text, state) is not None


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("what's the weather in today's forecast", ""),
        ("set a timer for one minute and thirty seconds", ""),
        ("set the heating to 21 at 6 30", ""),
        ("phone number and address please", '|request|{"slot":"phone_number"}'),
        ("turn off the lights", '|HassTurnOff|{"area":"kitchen","domain":["light"]}'),
        ("that's it", "?|that's it|"),
    ],
)
def test_everyday_talk_is_nobodys(text, state):
    """Contractions, times, amounts and rooms are everybody's."""
    assert personal_in(text, state) is None
