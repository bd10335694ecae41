"""The tables of what is a customer's own: what they taught, what they tried, and what they were asked."""

from __future__ import annotations

from resay.store.table import COUNT, DAY, NUMBER, TEXT, TIME, Column, Home, Table

_CUSTOMER_ID = Column("customer_id", TEXT, "Pseudonymous customer.")

TEACHINGS = Table(
    "teachings",
    "What customers told us outright, and what they were offered.",
    (
        Column("teaching_id", TEXT, "The teaching."),
        _CUSTOMER_ID,
        Column("source", TEXT, "Canonical text of what the customer will say."),
        Column("target", TEXT, "What it shall mean."),
        Column("origin", TEXT, "customer or agent: who began it."),
        Column("created_at", TIME, "When, UTC."),
        Column("kind", TEXT, "request (all that is said) or name (a part of what is said).", nullable=True),
        Column("state", TEXT, "taught, offered (and not answered yet) or dismissed (and never offered again).", nullable=True),
        Column("confirmed_at", TIME, "When the customer said yes to being asked, UTC.", nullable=True),
    ),
    key=("customer_id", "teaching_id"),
    owner="resay/store/teachings",
    home=Home.BOOKS,
)

HISTORIES = Table(
    "histories",
    "What each customer said, what stood in its place, and how that fared for them, day by day; of the last half year.",
    (
        _CUSTOMER_ID,
        Column("day", DAY, "Day of the event time, UTC."),
        Column("said", TEXT, "Canonical text of what the customer said."),
        Column("prompt_kind", TEXT, "Kind of the prompt that it answers; empty where nothing had been asked."),
        Column("room", TEXT, "Room; empty where it is not known."),
        Column("way", TEXT, "said (as it was), rephrased (by the customer, to what worked) or rewritten (by us)."),
        Column("target", TEXT, "Canonical text of what the assistant was handed."),
        Column("wording", TEXT, "The same as it was last written."),
        Column("state", TEXT, "State that the target was last taken for."),
        Column("times", COUNT, "Turns that were judged."),
        Column("successes", COUNT, "Those that succeeded."),
        Column("turn_id", TEXT, "The last of these turns."),
    ),
    key=("customer_id", "day", "said", "prompt_kind", "room", "way", "target"),
    owner="resay/commands/learning_histories",
    home=Home.BOOKS,
)

ASKED = Table(
    "asked",
    "Turns after which a customer was to be asked something. Whether they did what was wanted stands in the lake, offers in `teachings`.",
    (
        _CUSTOMER_ID,
        Column("turn_id", TEXT, "The turn."),
        Column("kind", TEXT, "ask (whether it did what was wanted) or offer (to teach)."),
        Column("event_time", TIME, "Event time of the turn, UTC."),
        Column("asked_at", TIME, "When the service said so, UTC."),
        Column("session_id", TEXT, "The assistant's own session id.", nullable=True),
        Column("said", TEXT, "Canonical text of what the customer said."),
        Column("propensity", NUMBER, "Chance with which it was drawn."),
    ),
    key=("customer_id", "turn_id", "kind"),
    owner="resay/store/asked",
    home=Home.BOOKS,
)

ASKED_DAYS = Table(
    "asked_days",
    "How many turns were answered each day while asking was on, and how often something was asked; all services count together.",
    (
        Column("day", DAY, "Day on which the service answered, UTC."),
        Column("before", COUNT, "Turns answered before the NLU."),
        Column("retry", COUNT, "Turns answered after a refusal."),
        Column("ask", COUNT, "Those that were asked about."),
        Column("offer", COUNT, "Those after which something was offered."),
    ),
    key=("day",),
    owner="resay/store/asked",
    home=Home.BOOKS,
)
