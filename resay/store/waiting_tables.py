"""The table of talk that comes in pieces and waits for the rest: in the books, so that replicas put together what any of them got."""

from __future__ import annotations

from resay.store.table import COUNT, TEXT, TIME, Column, Home, Table

WAITING = Table(
    "waiting",
    "Events of other systems that wait for the rest of their talk; once told as turns they stay a while, for what comes late.",
    (
        Column("source", TEXT, "Which system: otlp or rasa, with @ and the topic's name where its events come from one."),
        Column("talk", TEXT, "The talk: a trace, or a conversation."),
        Column("event_key", TEXT, "The same again within a talk is the same event again."),
        Column("customer_id", TEXT, "Who speaks, as far as the event alone tells."),
        Column("event_time", TIME, "When it happened, UTC."),
        Column("span", TEXT, "Its span, where talks have spans; others name it as their parent."),
        Column("parent", TEXT, "The span around it; empty where there is none."),
        Column("content", TEXT, "The event as its adapter reads it, JSON; empty where it tells nothing of talk."),
        Column("came_at", TIME, "When it came, UTC."),
        Column("told", COUNT, "1 where its turns are in the lake."),
    ),
    key=("source", "talk", "event_key"),
    owner="resay/store/waiting",
    home=Home.BOOKS,
)
