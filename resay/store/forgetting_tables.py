"""The tables of forgetting: who must not come back, in the lake, and how far each forgetting has come, in the books."""

from __future__ import annotations

from resay.store.table import TEXT, TIME, Column, Home, Table

_MARK = Column("mark", TEXT, "Hash of salt and customer id: tells whoever knows the id, and nobody else.")
_UNTIL = Column("until", TIME, "Event time up to which nothing of the customer is taken in again, UTC.")

FORGOTTEN = Table(
    "forgotten",
    "Customers who were forgotten: whatever writes rows of theirs up to this moment writes nothing. No ids; of a mark the latest counts.",
    (Column("salt", TEXT, "Salt of the mark."), _MARK, _UNTIL),
    key=("mark",),
    owner="serving/customers",
)

FORGETTINGS = Table(
    "forgettings",
    "Forgettings: how far each has come, so that a killed one goes on, and the signed receipt of each that is done.",
    (
        _MARK,
        Column("salt", TEXT, "Salt of the mark."),
        _UNTIL,
        Column("asked_at", TIME, "When it was asked for, UTC."),
        Column("customer_id", TEXT, "The customer; nothing once it is done.", nullable=True),
        Column("done", TEXT, "JSON: what was found in each store that is done."),
        Column("finished_at", TIME, "When it was done, UTC; nothing while it is not.", nullable=True),
        Column("receipt", TEXT, "JSON: the signed receipt.", nullable=True),
    ),
    key=("mark",),
    owner="serving/customers",
    home=Home.BOOKS,
)
