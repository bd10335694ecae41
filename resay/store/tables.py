"""Every table: its columns, key, owner and home. `docs/tables.md` is generated from this file.

Knows names, types and meanings; knows nothing of how rows come to be.
"""

from __future__ import annotations

import pyarrow as pa

from resay.store.access_tables import AUDIT, KEYS, PAGE_SESSIONS
from resay.store.customer_tables import ASKED, ASKED_DAYS, HISTORIES, TEACHINGS
from resay.store.experiment_tables import CHANGES, EXPERIMENTS, EXPOSURES
from resay.store.forgetting_tables import FORGETTINGS, FORGOTTEN
from resay.store.review_tables import EDITS, STAGES, SWITCHES, TRIALS, TRIGGERS, UNSAID
from resay.store.rollup_tables import CUSTOMER_DAYS, ROLLUP_DAYS, ROLLUPS, SLICES
from resay.store.table import COUNT, DAY, FLAG, NUMBER, TEXT, TEXTS, TIME, Column, Home, Table
from resay.store.waiting_tables import WAITING

__all__ = [
    "ASKED",
    "ASKED_DAYS",
    "AUDIT",
    "CHANGES",
    "COUNT",
    "CUSTOMER_DAYS",
    "DAY",
    "EDITS",
    "EXPERIMENTS",
    "EXPOSURES",
    "FLAG",
    "FORGETTINGS",
    "FORGOTTEN",
    "HISTORIES",
    "KEYS",
    "NUMBER",
    "PAGE_SESSIONS",
    "ROLLUPS",
    "ROLLUP_DAYS",
    "SLICES",
    "STAGES",
    "SWITCHES",
    "TEACHINGS",
    "TEXT",
    "TEXTS",
    "TIME",
    "TRIALS",
    "TRIGGERS",
    "UNSAID",
    "Column",
    "Home",
    "Table",
]

_TURN_ID = Column("turn_id", TEXT, "The turn.")
_CUSTOMER_ID = Column("customer_id", TEXT, "Pseudonymous customer.")
_TURN_TIME = Column("event_time", TIME, "Event time of the turn, UTC.")

TURN_PARTS = Table(
    "turn_parts",
    "Accepted records, one row a part of a turn; parts are merged at read (view `turns`). Null: the part does not carry the field; "
    "empty text, or −∞ for a score: it carries the field, and nothing is in it.",
    (
        _TURN_ID,
        Column("part", TEXT, "Name of the part; `whole` where a turn came as one record."),
        _CUSTOMER_ID,
        Column("event_time", TIME, "Event time of the part, UTC."),
        Column("source", TEXT, "Source that it was read from."),
        Column("partition", TEXT, "Partition of the source."),
        Column("position", COUNT, "Position of the record in its partition."),
        Column("landed_at", TIME, "Processing time, UTC."),
        Column("customer_kind", TEXT, "account, device or session.", nullable=True),
        Column("session_id", TEXT, "The assistant's own session id.", nullable=True),
        Column("utterance", TEXT, "What the NLU was given, as it came.", nullable=True),
        Column("canonical", TEXT, "Canonical form of the utterance.", nullable=True),
        Column("original", TEXT, "Canonical form of what the customer said, where we rewrote it.", nullable=True),
        Column("prompt_kind", TEXT, "What the assistant had just asked.", nullable=True),
        Column("interpretation", TEXT, "`domain|intent|slots` of the top interpretation.", nullable=True),
        Column("unresolved", FLAG, "Whether an entity was named and not found.", nullable=True),
        Column("confidence", NUMBER, "Confidence of the top interpretation, 0 to 1.", nullable=True),
        Column("asr_score", NUMBER, "Score of the top hypothesis.", nullable=True),
        Column("status", TEXT, "Response status: done, failed, unsupported, asked, none.", nullable=True),
        Column("barge_in", FLAG, "Whether the customer spoke over the response before.", nullable=True),
        Column("ended_at", TIME, "When the turn was over, UTC.", nullable=True),
        Column("explicit", TEXT, "Explicit feedback: yes or no.", nullable=True),
        Column("room", TEXT, "Room of the device.", nullable=True),
        Column("device_type", TEXT, "Type of the device.", nullable=True),
        Column("rewrite_id", TEXT, "The rewrite that was applied.", nullable=True),
        Column("decision_id", TEXT, "Our decision that the assistant logged.", nullable=True),
        Column("arm", TEXT, "Arm of the experiment, as logged.", nullable=True),
        Column("cohorts", TEXTS, "Cohorts of the customer.", nullable=True),
        Column("body", TEXT, "The record as it came; unknown fields are kept in it."),
    ),
    key=("turn_id", "part"),
    owner="ingest/landing",
)

REJECTS = Table(
    "rejects",
    "Dead letters: records that could not be read, with the reason.",
    (
        Column("source", TEXT, "Source that it was read from."),
        Column("partition", TEXT, "Partition of the source."),
        Column("position", COUNT, "Position of the record in its partition."),
        Column("landed_at", TIME, "Processing time, UTC."),
        Column("origin", TEXT, "Where the record came from, for people."),
        Column("reason", TEXT, "All faults of the record, in one sentence."),
        Column("raw", pa.binary(), "The record, byte for byte, cut at 1 MiB."),
        Column("raw_bytes", COUNT, "How long the record was before it was cut."),
    ),
    key=("source", "partition", "position"),
    owner="ingest/landing",
)

FRICTION = Table(
    "friction",
    "Signs of effort or annoyance at turns, by rules.",
    (
        _TURN_ID,
        _CUSTOMER_ID,
        _TURN_TIME,
        Column("sign", TEXT, "Which sign (`resay.dialogue.label.FrictionSign`)."),
        Column("shown_by", TEXT, "The turn in which the sign was seen."),
    ),
    key=("turn_id", "sign"),
    owner="resay/label/friction",
)

LINKS = Table(
    "links",
    "Rephrase links inside sessions, with the span that says the request again.",
    (
        Column("source_turn_id", TEXT, "The first try."),
        Column("target_turn_id", TEXT, "The second try."),
        _CUSTOMER_ID,
        Column("event_time", TIME, "Event time of the first try, UTC."),
        Column("probability", NUMBER, "Chance that both pursue one goal and the first had failed."),
        Column("span_start", pa.int32(), "First character of the span in the target's utterance."),
        Column("span_end", pa.int32(), "One past its last character."),
        Column("detector", TEXT, "Name and version of the detector."),
    ),
    key=("source_turn_id", "target_turn_id", "detector"),
    owner="rephrase/detect",
)

SEGMENTS = Table(
    "segments",
    "Goal segments: which turns pursue one goal, and what came of it.",
    (
        Column("segment_id", TEXT, "Turn id of the first turn."),
        _TURN_ID,
        Column("ordinal", pa.int32(), "Place of the turn in the segment, from 0."),
        _CUSTOMER_ID,
        _TURN_TIME,
        Column("outcome", TEXT, "success, failure or censored; of the whole segment."),
        Column("labeller", TEXT, "Name and version of the labeller."),
    ),
    key=("segment_id", "turn_id", "labeller"),
    owner="resay/label",
)

OUTCOMES = Table(
    "outcomes",
    "Whether each turn was defective.",
    (
        _TURN_ID,
        _CUSTOMER_ID,
        _TURN_TIME,
        Column("outcome", TEXT, "success, failure or censored; of the turn itself."),
        Column("defect", NUMBER, "Chance that the turn failed its customer, 0 to 1."),
        Column("labeller", TEXT, "Name and version of the labeller."),
    ),
    key=("turn_id", "labeller"),
    owner="resay/label",
)

FAILURE_POINTS = Table(
    "failure_points",
    "Where each turn failed first, by a model: one row a turn.",
    (
        _TURN_ID,
        _CUSTOMER_ID,
        _TURN_TIME,
        Column("point", TEXT, "false_wake, asr, nlu, er, result or correct; unknown where none is likely enough."),
        *(
            Column(point, NUMBER, f"Chance of {point}, 0 to 1; the six sum to one.")
            for point in ("false_wake", "asr", "nlu", "er", "result", "correct")
        ),
        Column("model", TEXT, "Version of the model."),
    ),
    key=("turn_id",),
    owner="failure_point/job",
)

FLOORS = Table(
    "floors",
    "Below which score each recogniser doubts; taken over the whole lake, and again when it has doubled.",
    (
        Column("recogniser", TEXT, "Version of the recogniser; empty where none is logged."),
        Column("floor", NUMBER, "Score under which its lowest tenth lies."),
    ),
    key=("recogniser",),
    owner="resay/label",
)

CHAIN_TURNS = Table(
    "chain_turns",
    "Each turn as the chain sees it, kept so that it is judged once: days add up, a customer can be taken out to the bit.",
    (
        _TURN_ID,
        _CUSTOMER_ID,
        _TURN_TIME,
        Column("day", DAY, "Day of the event time, UTC."),
        Column("is_session", FLAG, "Whether the customer is but a session."),
        Column("said", TEXT, "Canonical text of what the customer said."),
        Column("kind", TEXT, "Kind of the prompt that it answers; empty where nothing had been asked."),
        Column("room", TEXT, "Room; empty where it is not known."),
        Column("device_type", TEXT, "Kind of device; empty where it is not known."),
        Column("state", TEXT, "State that it was taken for."),
        Column("utterance", TEXT, "What the assistant was handed."),
        Column("outcome", TEXT, "success, failure or censored; empty where nobody has judged."),
        Column("rewritten", FLAG, "Whether we had put something in its place."),
        Column("taken", COUNT, "How much of it links take, in millionths; the rest goes to its own outcome."),
        Column("cohorts", TEXTS, "Cohorts of the customer, as the turn told them.", nullable=True),
    ),
    key=("turn_id",),
    owner="markov/hearing",
)

CHAIN_TRIES = Table(
    "chain_tries",
    "Each second try as the chain sees it: a link inside a goal segment, with what both of its turns said and came to.",
    (
        Column("source_turn_id", TEXT, "The first try."),
        Column("target_turn_id", TEXT, "The second try."),
        _CUSTOMER_ID,
        Column("event_time", TIME, "Event time of the first try, UTC."),
        Column("day", DAY, "Its day, UTC."),
        Column("probability", NUMBER, "That of the link."),
        Column("millionths", COUNT, "The link's share of the first try; all links of one turn share it."),
        Column("source_said", TEXT, "Canonical text of the first try."),
        Column("source_kind", TEXT, "Kind of the prompt that it answers."),
        Column("source_room", TEXT, "Its room."),
        Column("source_device_type", TEXT, "Its kind of device."),
        Column("source_state", TEXT, "State that it was taken for."),
        Column("source_outcome", TEXT, "What came of it."),
        Column("target_said", TEXT, "Canonical text of the second try."),
        Column("target_kind", TEXT, "Kind of the prompt that it answers."),
        Column("target_state", TEXT, "State that it was taken for."),
        Column("target_outcome", TEXT, "What came of it."),
        Column("rewritten", FLAG, "Whether we had rewritten either of the two."),
    ),
    key=("source_turn_id", "target_turn_id"),
    owner="markov/hearing",
)

DECISIONS = Table(
    "decisions",
    "Our own record of every answer of `/v1/rewrite`.",
    (
        Column("decision_id", TEXT, "The decision."),
        _TURN_ID,
        _CUSTOMER_ID,
        _TURN_TIME,
        Column("mode", TEXT, "before or retry."),
        Column("source", TEXT, "Canonical text of what was said."),
        Column("target", TEXT, "What we said for the customer.", nullable=True),
        Column("layer", TEXT, "taught, personal, table or global.", nullable=True),
        Column("generation", COUNT, "Generation that answered.", nullable=True),
        Column("rewrite_id", TEXT, "The rewrite.", nullable=True),
        Column("experiment", TEXT, "The experiment.", nullable=True),
        Column("arm", TEXT, "The customer's arm.", nullable=True),
        Column("propensity", NUMBER, "Chance with which this action was drawn."),
        Column("reason", TEXT, "Why (`resay.dialogue.rewrite.Reason`)."),
        Column("latency_ms", NUMBER, "Time to answer, milliseconds."),
    ),
    key=("decision_id",),
    owner="serving/decision_log",
    home=Home.BOOKS,
)

DECISION_DAYS = Table(
    "decision_days",
    "How many answers were given each day, by reason and layer: pages add these up, and need not count answers.",
    (
        Column("day", DAY, "Day of the event time, UTC."),
        Column("reason", TEXT, "Why (`resay.dialogue.rewrite.Reason`)."),
        Column("layer", TEXT, "taught, personal, table or global; empty where no layer had a say."),
        Column("decisions", COUNT, "Answers."),
    ),
    key=("day", "reason", "layer"),
    owner="serving/decision_log",
    home=Home.BOOKS,
)

REWRITES = Table(
    "rewrites",
    "A published rewrite table: file `rewrites.jsonl` of a generation, beside `proof.json`.",
    (
        Column("rewrite_id", TEXT, "Equal for equal (source, prompt kind, room, kind of device, target), in every generation."),
        Column("source", TEXT, "Canonical text."),
        Column("prompt_kind", TEXT, "Context in which it holds."),
        Column("target", TEXT, "Wording handed to the assistant."),
        Column("state", TEXT, "Interpretation that the target reaches."),
        Column("risk", TEXT, "low or high."),
        Column("score", NUMBER, "N[s,t]·R[t,success]."),
        Column("success_as_said", NUMBER, "Chance of success of the source as it is."),
        Column("success_as_rewritten", NUMBER, "Chance of success of the target."),
        Column("support", COUNT, "Customers behind it."),
        Column("times", COUNT, "Goal segments behind it."),
        Column("evidence", TEXTS, "Decisive turn ids, a sample: first try, then the try that worked."),
        Column("room", TEXT, "Room in which it holds; empty: any but those in not_rooms. Older generations lack this and what follows."),
        Column("device_type", TEXT, "Kind of device on which it holds; empty: any but those in not_device_types."),
        Column("not_rooms", TEXTS, "Rooms in which it is never served."),
        Column("not_device_types", TEXTS, "Kinds of device on which it is never served."),
        Column("not_cohorts", TEXTS, "Cohorts whose customers are never served it."),
    ),
    key=("rewrite_id",),
    owner="markov/verify",
    home=Home.GENERATION,
)

VETOES = Table(
    "vetoes",
    "Rewrites that must never be served, whatever the evidence.",
    (
        Column("veto_id", TEXT, "The veto."),
        Column("source", TEXT, "Canonical text; empty: any."),
        Column("target", TEXT, "Canonical text; empty: any."),
        Column("vetoed_by", TEXT, "Who said so."),
        Column("reason", TEXT, "Why."),
        Column("created_at", TIME, "When, UTC."),
    ),
    key=("veto_id",),
    owner="serving",
    home=Home.BOOKS,
)

MARKS = Table(
    "marks",
    "Where writers of the books stand.",
    (
        Column(
            "name",
            TEXT,
            "`histories`: how often the histories changed; `histories#TABLE`: the version of the lake's table that they tell;"
            " `waiting#SOURCE#PARTITION`: the next record of a log whose events wait.",
        ),
        Column("value", COUNT, "The number."),
    ),
    key=("name",),
    owner="resay/store/books",
    home=Home.BOOKS,
)

TABLES: tuple[Table, ...] = (
    TURN_PARTS,
    REJECTS,
    DECISIONS,
    DECISION_DAYS,
    FRICTION,
    LINKS,
    SEGMENTS,
    OUTCOMES,
    FAILURE_POINTS,
    FLOORS,
    CHAIN_TURNS,
    CHAIN_TRIES,
    REWRITES,
    VETOES,
    EXPOSURES,
    EXPERIMENTS,
    CHANGES,
    SWITCHES,
    TRIALS,
    STAGES,
    TRIGGERS,
    UNSAID,
    EDITS,
    TEACHINGS,
    HISTORIES,
    ASKED,
    ASKED_DAYS,
    MARKS,
    CUSTOMER_DAYS,
    ROLLUP_DAYS,
    ROLLUPS,
    SLICES,
    KEYS,
    PAGE_SESSIONS,
    AUDIT,
    FORGOTTEN,
    FORGETTINGS,
    WAITING,
)
