"""Keyed hashes in place of customer ids, applied before anything is stored.

Knows where a record names its customer; does not look for ids in texts, in turn ids or in fields of the sender's own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

PSEUDONYM_PREFIX = "h1:"
"""Marks an id as already hashed, so that replaying a record does not hash it again; the number is that of this scheme."""

PSEUDONYM_HEX_DIGITS = 32
"""128 bits: no two of 10^9 customers share a pseudonym but with a chance below 10^-20."""

_PSEUDONYM = re.compile(re.escape(PSEUDONYM_PREFIX) + rf"[0-9a-f]{{{PSEUDONYM_HEX_DIGITS}}}")
_CUSTOMER_ID = re.compile(rb'("customer_id"\s*:\s*)"((?:[^"\\]|\\.)*)("?)', re.DOTALL)
_decode_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

Mask = Callable[[bytes], bytes]
"""What is done to a record before anything reads it."""


def keep(raw: bytes) -> bytes:
    """The record as it came."""
    return raw


def pseudonym(customer_id: str, key: str) -> str:
    """The same for the same customer under the same key; without the key nobody can tell whose it is."""
    if _PSEUDONYM.fullmatch(customer_id):
        return customer_id
    digest = hmac.new(key.encode(), customer_id.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return PSEUDONYM_PREFIX + digest[:PSEUDONYM_HEX_DIGITS]


def customers_named(raw: bytes) -> list[str]:
    """Whom a record names as its customer, however broken it is; nobody where that cannot be told."""
    return [_text_of(found[2]) for found in _CUSTOMER_ID.finditer(raw)]


@dataclass(frozen=True, slots=True)
class Pseudonymise:
    """A mask that puts the pseudonym in place of `customer_id`, also in records that are broken further on.

    Where a record is so broken that its customer id does not stand behind that name, it cannot be found and stays:
    such records reach table `rejects` only.
    """

    key: str = field(repr=False)

    def __call__(self, raw: bytes) -> bytes:
        """The record with its customer id hashed."""
        return _masked_by_meaning(_CUSTOMER_ID.sub(lambda found: found[1] + _hashed(found[2], self.key) + found[3], raw), self.key)


def _masked_by_meaning(raw: bytes, key: str) -> bytes:
    """The record with its customer id hashed, however the name of that field or the id is spelled."""
    try:
        record = _decode_keys(raw)
        customer_id = msgspec.json.decode(record["customer_id"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        return raw
    hashed = pseudonym(customer_id if isinstance(customer_id, str) else str(customer_id), key)
    return raw if hashed == customer_id else msgspec.json.encode(record | {"customer_id": hashed})


def _hashed(quoted: bytes, key: str) -> bytes:
    """The pseudonym of an id as it stands between quotes, as it will stand there."""
    return b'"' + pseudonym(_text_of(quoted), key).encode()


def _text_of(quoted: bytes) -> str:
    try:
        return msgspec.json.decode(b'"' + quoted + b'"', type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return quoted.decode("utf-8", "backslashreplace")
