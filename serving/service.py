"""The parts of a running service, as one value that its endpoints share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from resay.dialogue.rewrite import RewriteAnswer
from resay.experiment.promote import LIVE_SHARE
from resay.store.artifact import Shelf
from resay.store.audit import AuditBooks
from resay.store.books import Books
from resay.store.experiments import ExperimentBooks
from resay.store.review import ReviewBooks
from resay.store.teachings import TeachingBooks
from resay.store.trials import TrialBooks
from resay.store.waiting import WaitingBooks
from rewrite_online.encoder import Towers
from rewrite_online.explore import USUAL_EXPLORATION, Exploration
from rewrite_online.rewriter import Rewriter
from rewrite_online.watch import Watch
from serving.access import LOOPBACK
from serving.asking import Asking
from serving.beside import Beside
from serving.core_line import CoreLine
from serving.decision_log import DecisionLog
from serving.experiments.arms import RunningArms
from serving.experiments.looks import Looks
from serving.keyring import Keyring
from serving.metrics import Metrics
from serving.offering import Offering
from serving.sessions import PageSessions
from serving.switched import Switched
from serving.texts_kept import TextsKept
from serving.trials.referee import Referee
from serving.trials.trying import Trying
from serving.trials.unsaying import Unsaying
from serving.waiting_line import WaitingLine


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What a service is started with."""

    home: Path
    """Folder of lake, books and artifacts."""
    lake: Path
    books: str | Path
    """URL or file."""
    rewrites: Path
    """Shelf of rewrite tables."""
    reports: Path
    """Shelf of reports: what was scored."""
    api_key: str
    """The key of the home, which opens everything; others stand in the books."""
    hash_key: str | None = None
    """Key of the hash that replaces customer ids at ingest; ids are kept where unset."""
    failure_point: Path = Path(__file__).parents[1] / "models" / "failure-point"
    """Folder of the model of failure points; read when it is first asked."""
    encoder: Path = Path(__file__).parents[1] / "models" / "minilm"
    """Folder of the encoder; read where a generation needs it."""
    towers: Callable[[], Towers | None] | None = None
    """Where the encoder comes from, if not from that folder."""
    encoded_at_once: int = 1
    """Requests that the encoder is run for at once: one on a processor, as many as a device takes together."""
    names: tuple[str, ...] = LOOPBACK
    """Host names that the service answers to."""
    exploration: Exploration = USUAL_EXPLORATION
    """Which near misses are said all the same, so that they are found out."""
    canary: float = LIVE_SHARE
    """Of those for whom a rewrite is ready that is not found better yet, the share who are said it."""
    judges: bool = True
    """Whether rewrites are promoted and rolled back by this service."""
    ask: float = 0.0
    """Share of turns about which customers are asked; who can ask says so."""
    offer: float = 0.0
    """Share of turns after which something is offered; the same."""


@dataclass(frozen=True, slots=True)
class Service:
    """What the endpoints draw on."""

    settings: ServiceSettings
    clock: Callable[[], datetime]
    pseudonym: Callable[[str], str]
    """What becomes of a customer id before anything is looked up or written down."""
    books: Books
    waiting: WaitingBooks
    """Events of other systems, until their talk is whole."""
    teachings: TeachingBooks
    experiments: ExperimentBooks
    arms: RunningArms
    """Of the experiments that run."""
    looks: Looks
    """What is known of experiments, as pages show it."""
    review: ReviewBooks
    switched: Switched
    """What is live, without what is switched off."""
    trials: TrialBooks
    trying: Trying
    """The same, with what became of each rewrite on trial: what answers draw on."""
    referee: Referee
    unsaying: Unsaying
    """The referee of the layers beside the table."""
    asking: Asking
    offering: Offering
    reports: Shelf
    watch: Watch
    encoder: TextsKept
    rewriter: Rewriter
    computing: Rewriter
    """The same, for whoever may take a core for some milliseconds."""
    decisions: DecisionLog
    metrics: Metrics
    line: WaitingLine[RewriteAnswer]
    """Before those answers that must be waited for."""
    core: CoreLine
    """Before those that need a core alone."""
    beside: Beside
    """What of that another core does meanwhile."""
    warm: threading.Event
    """Set once the first customers need not wait for what has never run before."""
    sessions: PageSessions
    keyring: Keyring
    """Who may come in, and where."""
    audit: AuditBooks
