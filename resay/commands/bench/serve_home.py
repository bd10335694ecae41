"""The home of `bench serve`: made-up wordings, a table, a ranker that was learnt from made-up turns, and customers with histories.

All that is served is learnt and written by the product's own parts; only the talk is made up. The same seed gives the same home.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np

from markov.verify import Rules
from markov.wordings_proof import Checked, encode_wordings_proof
from resay.commands.bench.kept_vectors import Vectored, vectors_of
from resay.dialogue.history import Tried, Way
from resay.dialogue.personal import personal_in
from resay.dialogue.rewrite import BeforeRequest, Heard, Rewrite, Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.wording import Wording
from resay.store.artifact import Shelf
from resay.store.books import Books, Told
from resay.store.rewrites import PROOF_FILE, REWRITES_FILE, encode_rewrites, rewrite_id_of
from resay.store.wordings import MEANING_FILE, RANKER_FILE, WORDINGS_FILE, WORDINGS_PROOF_FILE, encode_wordings
from rewrite_online.features import Example
from rewrite_online.finder import WordingFinder
from rewrite_online.fit import fit
from rewrite_online.fit_meaning import Lesson, common_pieces, fit_meaning
from rewrite_online.global_certificate import finder_files
from rewrite_online.meaning import Meaning, encode_meaning
from rewrite_online.misheard import may_be_heard
from rewrite_online.recall import Recall
from rewrite_online.sense import Sense, encode_sense
from rewrite_online.shelves import number_of

WORDINGS_A_STATE = 20
"""Ways to put one request: a fourth as many as the shipped home's goals have, misheard ones included."""

TABLE_ROWS = 2_000
CUSTOMERS = 1_000
HISTORY_ROWS = 50
"""Wordings of one customer: those of a month at home, twice over."""

STATES_LEARNT = 300
"""Requests that pieces of texts tell apart; the rest is found by nearness."""

EXAMPLES = 600
"""Made-up turns that the ranker is learnt from: its size does not depend on them."""

_VERBS = ("turn", "switch", "put", "set", "make", "start", "open", "play", "show", "move", "bring", "dim", "raise", "lower", "find", "call")
_HOWS = ("on", "off", "up", "down", "softly", "quickly", "again", "please", "today", "tonight", "tomorrow", "twice", "half", "soon")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Talk:
    """What may be said to a home, by what it asks of the service."""

    good: tuple[str, ...]
    """Passes: it is what would be said for others."""
    table: tuple[str, ...]
    unknown: tuple[str, ...]
    """Nobody ever said it; something near it was."""
    own: tuple[tuple[str, str], ...]
    """Customer, and what that customer means something else by."""


def make_home(home: Path, *, wordings: int, seed: int, meant: Vectored | None = None) -> Talk:
    """Learn and publish in an empty folder, and say what may be said to it; `meant`: wordings are compared by that, too."""
    rng = Random(seed)
    known = list(_wordings(wordings, rng))
    table = [_rewrite(f"{each.text} {rng.choice(_HOWS)} so", each) for each in _some(known, TABLE_ROWS, rng)]
    sense = _sense(known, meant, seed) if meant else None
    finder = WordingFinder(
        known[: STATES_LEARNT * WORDINGS_A_STATE], encoder=sense.encoder if sense else None, index=sense.index if sense else None
    )
    recall = Recall(known, finder=finder)
    good = tuple(sorted(each.text for each in recall.targets.values()))
    files = _files(known, table, recall, rng, encode_sense(sense, known, meant.encoder) if sense and meant else {})
    shelf = Shelf(home / "rewrites")
    shelf.publish(shelf.write(files).number)
    own = tuple(_histories(home / "books.sqlite", known, rng))
    unknown = tuple(misheard(rng.choice(known).text, rng) for _ in range(20_000))
    return Talk(good, tuple(each.source for each in table), unknown, own)


def _sense(known: Sequence[Wording], meant: Vectored, seed: int) -> Sense:
    from rewrite_online.index import Index

    rows = vectors_of([each.text for each in known], meant, seed=seed)
    numbers = np.array([number_of(each) for each in known], dtype=np.int64)
    return Sense(meant.encoder, Index(numbers, rows, asked=lambda: meant.encoder.heard(may_be_heard(known))))


def misheard(text: str, rng: Random) -> str:
    """A text with two letters wrong and a word too many: near to what it was, and said by nobody."""
    letters = list(text)
    for place in rng.sample(range(len(letters)), min(2, len(letters))):
        if letters[place] != " ":
            letters[place] = rng.choice(_LETTERS)
    return f"{rng.choice(('uh', 'so', 'well', 'now'))} {''.join(letters)}"


def _wordings(count: int, rng: Random) -> Iterator[Wording]:
    seen: set[str] = set()
    states = max(2, count // WORDINGS_A_STATE)
    while len(seen) < count:
        state = len(seen) % states
        chance = Random(f"{state}/thing")
        thing = " ".join("".join(chance.choice(_LETTERS) for _ in range(chance.randint(4, 8))) for _ in range(2))
        text = f"{rng.choice(_VERBS)} the {thing} {rng.choice(_HOWS)}"
        # What points to a person is not served, and made-up words may.
        if text not in seen and not personal_in(text):
            seen.add(text)
            yield _wording(text, state, rng)


def _wording(text: str, state: int, rng: Random) -> Wording:
    customers = 10 + int(rng.paretovariate(1.2))
    return Wording(
        text=text,
        prompt_kind="",
        state=f"things|Do|{state}",
        # Of a million made-up words some are risky ones, and the certificate asks.
        risk=risk_of(f"things|Do|{state}", text),
        customers=customers,
        times=float(3 * customers),
        success=rng.uniform(0.5, 0.98),
        last_day=20_000,
        evidence=("made-up",),
    )


def _some(known: Sequence[Wording], count: int, rng: Random) -> list[Wording]:
    harmless = [each for each in known if each.risk is Risk.LOW]
    return rng.sample(harmless, min(count, len(harmless)))


def _rewrite(source: str, wording: Wording) -> Rewrite:
    return Rewrite(
        rewrite_id=rewrite_id_of(source, "", wording.text),
        source=source,
        prompt_kind="",
        target=wording.text,
        state=wording.state,
        risk=Risk.LOW,
        score=0.9,
        success_as_said=0.05,
        success_as_rewritten=0.9,
        support=wording.customers,
        times=20,
        evidence=("made-up",),
    )


def _files(
    known: Sequence[Wording], table: Sequence[Rewrite], recall: Recall, rng: Random, sensed: Mapping[str, bytes]
) -> dict[str, bytes]:
    learnt = known[: STATES_LEARNT * WORDINGS_A_STATE]
    pieces = common_pieces({each.text: range(10) for each in learnt}, customers_min=10)
    lessons = [Lesson(each.text, "", {each.state: 1.0}, 5.0, 5.0) for each in learnt]
    weights = fit_meaning(lessons, pieces, dict.fromkeys(each.state for each in learnt[:STATES_LEARNT]))
    assert weights is not None, "made-up talk has two meanings"
    ranker = fit(list(_examples(learnt, recall, Meaning(weights), rng))).content
    assert ranker is not None, "made-up talk has rights and wrongs enough"
    # In order of the table's own form, as the product writes it.
    tabled = {REWRITES_FILE: encode_rewrites(table)}
    told = {WORDINGS_FILE: encode_wordings(known), MEANING_FILE: encode_meaning(weights), RANKER_FILE: ranker, **sensed}
    told |= finder_files(known, told[WORDINGS_FILE], customers_min=10)
    proof = encode_wordings_proof({**tabled, **told}, Checked(tuple(known), {}), Rules(), now=datetime.now(UTC))
    return {**tabled, PROOF_FILE: _proof(tabled[REWRITES_FILE], len(table)), **told, WORDINGS_PROOF_FILE: proof}


def _proof(table: bytes, rewrites: int) -> bytes:
    parameters = {"customers_min": 10, "high_risk_factor": 3, "approved": 0}
    claim = {"verdict": "proven", "table_sha256": hashlib.sha256(table).hexdigest(), "rewrites": rewrites, "parameters": parameters}
    return json.dumps(claim).encode()


def _examples(learnt: Sequence[Wording], recall: Recall, meaning: Meaning, rng: Random) -> Iterator[Example]:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    for number in range(EXAMPLES):
        meant = rng.choice(learnt)
        # Half of them were understood as they were said: then nothing else would have been right.
        fine = number % 2 == 0
        heard = Heard(f"t{number}", f"c{number % CUSTOMERS}", now, meant.text if fine else misheard(meant.text, rng))
        found = recall.gather(heard, meaning)
        if found.candidates:
            right = tuple(float(each.wording.state == meant.state and not fine) for each in found.candidates)
            yield Example(BeforeRequest(heard), found.said, found.candidates, right, float(fine), heard.customer_id)


def _histories(books: Path, known: Sequence[Wording], rng: Random) -> Iterator[tuple[str, str]]:
    """Write each customer's history, and say what each means something else by."""
    day = datetime.now(UTC).date() - timedelta(days=1)
    opened = Books(books)
    try:
        rows: list[tuple[str, Tried]] = []
        for number in range(CUSTOMERS):
            customer = f"customer-{number}"
            said = [_tried(each, each.text, Way.SAID, day) for each in rng.sample(known, HISTORY_ROWS)]
            mine = f"my {_VERBS[number % len(_VERBS)]} number {number}"
            rows += [(customer, each) for each in (*said, _tried(rng.choice(known), mine, Way.REPHRASED, day))]
            yield customer, mine
        assert opened.tell_histories(Told((), rows, {})), "nobody else writes to these books"
    finally:
        opened.close()


def _tried(wording: Wording, said: str, way: Way, day: date) -> Tried:
    return Tried(said, "", "", way, wording.text, wording.text, wording.state, 3, 3, day, "made-up")
