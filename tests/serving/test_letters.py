"""Which dead letters name a customer, though nobody can read them."""

from __future__ import annotations

import pytest

from serving.customers.letters import naming


@pytest.mark.parametrize(
    ("customer", "raw", "names"),
    [
        ("c42", b'{"customer_id": "c42", "at": nonsense', True),
        ("c42", b'{"sender_id":"c42"}', True),
        ("c42", b'{"customer_id": "c421"}', False),
        ("42", b'{"confidence": 42, "customer_id": "x"}', False),
        ("customer-zoe", b"customer-zoe said play", True),
        ("customer-zoe", b'{"key": "eu:customer-zoe"}', True),
        ("customer-zoe", b'{"customer_id": "customer-zoella"}', False),
        ("zoë-with-dots", b'{"customer_id": "zo\\u00eb-with-dots"}', True),
        ("zoë-with-dots", '{"customer_id": "zoë-with-dots"}'.encode(), True),
        ('say "hi"/now', b'{"customer_id": "say \\"hi\\"\\/now"}', True),
    ],
)
def test_a_letter_names_its_customer_however_it_is_spelled(customer: str, raw: bytes, names: bool):
    """Short ids between quotes only, as a figure may equal them; longer ones anywhere, with nothing grown to them."""
    assert naming(customer)(raw) is names
