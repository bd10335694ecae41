"""Word pieces: the vocabulary of a model over windows, in which unused tokens stand for markers."""

from __future__ import annotations

from rephrase.marker import Marker
from resay.training.vocabulary import Piece, Vocabulary


class WordPieces:
    """A vocabulary with markers."""

    def __init__(self, content: bytes, *, where: str) -> None:
        """Word pieces from the bytes of a `tokenizer.json`.

        Raises: WrongVocabulary.
        """
        self._vocabulary = Vocabulary(content, where=where)
        self.size = self._vocabulary.size
        """One more than the highest token."""
        self.first, self.last, self.padding = self._vocabulary.first, self._vocabulary.last, self._vocabulary.padding
        self._markers = {marker: self._vocabulary.token(f"[unused{marker.value}]") for marker in Marker}

    def marker(self, marker: Marker) -> int:
        """The token that stands for a marker."""
        return self._markers[marker]

    def pieces(self, text: str, most: int) -> tuple[Piece, ...]:
        """The first tokens of a text, `most` of them at most."""
        return self._vocabulary.pieces(text, most)
