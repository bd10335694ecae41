"""A BERT's vocabulary: text to tokens, each with the characters that it came from. The one door to `tokenizers`."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from tokenizers import Tokenizer

from resay.dialogue.errors import ResayError

CHARS_A_TOKEN_MAX = 24
"""Characters read for each token that is wanted: a word longer than this is no word, and text without end must not take time."""

_WORD_LETTERS_MIN = 3

TEXTS_KEPT_MAX = 20_000
"""Texts whose pieces are kept: assistants say a few hundred things, and a turn stands in four windows."""


class WrongVocabulary(ResayError):
    """A tokeniser's file is none, or has not what is needed."""


class Piece(NamedTuple):
    """One token of a text."""

    token: int
    start: int
    """First character that it came from."""
    end: int


class Vocabulary:
    """A tokeniser."""

    def __init__(self, content: bytes, *, where: str) -> None:
        """A tokeniser from the bytes of its `tokenizer.json`.

        Raises: WrongVocabulary.
        """
        self._where = where
        try:
            self._tokenizer = Tokenizer.from_str(content.decode())
        # The library raises plain exceptions.
        except Exception as error:
            message = f"tokeniser {where} must be a tokenizer.json of Hugging Face; {error}; is the model's folder whole?"
            raise WrongVocabulary(message) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.first, self.last, self.padding = (self.token(name) for name in ("[CLS]", "[SEP]", "[PAD]"))
        self.pieces = lru_cache(TEXTS_KEPT_MAX)(self._pieces)

    @property
    def size(self) -> int:
        """One more than the highest token."""
        return max(self._tokenizer.get_vocab().values()) + 1

    def words(self) -> list[str]:
        """The tokens that are words of three letters or more, in the order of their numbers."""
        found = sorted((token, name) for name, token in self._tokenizer.get_vocab().items())
        return [name for _, name in found if len(name) >= _WORD_LETTERS_MIN and name.isascii() and name.isalpha()]

    def token(self, name: str) -> int:
        """The number of a token of that name.

        Raises: WrongVocabulary.
        """
        token = self._tokenizer.token_to_id(name)
        if token is None:
            size = self._tokenizer.get_vocab_size()
            message = f"vocabulary {self._where} must have the token {name}; it has {size:,} others; is it a BERT's?"
            raise WrongVocabulary(message)
        return int(token)

    def _pieces(self, text: str, most: int) -> tuple[Piece, ...]:
        """The first tokens of a text, `most` of them at most."""
        encoded = self._tokenizer.encode(text[: most * CHARS_A_TOKEN_MAX], add_special_tokens=False)
        return tuple(Piece(token, start, end) for token, (start, end) in zip(encoded.ids[:most], encoded.offsets, strict=False))
