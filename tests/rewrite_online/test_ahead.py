"""Getting ahead of an answer: what was done is found done, and changes nothing."""

from __future__ import annotations

from resay.dialogue.turn import Context
from rewrite_online.ahead import Lately
from rewrite_online.candidate import Candidate
from rewrite_online.finder import Searched, WordingFinder, index_of
from tests.builders import asked
from tests.rewrite_online.test_finder import HOME, LetterEncoder, heard, wording
from tests.rewrite_online.test_meaning import learnt

MANY = [*HOME, *(f"play song number {number}" for number in range(80))]
"""More than are compared one by one."""


class CountingEncoder(LetterEncoder):
    """One that tells how often it ran."""

    def __init__(self) -> None:
        self.ran = 0
        self._kept: set[str] = set()

    def heard(self, texts):
        """Vectors, kept from then on."""
        self.ran += bool(set(texts) - self._kept)
        self._kept.update(texts)
        return super().heard(texts)

    def has(self, texts):
        """What was encoded."""
        return set(texts) <= self._kept


def test_what_was_made_lately_is_not_made_again():
    """The last two are kept; the one before is made anew."""
    lately: Lately[str, str] = Lately(2)
    made: list[str] = []

    for key in ("a", "a", "b", "c", "c", "a"):
        lately.of(key, lambda key=key: made.append(key) or key.upper())

    assert made == ["a", "b", "c", "a"]


def test_who_got_ahead_finds_the_same_and_encodes_once():
    """Candidates and nearness are those of a finder of which nobody got ahead."""
    encoder = CountingEncoder()
    finder, other = (WordingFinder([wording(text) for text in MANY], encoder=each) for each in (encoder, LetterEncoder()))
    turn = heard("play sing number for")

    ahead = finder.ahead(turn, at_most=10)
    assert ahead is not None
    ahead.elsewhere(), ahead.here()

    found: list[Candidate] = list(finder.find(turn, at_most=10))
    assert found == list(other.find(turn, at_most=10))
    assert len(found) == 10
    assert encoder.ran == 1


class CountingIndex:
    """One that tells how often it was searched."""

    def __init__(self, index: Searched) -> None:
        self.searched = 0
        self._index = index
        self.holds, self.vectors = index.holds, index.vectors

    def __len__(self) -> int:
        return len(self._index)

    def search(self, query, *, at_most, within=None):
        """As it does."""
        self.searched += 1
        return self._index.search(query, at_most=at_most, within=within)


def test_vectors_are_searched_ahead_too_and_once():
    """Whoever computes then finds what was found, and searches anew for other words."""
    wordings = [wording(text) for text in MANY]
    index = CountingIndex(index_of(wordings, LetterEncoder()))
    finder = WordingFinder(wordings, encoder=CountingEncoder(), index=index)
    ahead = finder.ahead(heard("play sing number for"), at_most=10)
    assert ahead is not None

    ahead.elsewhere()
    assert index.searched == 1
    finder.find(heard("play sing number for"), at_most=10)
    assert index.searched == 1
    assert finder.find(heard("turn of the lights"), at_most=10) == WordingFinder(wordings, encoder=LetterEncoder()).find(
        heard("turn of the lights"), at_most=10
    )
    assert index.searched == 2


def test_what_is_kept_of_one_turn_is_not_told_of_another():
    """Each of three in a row finds what a finder of its own does; so do pieces, and other rooms."""
    wordings, meaning = [wording(text) for text in MANY], learnt()
    finder = WordingFinder(wordings)
    turns = [heard(text) for text in ("play sing number for", "turn of the lights", "play sing number for")]

    for turn in turns:
        assert finder.find(turn, at_most=5) == WordingFinder(wordings).find(turn, at_most=5)
        assert finder.find(turn, at_most=1) == WordingFinder(wordings).find(turn, at_most=1)
    for text, room, at_most in (("on please", "hall", 1), ("on please", "den", 1), ("on please", "den", 2), ("radio", "den", 2)):
        asked_there = asked(text, context=Context(room=room)).heard
        assert meaning.likely(asked_there, at_most=at_most) == learnt().likely(asked_there, at_most=at_most)


def test_there_is_nothing_to_do_ahead_where_no_encoder_need_run():
    """None is there, or it has run for these words, or there are no words."""
    wordings, encoder = [wording(text) for text in MANY], CountingEncoder()
    finder = WordingFinder(wordings, encoder=encoder)

    finder.find(heard("play sing"), at_most=3)

    assert finder.ahead(heard("play sing"), at_most=3) is None
    assert finder.ahead(heard(" "), at_most=3) is None
    assert finder.by_letters().ahead(heard("play something"), at_most=3) is None
    assert WordingFinder(wordings).ahead(heard("play something"), at_most=3) is None
