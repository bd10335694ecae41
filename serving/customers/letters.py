"""Which dead letters name a customer. They could not be read, so that they are looked through as bytes; when in doubt, they do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

TELLING_CHARS_MIN = 8
"""Ids of so many characters are found anywhere in a letter, where no letter or digit stands beside them; shorter ones, which a figure or
a common word may equal, only between quotes."""


def naming(customer_id: str) -> Callable[[bytes], bool]:
    """Whether a letter names this customer, spelled as it is or as JSON may spell it."""
    spelled = {json.dumps(customer_id, ensure_ascii=flat)[1:-1].encode("utf-8", "surrogatepass") for flat in (False, True)}
    spelled.add(json.dumps(customer_id)[1:-1].replace("/", "\\/").encode())
    named = b"|".join(re.escape(each) for each in sorted(spelled))
    short = len(customer_id) < TELLING_CHARS_MIN
    found = re.compile(b'"(?:' + named + b')"' if short else rb"(?<![A-Za-z0-9])(?:" + named + rb")(?![A-Za-z0-9])")
    return lambda raw: found.search(raw) is not None
