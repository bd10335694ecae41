"""The tables of access: keys and sessions, of which only hashes are kept, and what was read or changed by whom. All lie in the books."""

from __future__ import annotations

from resay.store.table import COUNT, TEXT, TIME, Column, Home, Table

KEYS = Table(
    "keys",
    "Keys that open the service, as hashes; who has the books cannot come in by them.",
    (
        Column("key_id", TEXT, "The key's public part, which names it in lists."),
        Column("hash", TEXT, "SHA-256 of the whole key, in hexadecimal."),
        Column("name", TEXT, "Who or what uses it."),
        Column("scopes", TEXT, "What it opens, with spaces between: serve, review, admin."),
        Column("rate", COUNT, "Requests a second that one replica answers it; 0 where there is no limit."),
        Column("created_at", TIME, "When, UTC."),
        Column("created_by", TEXT, "Who made it."),
        Column("expires_at", TIME, "From when on it opens nothing, UTC.", nullable=True),
        Column("revoked_at", TIME, "When it was revoked, UTC.", nullable=True),
        Column("revoked_by", TEXT, "Who revoked it.", nullable=True),
    ),
    key=("key_id",),
    owner="resay/store/keys",
    home=Home.BOOKS,
)

PAGE_SESSIONS = Table(
    "page_sessions",
    "Open sessions of the pages, as hashes of their secrets, so that any replica knows who is behind one.",
    (
        Column("hash", TEXT, "SHA-256 of the session's secret, in hexadecimal."),
        Column("key_id", TEXT, "The key that opened it; a mark of the home's key where that did, or a link of the terminal."),
        Column("name", TEXT, "Who came in: the key's name, or by what."),
        Column("scopes", TEXT, "What it opens, with spaces between."),
        Column("ends_at", TIME, "From when on it opens nothing, UTC; the row goes with one of the next."),
    ),
    key=("hash",),
    owner="resay/store/page_sessions",
    home=Home.BOOKS,
)

AUDIT = Table(
    "audit",
    "Who read dialogues, rules or reports, and who changed what: rows are added, kept for 400 days, and never altered.",
    (
        Column("audit_id", TEXT, "The row; sorts by time."),
        Column("done_at", TIME, "When, UTC."),
        Column("who", TEXT, "The key's name, or who sat at the command line."),
        Column("key_id", TEXT, "The key; empty for the one of the home, and at the command line."),
        Column("what", TEXT, "What was asked for: method and path of a request, or a command."),
        Column("which", TEXT, "Which one: a rewrite, an experiment, a key. Never a customer, and no words of one."),
        Column("outcome", TEXT, "allowed or refused."),
    ),
    key=("audit_id",),
    owner="resay/store/audit",
    home=Home.BOOKS,
)
