"""Who may come in: the key of the home, and the Host and Origin of a request.

Knows secrets and headers; knows nothing of what lies behind the door.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from resay.dialogue.errors import ResayError, told_without_place

KEY_FILE = "api_key"
"""Name of the file in the home that holds the key, readable by its owner only."""

KEY_CHARS_MIN = 16
"""Shortest key that is taken: 16 characters of a password manager are beyond guessing over a network."""

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
    return kept_key(home / KEY_FILE)


def kept_key(path: Path) -> str:
    """The key that a file holds; a new one, kept there for its owner alone, where there is no file.

    Raises: WeakKey, KeyUnavailable.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _read_key(path) if path.exists() else _make_key(path)
    except (OSError, UnicodeDecodeError) as error:
        message = f"key file {path} must be readable and writable; {told_without_place(error)}; is the folder yours?"
        raise KeyUnavailable(message) from error


def bearer_key(header: str | None) -> str | None:
    """The key that an `Authorization` header shows, if it shows one."""
    scheme, _, key = (header or "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


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
        if origin is not None and _place_of(origin) != (host or "").lower():
            return f"header Origin must be this service's own; got {origin[:80]!r}; does a page of another site call it?"
        return None


def _place_of(origin: str) -> str:
    """Host and port of an Origin header; nothing where it is none, as `http://[`."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


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
