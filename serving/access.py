"""Who may come in: the API key, the Host and Origin of a request, and the page's one-time link and session.

Knows secrets and headers; knows nothing of what lies behind the door.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from urllib.parse import urlsplit

from resay.dialogue.errors import ResayError

KEY_FILE = "api_key"
"""Name of the file in the home that holds the key, readable by its owner only."""

KEY_CHARS_MIN = 16
"""Shortest key that is taken: 16 characters of a password manager are beyond guessing over a network."""

SESSIONS_MAX = 100
"""Page sessions that are remembered; the oldest goes first."""

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""Names by which a browser on this machine reaches the service."""

_SECRET_BYTES = 32


class WeakKey(ResayError):
    """An API key is missing or too short to protect anything."""


class KeyUnavailable(ResayError):
    """The file of the API key cannot be read or written."""


def api_key(home: Path, *, given: str | None) -> str:
    """The key that callers must show: the one given, else the one kept in the home, else a new one, which is then kept there.

    Raises: WeakKey, KeyUnavailable.
    """
    if given is not None:
        return _strong(given, "setting RESAY_API_KEY")
    path = home / KEY_FILE
    try:
        home.mkdir(parents=True, exist_ok=True)
        return _read_key(path) if path.exists() else _make_key(path)
    except (OSError, UnicodeDecodeError) as error:
        message = f"API key file {path} must be readable and writable; {error}; is the folder yours?"
        raise KeyUnavailable(message) from error


def bearer_key(header: str | None) -> str | None:
    """The key that an `Authorization` header shows, if it shows one."""
    scheme, _, key = (header or "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


def is_key(shown: str | None, key: str) -> bool:
    """Whether the key shown is the right one; takes as long for a near miss as for a far one."""
    return shown is not None and compare_digest(shown.encode("utf-8", "surrogatepass"), key.encode())


class Doorway:
    """Which names the service answers to."""

    def __init__(self, names: Iterable[str]) -> None:
        """Answer to these host names, without ports; a page of another name that was made to point here is refused (DNS rebinding)."""
        self._names = frozenset(name.lower() for name in names)

    def fault(self, *, host: str | None, origin: str | None) -> str | None:
        """Why a request with these headers must not come in, or nothing."""
        name = _name_of(host or "")
        if name not in self._names:
            known = ", ".join(sorted(self._names))
            return f"header Host must name this service ({known}); got {(host or '')[:80]!r}; is it started with --allow-host?"
        if origin is not None and urlsplit(origin).netloc.lower() != (host or "").lower():
            return f"header Origin must be this service's own; got {origin[:80]!r}; does a page of another site call it?"
        return None


class PageSessions:
    """One-time links to the page, and the sessions that they open. Secrets are kept as hashes, in memory, until the process ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: dict[str, None] = {}
        self._sessions: dict[str, None] = {}

    def token(self) -> str:
        """A new token for one link; it works once."""
        return self._add(self._tokens)

    def exchange(self, token: str) -> str | None:
        """The secret of a new session for a token that was not used before, or nothing."""
        with self._lock:
            known = _hash(token) in self._tokens
            self._tokens.pop(_hash(token), None)
        return self.open() if known else None

    def open(self) -> str:
        """The secret of a new session."""
        return self._add(self._sessions)

    def knows(self, secret: str | None) -> bool:
        """Whether a session with this secret is open."""
        return secret is not None and _hash(secret) in self._sessions

    def _add(self, kept: dict[str, None]) -> str:
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with self._lock:
            while len(kept) >= SESSIONS_MAX:
                del kept[next(iter(kept))]
            kept[_hash(secret)] = None
        return secret


def _hash(secret: str) -> str:
    # Looked up by hash, so that the time of the look-up tells nothing of the secret.
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _name_of(host: str) -> str:
    """The host name of a Host header, its port taken off."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _strong(key: str, where: str) -> str:
    if len(key) < KEY_CHARS_MIN or not key.isascii() or not key.isprintable() or " " in key:
        message = f"{where} must be at least {KEY_CHARS_MIN} printable ASCII characters without spaces; got {len(key)}; was it cut short?"
        raise WeakKey(message)
    return key


def _read_key(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)  # A key that others could read is shut again; whether it was read cannot be told.
    return _strong(path.read_text().strip(), f"key file {path}")


def _make_key(path: Path) -> str:
    key = secrets.token_urlsafe(_SECRET_BYTES)
    draft = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(key + "\n")
        # A link fails where the file is there already: of two processes that start at once the first one's key holds.
        path.hardlink_to(draft)
    except FileExistsError:
        return _read_key(path)
    finally:
        draft.unlink()
    return key
