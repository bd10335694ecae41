"""Vectors of texts that are kept in a file: each text is encoded once, whatever is trained or scored on it afterwards."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from resay.dialogue.tick import Tick, silent
from resay.label.goal_features import WIDTH, Encode, Floats

AT_ONCE = 256
"""Texts that are encoded between two signs of life."""


class KeptVectors:
    """Encodes what is new, and remembers the rest; in sixteen bits a number, as rows are."""

    def __init__(self, encode: Encode, path: Path | None = None) -> None:
        """A file that is no such store is passed over and written anew."""
        self._encode, self._path = encode, path
        self._places: dict[str, int] = {}
        self._vectors = np.zeros((0, WIDTH), dtype=np.float16)
        if path is not None and path.is_file():
            try:
                with np.load(path, allow_pickle=False) as kept:
                    self._vectors, texts = kept["vectors"], kept["texts"].tobytes().decode().split("\0")
                    self._places = {text: place for place, text in enumerate(texts)} if len(self._vectors) else {}
            except (OSError, ValueError, KeyError, zipfile.BadZipFile, UnicodeDecodeError):
                self._places, self._vectors = {}, np.zeros((0, WIDTH), dtype=np.float16)

    def __call__(self, texts: Sequence[str], /) -> Floats:
        """One row a text."""
        self.learn(texts)
        return self._vectors[[self._places[_plain(text)] for text in texts]].astype(np.float32)

    def learn(self, texts: Iterable[str], tick: Tick = silent) -> None:
        """Encode what is not known yet."""
        new = [text for text in dict.fromkeys(_plain(text) for text in texts) if text not in self._places]
        if not new:
            return
        parts = [self._vectors]
        for begin in range(0, len(new), AT_ONCE):
            parts.append(self._encode(new[begin : begin + AT_ONCE]).astype(np.float16))
            tick(min(len(new), begin + AT_ONCE), len(new))
        self._places |= {text: len(self._vectors) + place for place, text in enumerate(new)}
        self._vectors = np.concatenate(parts)

    def save(self) -> None:
        """Keep all vectors in the file, if one was named."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        texts = np.frombuffer("\0".join(self._places).encode(), dtype=np.uint8)
        draft = self._path.with_suffix(".draft.npz")
        np.savez(draft, vectors=self._vectors, texts=texts)
        draft.replace(self._path)


def _plain(text: str) -> str:
    """A text without the character that stands between texts in the file."""
    return text.replace("\0", " ")
