"""What the global layer needs, learnt from the log of a night: wordings, what pieces of texts mean, and the ranker that weighs both.

One learning gives all of it, proven together with the table beside which it is served. Where there is too little to learn from, the
table is served alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from markov.duckdb_engine import DuckDBEngine
from markov.failing import with_failing
from markov.own_record import with_own_record
from markov.steps import Floors, Step
from markov.verify import Rules
from markov.voices import NO_VOICE
from markov.wordings import Heard, heard_wordings, name_customers
from markov.wordings_proof import Checked, bound_to, check_wordings, checked_at, encode_wordings_proof, floor_of, wordings_hold
from resay.commands.learning_folds import meanings_of
from resay.commands.learning_leanings import learn_leanings
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.tick import Tick, silent
from resay.dialogue.turn import Turn
from resay.dialogue.wording import Wording
from resay.store.artifact import Generation
from resay.store.lake import Lake
from resay.store.leanings import LEANINGS_FILE, encode_leanings
from resay.store.reading import Connection
from resay.store.rewrites import REWRITES_FILE, encode_rewrites
from resay.store.turns import judged_turns
from resay.store.wordings import (
    BESIDE_FILES,
    FINDER_FILE,
    GLOBAL_FILES,
    MEANING_FILE,
    RANKER_FILE,
    VECTORS_FILE,
    WORDINGS_FILE,
    WORDINGS_PROOF_FILE,
    decode_wordings,
    encode_wordings,
)
from rewrite_online.features import Example
from rewrite_online.global_certificate import finder_files
from rewrite_online.leanings import Leanings
from rewrite_online.lessons import Came, Without, examples_of
from rewrite_online.meaning import encode_meaning
from rewrite_online.recall import recall_beside
from rewrite_online.sense import WrongEncoder, encode_sense, made_for, read_sense, sense_of, vectors_before

if TYPE_CHECKING:
    from rewrite_online.encoder import Towers
    from rewrite_online.index import Index

TREES, RATE = 60, 0.12
"""Half as many trees as usual, each with nearly twice the say: half the time, and no worse out of fold."""

STEPS = 5

TYPED_MIN = 0.9
"""Share of the turns that came without further hypotheses and without a sound, from which on talk is taken to be typed. What is typed is
said in other words, what is misheard in words that mean something else: on voices that nobody heard nearness of meaning won nothing
(docs/decisions/0033)."""


@dataclass(frozen=True, slots=True)
class GlobalRules:
    """How it is learnt."""

    k: int
    """Customers that must have said a wording, or a piece of one."""
    blocked: tuple[tuple[str, str], ...] = ()
    """Vetoes as pairs of canonical texts."""
    anew_after: timedelta = timedelta(0)
    """What was learnt so lately is carried over to the next table: whoever learns every minute cannot grow a ranker each time."""
    encoder: Callable[[], Towers | None] = lambda: None
    """What compares wordings by meaning where people type; else, and without one, they are compared by spelling, sound and pieces alone."""


@dataclass(frozen=True, slots=True)
class Global:
    """What was learnt beside a table."""

    files: Mapping[str, bytes]
    """By name; none where there was too little to learn from."""
    totals: Mapping[str, int]
    """For the generation's card."""
    remark: str = ""
    """Why there is none."""


def learn_global(
    lake: Lake, table: Sequence[Rewrite], rules: GlobalRules, tick: Tick = silent, *, live: Generation | None = None
) -> Global:
    """The files of the global layer for a table, from what the lake keeps; of the live generation the vectors of known wordings.

    Raises: StepFailed, LakeUnavailable.
    """
    floors = Rules(customers_min=rules.k, blocked=rules.blocked)
    with lake.connect() as connection:
        heard = heard_wordings(DuckDBEngine(connection), Floors(customers_min=rules.k))
        tick(1, STEPS)
        checked = check_wordings(connection, heard.wordings, floors)
        turns = _turns(connection)
        towers = rules.encoder() if checked.kept and are_typed(turns.values()) else None
        sense = sense_of(checked.kept, towers, before=vectors_of_live(live, towers)) if towers else None
        leanings = learn_leanings(connection, checked.kept, floors)
        recall = recall_beside(checked.kept, table, sense, leanings=Leanings(leanings))
        told = with_own_record(DuckDBEngine(connection), checked.kept, recall.counts_for)
        checked = replace(checked, kept=with_failing(connection, told, floors))
        recall = recall.with_records(checked.kept)
    tick(2, STEPS)
    learnt = meanings_of(heard, checked.kept, recall, k=rules.k)
    tick(3, STEPS)
    totals = {"wordings": len(checked.kept), "wordings_left_out": sum(checked.left_out.values()), "targets": len(recall.targets)}
    if learnt is None:
        return _alone(table, checked, floors, totals=totals, remark="too few wordings to tell meanings apart")
    # Here and not above: scikit-learn and onnx take a second to load, and most commands never grow a ranker.
    from rewrite_online.fit import Growth, fit

    ranked = fit(_examples(heard, turns, learnt.without), Growth(trees=TREES, learning_rate=RATE))
    tick(4, STEPS)
    if ranked.content is None:
        return _alone(table, checked, floors, totals=totals, remark=ranked.reason.replace("_", " "))
    files = {WORDINGS_FILE: encode_wordings(checked.kept), MEANING_FILE: encode_meaning(learnt.whole), RANKER_FILE: ranked.content}
    if leanings:
        files[LEANINGS_FILE] = encode_leanings(leanings)
    if sense and towers:
        files |= encode_sense(sense, checked.kept, towers)
    files |= finder_files(checked.kept, files[WORDINGS_FILE], customers_min=rules.k)
    totals |= {"examples": ranked.examples, "leanings": len(leanings)}
    tick(5, STEPS)
    return Global({**files, WORDINGS_PROOF_FILE: _proof(files, table, checked, floors)}, totals)


def vectors_of_live(live: Generation | None, towers: Towers) -> Index | None:
    """The vectors of the live generation's wordings, where there are any of this encoder."""
    if live is None or not all((live.path / name).exists() for name in (WORDINGS_FILE, VECTORS_FILE)):
        return None
    number = made_for(decode_wordings(live.read(WORDINGS_FILE)))
    return vectors_before({VECTORS_FILE: live.mapped(VECTORS_FILE)}, number, towers)


def _alone(table: Sequence[Rewrite], checked: Checked, floors: Rules, *, totals: Mapping[str, int], remark: str) -> Global:
    """The wordings without a ranker: what succeeds as it is said is worth knowing all the same."""
    if not checked.kept:
        return Global({}, totals, remark)
    files = {WORDINGS_FILE: encode_wordings(checked.kept)}
    return Global({**files, WORDINGS_PROOF_FILE: _proof(files, table, checked, floors)}, totals, remark)


def carried(lake: Lake, live: Generation | None, table: Sequence[Rewrite], rules: GlobalRules) -> Global | None:
    """What lies beside the live table, bound to the next one, where that is young enough and still holds; nothing: learn it anew.

    Raises: BrokenArtifact, LakeUnavailable.
    """
    if live is None or not all((live.path / name).exists() for name in GLOBAL_FILES):
        return None
    proof = live.read(WORDINGS_PROOF_FILE)
    if datetime.now(UTC) - checked_at(proof) >= rules.anew_after or not wordings_hold(lake, live, blocked=rules.blocked):
        return None
    files = {name: live.read(name) for name in BESIDE_FILES if (live.path / name).exists()}
    if not _has_its_encoder(files, rules):
        return None
    # What lost since then is stopped now: records are told in a moment, and a ranker is not grown in one.
    wordings = _with_records_of_now(lake, decode_wordings(files[WORDINGS_FILE]), table, rules)
    told = {WORDINGS_FILE: encode_wordings(wordings)}
    told |= finder_files(wordings, told[WORDINGS_FILE], customers_min=floor_of(proof))
    files = {name: content for name, content in files.items() if name != FINDER_FILE} | told
    proof = bound_to(proof, {FINDER_FILE: None, REWRITES_FILE: encode_rewrites(table), **told})
    return Global({**files, WORDINGS_PROOF_FILE: proof}, {"wordings_carried": 1})


def _has_its_encoder(files: Mapping[str, bytes], rules: GlobalRules) -> bool:
    """Whether what is needed to serve them is here: after another encoder has come they are learnt anew."""
    try:
        return VECTORS_FILE not in files or bool(read_sense(files, made_for(decode_wordings(files[WORDINGS_FILE])), rules.encoder()))
    except WrongEncoder:
        return False


def _with_records_of_now(lake: Lake, wordings: Sequence[Wording], table: Sequence[Rewrite], rules: GlobalRules) -> tuple[Wording, ...]:
    with lake.connect() as connection:
        engine = DuckDBEngine(connection)
        name_customers(engine, Floors(customers_min=rules.k))
        told = with_own_record(engine, wordings, recall_beside(wordings, table).counts_for)
        return with_failing(connection, told, Rules(customers_min=rules.k))


def is_beside(live: Generation, files: Mapping[str, bytes]) -> bool:
    """Whether these are the files beside the live table, but for the moment at which they were proven."""
    compared = [name for name in BESIDE_FILES if name != WORDINGS_PROOF_FILE]
    return all((live.read(name) if (live.path / name).exists() else None) == files.get(name) for name in compared)


def are_typed(turns: Collection[Turn]) -> bool:
    """Whether people type what they want, as far as turns tell: no recogniser stands behind nearly all of them."""
    return bool(turns) and sum(not (each.hypotheses or each.audio) for each in turns) >= TYPED_MIN * len(turns)


def _turns(connection: Connection) -> dict[str, Turn]:
    """The sampled turns with all that was known of them."""
    DuckDBEngine(connection).run(Step("judged", "select turn_id from sampled"))
    return {turn.turn_id: turn for turn in judged_turns(connection)}


def _examples(heard: Heard, turns: Mapping[str, Turn], without: Without) -> list[Example]:
    came = (
        Came(turns[each.turn_id], each.right, each.states, voice=None if each.voice == NO_VOICE else each.voice)
        for each in heard.sampled
        if each.turn_id in turns
    )
    return list(examples_of(came, without))


def _proof(files: Mapping[str, bytes], table: Sequence[Rewrite], checked: Checked, rules: Rules) -> bytes:
    together = {**files, REWRITES_FILE: encode_rewrites(table)}
    return encode_wordings_proof(together, checked, rules, now=datetime.now(UTC))
