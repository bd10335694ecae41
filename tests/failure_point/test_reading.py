"""A second reading: it tells readings that fit the words from those that do not, and knows nothing of other assistants."""

from __future__ import annotations

import numpy as np

from failure_point.fit_linear import fit_reader
from failure_point.grams import BUCKETS, VIEWS
from failure_point.likeness import likeness_of
from failure_point.model import Content
from failure_point.point import POINTS
from failure_point.reading import NAMES, Lesson, Logged, Reader, slots_of_words

PLACES = ("kitchen", "bedroom", "hall", "garden", "cellar", "attic")
ARTISTS = ("madonna", "queen", "abba", "prince", "blur", "pulp")

LESSONS = [
    *(Lesson(f"turn on the light in the {place}", "light_on", ("", "", "", "", "", "", "place"), place) for place in PLACES),
    *(Lesson(f"play songs by {artist}", "music_play", ("", "", "", "artist"), artist) for artist in ARTISTS),
]


def told(reader: Reader, logged: Logged) -> dict[str, float]:
    """What a reader says of one reading, by name."""
    return dict(zip(NAMES, reader.told([logged])[0].tolist(), strict=True))


def test_a_reading_that_does_not_fit_the_words_is_behind():
    """Words of the one intent that were taken for the other."""
    reader = fit_reader(LESSONS)

    fits = told(reader, Logged("play songs by oasis", "music_play", ("", "", "", "artist")))
    fails = told(reader, Logged("play songs by oasis", "light_on", ("", "", "", "artist")))

    assert fits["read intent behind"] == 0.0 > fails["read intent behind"]


def test_a_slot_that_was_missed_is_told():
    """The last word names an artist, and the NLU left it outside."""
    reader = fit_reader(LESSONS)

    found = told(reader, Logged("play songs by oasis", "music_play", ("", "", "", "artist")))
    missed = told(reader, Logged("play songs by oasis", "music_play", ("", "", "", "")))

    assert missed["read slots missed"] > found["read slots missed"] + 0.3
    assert (found["read words otherwise"], missed["read words otherwise"]) == (0.0, 1.0)


def test_other_intents_are_not_known():
    """An assistant with intents of its own is not judged by another's."""
    assert np.isnan(fit_reader(LESSONS).told([Logged("play songs by oasis", "PlayMusicIntent", ("",) * 4)])).all()


def test_without_lessons_nothing_is_known():
    """No text, no reading."""
    assert np.isnan(fit_reader([]).told([Logged("play songs by oasis", "music_play", ("",) * 4)])).all()


def test_words_of_slots_are_found_from_the_left():
    """Each slot once, and never over another; what is not said is left out."""
    words = ["call", "mum", "and", "mum"]

    assert slots_of_words(words, [("who", ["mum"]), ("whom", ["mum"]), ("where", ["at", "home"])]) == ["", "who", "", "whom"]


def test_a_reader_is_kept_with_its_model():
    """Written and read again it says nearly the same."""
    reader = fit_reader(LESSONS)
    weights = {view: np.zeros((BUCKETS + 1, len(POINTS)), dtype=np.float32) for view in VIEWS}
    content = Content(weights, likeness_of([], np.zeros(0, dtype=np.int64)), b"", reader)
    asked = [Logged("play songs by oasis", "music_play", ("", "", "", "artist"))]

    again = Content.of(bytes(content)).reader

    assert (again.intents, again.slots) == (("light_on", "music_play"), ("", "artist", "place"))
    assert np.abs(again.told(asked) - reader.told(asked)).max() < 0.05
