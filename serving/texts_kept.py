"""The encoder of a service, which keeps what it made of texts: it lets go of all of them once somebody was forgotten."""

from __future__ import annotations

from collections.abc import Callable

from rewrite_online.encoder import Towers


class TextsKept:
    """An encoder, read when it is asked for first; `refresh` is for one thread at a time, asking for all."""

    def __init__(self, encoder: Callable[[], Towers | None], forgettings: Callable[[], int]) -> None:
        """Ask `encoder`, once it is asked for; `forgettings` answers a number that grows whenever somebody is forgotten."""
        self._encoder = encoder
        self._read_forgettings = forgettings
        self._towers: Towers | None = None
        self._forgettings: int | None = None

    def __call__(self) -> Towers | None:
        """The encoder; nothing where there is none."""
        self._towers = self._encoder()
        return self._towers

    def refresh(self) -> None:
        """Let go of every text where somebody was forgotten since: whose it is, is not known.

        Raises: BooksUnavailable.
        """
        forgettings = self._read_forgettings()
        if forgettings != self._forgettings:
            if self._towers is not None:
                self._towers.forget()
            self._forgettings = forgettings
