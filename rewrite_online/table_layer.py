"""The table layer: the mined global table, by exact canonical text, prompt kind and place. Immutable once made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from resay.dialogue.rewrite import Heard, Layer, Place, Rewrite, RewriteRequest
from resay.dialogue.text import canonical, has_command_prefix, has_control_characters
from resay.store.artifact import BrokenArtifact

TABLE_ROWS_MAX = 5_000_000
"""Rows that are held in memory: about 1 KB a row, so 5 GB; beyond this the global index takes over."""


class TableLayer:
    """Rewrites by what was said, what had been asked, and where: the place's own before the one for any place."""

    layer: Final = Layer.TABLE

    def __init__(self, rewrites: Iterable[Rewrite]) -> None:
        """Take a verified table.

        Whoever published it has proved far more; checked again here is only what the promise "one hop" rests on, and what must never
        be handed to an assistant.

        Raises: BrokenArtifact.
        """
        self._by_key: dict[tuple[str, Place], Rewrite] = {}
        for rewrite in rewrites:
            _check(rewrite)
            if self._by_key.setdefault((rewrite.source, rewrite.place), rewrite) is not rewrite:
                message = f"source {rewrite.source!r} must have one target a prompt kind and place; it has two; was the table verified?"
                raise BrokenArtifact(message)
            if len(self._by_key) > TABLE_ROWS_MAX:
                message = f"rewrite table must not have more than {TABLE_ROWS_MAX:,} rows; was the floor of customers lowered?"
                raise BrokenArtifact(message)
        self._targets = frozenset((canonical(rewrite.target), rewrite.prompt_kind) for rewrite in self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    @property
    def rewrites(self) -> tuple[Rewrite, ...]:
        """All rows, in the order of the table."""
        return tuple(self._by_key.values())

    def at_once(self, _request: RewriteRequest) -> bool:
        """Always: two look-ups."""
        return True

    def offers(self, request: RewriteRequest) -> bool:
        """Whether the utterance is what this layer would say for someone who was asked the same, wherever they are."""
        return (canonical(request.heard.utterance), _kind(request.heard)) in self._targets

    def candidates(self, request: RewriteRequest) -> Sequence[Rewrite]:
        """The one row for this text here, or none; what was learnt elsewhere, or of others, only where nothing speaks against it here."""
        rewrite = self._row(request)
        return () if rewrite is None or _spares(rewrite, request.heard) else (rewrite,)

    def spares(self, request: RewriteRequest) -> bool:
        """Whether what is known of these words speaks against rewriting them here, or for this customer: then nobody else knows better."""
        rewrite = self._row(request)
        return rewrite is not None and _spares(rewrite, request.heard)

    def _row(self, request: RewriteRequest) -> Rewrite | None:
        """The row for this text here, whether or not it may be served."""
        said, kind = canonical(request.heard.utterance), _kind(request.heard)
        room, device_type = _where(request.heard)
        for place in (Place(kind, room=room), Place(kind, device_type=device_type)):
            own = self._by_key.get((said, place)) if place.is_split_off else None
            if own is not None:
                return own
        return self._by_key.get((said, Place(kind)))


def _spares(rewrite: Rewrite, heard: Heard) -> bool:
    room, device_type = _where(heard)
    return rewrite.spares(room=room, device_type=device_type, cohorts=heard.cohorts)


def _where(heard: Heard) -> tuple[str, str]:
    return (heard.context.room, heard.context.device_type) if heard.context else ("", "")


def _kind(heard: Heard) -> str:
    return heard.prompt.kind if heard.prompt else ""


def _check(rewrite: Rewrite) -> None:
    faults = []
    if not canonical(rewrite.target):
        faults.append("must have words")
    if has_command_prefix(rewrite.target):
        faults.append("must not begin with an assistant's command prefix")
    if has_control_characters(rewrite.target):
        faults.append("must not hold control characters")
    if faults:
        message = f"target of rewrite {rewrite.rewrite_id} {', and '.join(faults)}; got {rewrite.target[:40]!r}; was the table verified?"
        raise BrokenArtifact(message)
