"""The encoder of the rewriter: two towers over one trunk, what was heard and what may be said, each a text to a vector of length one.

The trunk is an exported BERT that knows English; a tower's head is a matrix, learnt from pairs of the two (`train_towers`). So a head
learns in seconds, is made anew each night, and a million vectors of wordings follow from those of the trunk by one product.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from resay.dialogue.errors import ResayError

if TYPE_CHECKING:
    from rewrite_online.finder import Searched
    from rewrite_online.index import Index

TEXTS_KEPT_MAX = 20_000
"""Texts whose vectors are kept: a household's talk comes again and again. 30 MB."""

HEADS_FILE = "heads.npz"

TRUNK_FILES = ("encoder.onnx", "tokenizer.json")
"""What a trunk is made of (`resay.training.encoder`)."""

Vectors = NDArray[np.float32]


class WrongHeads(ResayError):
    """Bytes are no heads, or those of another trunk."""


class Trunk(Protocol):
    """Texts to vectors of length one, each by itself: equal texts have equal vectors in whatever company."""

    def __call__(self, texts: Sequence[str], /) -> Vectors:
        """One row a text."""


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """What is learnt above the trunk."""

    trunk: str
    """Name of the trunk whose vectors they take."""
    heard: Vectors
    """(width, width of the trunk)."""
    wordings: Vectors
    """The same matrix, or one of its own."""

    def __bytes__(self) -> bytes:
        """Equal heads, equal bytes."""
        out = io.BytesIO()
        np.savez(out, trunk=np.array(self.trunk), heard=self.heard.astype(np.float16), wordings=self.wordings.astype(np.float16))
        return out.getvalue()

    @classmethod
    def of(cls, content: bytes) -> Heads:
        """Heads from their bytes.

        Raises: WrongHeads.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as kept:
                heads = cls(str(kept["trunk"]), kept["heard"].astype(np.float32), kept["wordings"].astype(np.float32))
        # numpy raises whatever its reader of archives meets.
        except Exception as error:
            message = f"heads must be as they were written; {error}; was the file cut off?"
            raise WrongHeads(message) from error
        if heads.heard.ndim != 2 or heads.heard.shape != heads.wordings.shape or not np.isfinite([heads.heard, heads.wordings]).all():
            message = f"heads must be two matrices of one shape; got {heads.heard.shape} and {heads.wordings.shape}; is it another file?"
            raise WrongHeads(message)
        return heads


def _where_it_is(index: Index) -> Searched:
    return index


class Towers:
    """Texts to vectors by trunk and heads; safe to share between threads."""

    def __init__(
        self,
        trunk: Trunk,
        *,
        trunk_name: str,
        heads: Heads | None = None,
        texts_kept_max: int = TEXTS_KEPT_MAX,
        place: Callable[[Index], Searched] = _where_it_is,
    ) -> None:
        """Without heads both towers are the trunk; `place` puts an index where its vectors are searched.

        Raises: WrongHeads, where they are those of another trunk.
        """
        if heads is not None and heads.trunk != trunk_name:
            message = f"heads must be of trunk {trunk_name}; they are of {heads.trunk}; were they learnt before the trunk was changed?"
            raise WrongHeads(message)
        self._trunk = trunk
        self._trunk_name = trunk_name
        self._heads = heads
        self.place = place
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._kept_max = texts_kept_max
        self._lock = threading.Lock()
        self.name = trunk_name if heads is None else f"{trunk_name}+{hashlib.sha256(bytes(heads)).hexdigest()[:16]}"
        """Equal names, equal vectors: an index of wordings says whose vectors it holds."""

    def heard(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what was heard: (text, width)."""
        return self._through(None if self._heads is None else self._heads.heard, texts)

    def wordings(self, texts: Sequence[str]) -> Vectors:
        """Vectors of wordings: (text, width)."""
        return self._through(None if self._heads is None else self._heads.wordings, texts)

    def has(self, texts: Sequence[str]) -> bool:
        """Whether what the trunk makes of these is kept, so that it need not run."""
        return all(text in self._kept for text in texts)

    def trunk(self, texts: Sequence[str]) -> Vectors:
        """Vectors as the trunk gives them, for those who learn heads: (text, width of the trunk)."""
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        with self._lock:
            kept = {text: self._kept[text] for text in texts if text in self._kept}
        new = [text for text in dict.fromkeys(texts) if text not in kept]
        if new:
            kept |= zip(new, self._trunk(new), strict=True)
            self._keep({text: kept[text] for text in new[-self._kept_max :]})
        return np.stack([kept[text] for text in texts])

    def with_heads(self, heads: Heads) -> Towers:
        """The same trunk below other heads; what the trunk made of texts is kept for both.

        Raises: WrongHeads.
        """
        other = Towers(self._trunk, trunk_name=self._trunk_name, heads=heads, texts_kept_max=self._kept_max, place=self.place)
        other._kept, other._lock = self._kept, self._lock
        return other

    def heads_or_identity(self) -> Heads:
        """Their heads; without any, those that change nothing."""
        if self._heads is not None:
            return self._heads
        unchanged = np.eye(self._trunk([""]).shape[1], dtype=np.float32)
        return Heads(self._trunk_name, unchanged, unchanged)

    def forget(self) -> None:
        """Let go of every text that was kept."""
        with self._lock:
            self._kept.clear()

    def _through(self, head: Vectors | None, texts: Sequence[str]) -> Vectors:
        vectors = self.trunk(texts)
        return vectors if head is None or not len(texts) else through(head, vectors)

    def _keep(self, vectors: dict[str, Vectors]) -> None:
        with self._lock:
            self._kept |= vectors
            while len(self._kept) > self._kept_max:
                self._kept.popitem(last=False)


def through(head: Vectors, vectors: Vectors) -> Vectors:
    """Vectors of the trunk through a head: of length one again."""
    # Rows one by one and not as one matrix: products of matrices round otherwise in other company.
    turned = np.einsum("ow,rw->ro", head, vectors) if len(vectors) <= _FEW else vectors @ head.T
    return cast("Vectors", turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-9))


_FEW = 16
"""Rows of a live request at most."""


def embedded_towers(folder: Path, *, heads: Heads | None = None, with_heads: bool = True) -> Towers:
    """The towers of an encoder's folder, and of the heads beside it unless others are given, or none are wanted.

    Raises: WrongModel, WrongVocabulary, WrongHeads.
    """
    # Here and not above: a tokeniser is loaded with it, and whoever serves tables, or vectors of their own, needs none.
    from resay.training.encoder import TextEncoder

    trunk = TextEncoder(folder)
    path = folder / HEADS_FILE
    if heads is None and with_heads and path.exists():
        heads = Heads.of(path.read_bytes())
    return Towers(trunk, trunk_name=trunk_name(folder), heads=heads)


def on_demand(folder: Path) -> Callable[[], Towers | None]:
    """The embedded towers, read when they are asked for first; nothing where the folder has none."""
    lock = threading.Lock()
    read: list[Towers] = []

    def there() -> Towers | None:
        with lock:
            if not read and all((folder / name).is_file() for name in TRUNK_FILES):
                towers = embedded_towers(folder)
                towers.trunk(["so"])  # The first run of a network makes room for all: no request should wait for that.
                read.append(towers)
            return read[0] if read else None

    return there


def trunk_name(folder: Path) -> str:
    """A trunk by its content: its folder's name, and a hash of model and tokeniser."""
    content = hashlib.sha256()
    for name in TRUNK_FILES:
        content.update((folder / name).read_bytes())
    return f"{folder.name}-{content.hexdigest()[:16]}"
