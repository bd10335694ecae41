"""The keyring: which caller a key belongs to, and what it opens. Keys are read from the books every moment, as switches are.

Knows keys and callers; knows nothing of requests. Before the first reading it knows the key of the home alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from resay.store.keys import Key, Scope, hash_of

HOME_NAME = "key of the home"
"""Who shows the key that the service was started with."""

EVERYTHING = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    key_id: str
    """The key; empty for the one of the home."""
    name: str
    scopes: frozenset[Scope]
    rate: int = 0
    """Requests a second that are answered; 0: no limit."""

    def may(self, scope: Scope) -> bool:
        """Whether this is open to them."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


HOME_CALLER = Caller("", HOME_NAME, EVERYTHING)


class Keyring:
    """The keys of a service. `refresh` is for one thread at a time, all else for all."""

    def __init__(self, home_key: str, read: Callable[[], Sequence[Key]], *, clock: Callable[[], datetime]) -> None:
        """The key of the home, and those that `read` tells."""
        self._home = hash_of(home_key)
        self._read = read
        self._clock = clock
        self._by_hash: dict[str, Key] = {}
        self._by_id: dict[str, Key] = {}

    def refresh(self) -> None:
        """Look at the keys; where they cannot be read what was known holds on.

        Raises: BooksUnavailable.
        """
        keys = [each for each in self._read() if each.revoked_at is None]
        self._by_hash, self._by_id = {each.hash: each for each in keys}, {each.key_id: each for each in keys}

    def caller(self, shown: str | None) -> Caller | None:
        """Whose key this is; nobody's where it is unknown, revoked or past its time."""
        if not shown:
            return None
        # Looked up by hash, so that the time of the look-up tells nothing of the key.
        hashed = hash_of(shown)
        return HOME_CALLER if hashed == self._home else self._opening(self._by_hash.get(hashed))

    def still(self, caller: Caller) -> bool:
        """Whether the key behind a caller of before opens something yet."""
        return not caller.key_id or self._opening(self._by_id.get(caller.key_id)) is not None

    def _opening(self, key: Key | None) -> Caller | None:
        return Caller(key.key_id, key.name, key.scopes, key.rate) if key is not None and key.opens(self._clock()) else None
