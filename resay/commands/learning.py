"""From labels to a live table: mine, verify, and publish where the table has changed; one learner's table after another's, never back.

A learner notes where it stands before it reads: what was learnt from last, and which table is live. It publishes only if both are still
so, alone on the shelf; otherwise another learner, or a person, was first, and it learns again from what there is now.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from markov.candidate import Bar
from markov.engine import Engine
from markov.hearing import hear_all
from markov.mine import Mined, mine
from markov.proof import Proof
from markov.publish import Card, Content, PublishStep, live_rewrites, publish_content
from markov.standing import TAKEN_OUT, Ruled, Ruling, ruled
from markov.steps import Floors, Step
from markov.verified import verified
from markov.verify import Rules
from markov.versions import Understanding
from resay.commands.console import progress
from resay.commands.encoders import Towers, shipped_encoder
from resay.commands.engines import EngineOver, embedded
from resay.commands.learning_edits import edits_in, with_edits
from resay.commands.learning_global import Global, GlobalRules, carried, is_beside, learn_global
from resay.commands.learning_histories import tell_home
from resay.commands.needless import Needless, needless_of
from resay.commands.settings import Settings
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Rewrite
from resay.store.artifact import Generation, Shelf
from resay.store.books import Books
from resay.store.commit import Progress
from resay.store.errors import LostPosition
from resay.store.lake import Lake
from resay.store.review import blocked_in
from resay.store.rewrites import encode_rewrites
from resay.store.tables import CHAIN_TURNS, LINKS, OUTCOMES, SEGMENTS
from resay.store.wordings import RANKER_FILE

CUSTOMERS_MIN = Floors().customers_min
"""k, where nothing else is asked (DESIGN 7)."""

TRIES_MAX = 5
"""Learnings in a row that others may overtake; each is a table that somebody has published, and may be minutes of work."""


class LearnersCollide(ResayError):
    """Other learners were first every time."""


class LearnStep(StrEnum):
    """What learning does, in order, beside the steps of publishing; between any two of them the process may die."""

    MINED = "mined"
    """The candidates are known; nothing is written."""
    VERIFIED = "verified"
    """The proof is made; nothing is written."""
    NOTED = "noted"
    """Table `chain_turns` says what was learnt from."""


@dataclass(frozen=True, slots=True)
class LearnRules:
    """How rewrites are learnt."""

    k: int = CUSTOMERS_MIN
    """Customers that must stand behind a rewrite."""
    dry_run: bool = False
    """Whether nothing is written."""
    shown: bool = False
    """Whether progress is shown."""
    observe: Callable[[LearnStep | PublishStep], None] = lambda _step: None
    """Told of every step after it was taken: for the tests that kill at it."""
    understanding: Understanding | None = None
    """The assistant's NLU, where it can be asked which rewrites it still needs."""
    engine: EngineOver = embedded
    """What runs the miner's steps."""
    global_after: timedelta = timedelta(0)
    """Wordings and their ranker are learnt anew only when they are so old; until then they are carried over to each new table."""
    kept: bool = True
    """Whether the lake keeps what the chain is counted from, so that only what has changed is judged; else the engine judges all anew."""
    encoder: Callable[[], Towers | None] = shipped_encoder
    """What compares wordings by meaning, where it is asked for; nothing where none is there."""


class Taught(NamedTuple):
    """What mining, verifying and publishing came to."""

    mined: Mined
    rewrites: tuple[Rewrite, ...]
    """Those that were proven, by source and prompt kind."""
    proof: Proof
    generation: int | None
    """The generation that is live now; nothing where none was ever published."""
    published: bool
    """Whether this run made it."""
    remark: str
    """Why not, where it did not."""
    rulings: tuple[Ruled, ...] = ()
    """What became of each rewrite that was live, and of each new one."""
    needless: Needless = Needless()
    """What the assistant says it does not need."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a learning stands on."""

    labels: tuple[Progress, ...]
    """For each table of labels, up to which version was learnt from before, and its version now."""
    live: tuple[int, int] | None
    """The mark of the pointer."""

    @property
    def is_learnt(self) -> bool:
        """Whether nothing has changed since the last learning."""
        return all(each.start == each.end for each in self.labels)


def basis_of(settings: Settings) -> Basis:
    """What a learning that begins now stands on."""
    lake = Lake(settings.lake)
    # The positions before the mark: who publishes in between has moved the mark, and notes the positions behind it.
    labels = tuple(
        Progress(f"learn#{table.name}", lake.position(CHAIN_TURNS, f"learn#{table.name}"), lake.version(table))
        for table in (LINKS, SEGMENTS, OUTCOMES)
    )
    return Basis(labels, Shelf(settings.rewrites).stamp())


def teach(settings: Settings, totals: Mapping[str, int], rules: LearnRules) -> Taught:
    """From labels to a live table: mine, verify, and publish where the table has changed. `totals` go on the generation's card.

    Raises: LearnersCollide, and what the lake, the books and the shelf raise.
    """
    for _ in range(TRIES_MAX):
        with suppress(_Overtaken):
            return _teach_once(settings, totals, rules)
    message = (
        f"rewrites must be published; other learners published {TRIES_MAX} times meanwhile; does `resay stream` learn on this home too?"
    )
    raise LearnersCollide(message)


def blocked_pairs(settings: Settings) -> tuple[tuple[str, str], ...]:
    """All vetoes as pairs of canonical texts; one whose text has no words matches nothing, where an empty text matches all."""
    with closing(Books(settings.books)) as books:
        return blocked_in(books)


class _Overtaken(Exception):
    """The basis of a learning is gone: somebody has learnt or published meanwhile."""


def _teach_once(settings: Settings, totals: Mapping[str, int], rules: LearnRules) -> Taught:
    lake, shelf, basis = Lake(settings.lake), Shelf(settings.rewrites), basis_of(settings)
    # Behind the basis: whoever publishes in between has moved the mark, and this learning begins anew.
    live, before = live_rewrites(shelf)
    kept = rules.kept and not rules.dry_run
    if kept:
        hear_all(lake)
        tell_home(settings)
    with rules.engine(lake) as engine:
        with progress("Mining rewrites", unit="steps", shown=rules.shown) as tick:
            mined = mine(engine, Bar(floors=Floors(customers_min=rules.k)), tick, live=before, kept=kept)
        detectors = _detectors(engine)
    rules.observe(LearnStep.MINED)
    needless = needless_of(lake, mined.rewrites, live=live, understanding=rules.understanding)
    wanted = [each for each in mined.rewrites if each.rewrite_id not in needless.reasons]
    blocked, edits = blocked_pairs(settings), edits_in(settings)
    wanted = with_edits(lake, wanted, edits, Rules(customers_min=rules.k))
    allowed = frozenset(each.rewrite.rewrite_id for each in edits if each.allowed)
    with progress("Verifying", unit="rewrites", shown=rules.shown) as tick:
        proven, proof = verified(lake, wanted, Rules(customers_min=rules.k, blocked=blocked, approved=allowed))
        tick(len(proven), len(mined.rewrites))
    rules.observe(LearnStep.VERIFIED)
    rulings = _ruled(before, proven, mined, proof, needless)
    beside = _beside(lake, live, proven, rules=rules, blocked=blocked)
    if rules.dry_run:
        return Taught(
            mined, tuple(proven), proof, live.number if live else None, False, "dry run: nothing was published", rulings, needless
        )
    card = replace(
        _card(mined, {**totals, **beside.totals}, rulings, k=rules.k, detectors=detectors),
        versions=needless.versions,
        needless=needless.reasons,
    )
    with shelf.alone():
        if not _holds(basis, settings):
            raise _Overtaken
        generation, published, remark = _publish(shelf, Content(proven, proof, beside.files), card=card, observe=rules.observe)
        # Behind the publishing: a run that dies before this learns the same again, finds it live, and notes it then.
        _note(lake, basis)
    rules.observe(LearnStep.NOTED)
    return Taught(mined, tuple(proven), proof, generation, published, remark, rulings, needless)


def _holds(basis: Basis, settings: Settings) -> bool:
    """Whether nobody has learnt or published since; that labels have changed since is no fault, the next learning takes them in."""
    now = basis_of(settings)
    return now.live == basis.live and [each.start for each in now.labels] == [each.start for each in basis.labels]


def _note(lake: Lake, basis: Basis) -> None:
    try:
        lake.append(CHAIN_TURNS, CHAIN_TURNS.schema().empty_table(), basis.labels)
    except LostPosition as error:
        raise _Overtaken from error


def _beside(
    lake: Lake, live: Generation | None, proven: Sequence[Rewrite], *, rules: LearnRules, blocked: tuple[tuple[str, str], ...]
) -> Global:
    """What is served beside the table, where the lake keeps what it is learnt from."""
    if not rules.kept or rules.dry_run:
        return Global({}, {})
    asked = GlobalRules(rules.k, blocked, rules.global_after, encoder=rules.encoder)
    with progress("Learning wordings", unit="steps", shown=rules.shown) as tick:
        return carried(lake, live, proven, asked) or learn_global(lake, proven, asked, tick, live=live)


def _publish(shelf: Shelf, content: Content, *, card: Card, observe: Callable[[PublishStep], None]) -> tuple[int | None, bool, str]:
    """The live generation after all, whether it is new, and why not."""
    live, before = live_rewrites(shelf)
    number = live.number if live else None
    if live and encode_rewrites(content.rewrites) == encode_rewrites(before) and is_beside(live, content.beside):
        return number, False, "the table is the one that is live"
    if live is None and not content.rewrites and RANKER_FILE not in content.beside:
        # Wordings alone only keep others from being rewritten: they follow what is live, and begin nothing.
        return number, False, "nothing to publish"
    return publish_content(shelf, content, card=replace(card, follows=number), observe=observe).number, True, ""


def _ruled(before: Sequence[Rewrite], kept: Sequence[Rewrite], mined: Mined, proof: Proof, needless: Needless) -> tuple[Ruled, ...]:
    faults = {fault.rewrite_id: "; ".join(fault.reasons) for fault in proof.left_out}
    declined = {
        each.rewrite_id: f"no longer mined: {reason.replace('_', ' ')}"
        for each in before
        if (reason := mined.reasons.get((each.source, each.prompt_kind)))
    }
    return tuple(ruled(before, kept, judged=mined.standings, dropped=declined | faults | dict(needless.reasons)))


def _detectors(engine: Engine) -> str:
    """What made the links that are learnt from, by name and version; nothing where there are none."""
    engine.run(Step("detectors", f"select distinct detector from {LINKS.name}"))
    return ", ".join(sorted(row["detector"] for row in engine.rows("detectors").to_pylist()))


def _card(mined: Mined, totals: Mapping[str, int], rulings: Sequence[Ruled], *, k: int, detectors: str) -> Card:
    found = {"sources": mined.sources, "states": mined.states, "candidates": len(mined.rewrites)}
    cut = {"states_cut": mined.states_cut, "unknown_millionths_max": math.ceil(mined.unknown_max * 1e6)}
    times = Counter(each.ruling.value for each in rulings)
    became = {ruling.value: times[ruling] for ruling in Ruling}
    return Card(
        made_at=datetime.now(UTC),
        follows=None,
        parameters={"detector": detectors} | asdict(Bar(floors=Floors(customers_min=k))),
        totals=dict(totals) | found | cut | became,
        retired={each.rewrite_id: f"{each.ruling}: {each.reason}" for each in rulings if each.ruling in TAKEN_OUT},
    )
