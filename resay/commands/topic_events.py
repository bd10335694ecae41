"""A Kafka topic of another system's events: what `--format` says, and the two that work side by side, one that reads and one that tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from ingest.arriving import RASA_EVENTS
from ingest.arriving_log import Arrivals
from ingest.landing import LandingReport, LandingRules
from resay.commands.adapted import TURNS
from resay.commands.chain import Chain, Found, Step
from resay.commands.home_books import opened
from resay.commands.landing_metrics import LandingMetrics
from resay.commands.settings import Settings
from resay.commands.topic import OpenTopic
from resay.store.lake import Lake
from resay.store.waiting import WaitingBooks

FORMATS = {RASA_EVENTS.name: RASA_EVENTS}
"""Other systems whose topics can be read, by the name of their format."""

FormatOption = Annotated[
    str, typer.Option("--format", metavar=f"{TURNS}|{'|'.join(FORMATS)}", help="What a topic holds: turns of ours, or Rasa's events.")
]


def check_usage(name: str, source: str) -> None:
    """Speak up where a format is none, or not of a topic.

    Raises: BadParameter.
    """
    if name not in {TURNS, *FORMATS}:
        message = f"--format must be {' or '.join((TURNS, *FORMATS))}; got {name!r}; is it spelled otherwise?"
        raise typer.BadParameter(message)
    if name != TURNS and not source.startswith("kafka://"):
        message = f"--format {name} must go with --source kafka://…; got {source or 'files'}; is `resay import {name}` what you mean?"
        raise typer.BadParameter(message)


@contextmanager
def arrivals_for(name: str, settings: Settings) -> Iterator[Arrivals | None]:
    """Where events of this format wait, for the length of the block; nothing where a topic holds turns.

    Raises: BooksUnavailable.
    """
    if name == TURNS:
        yield None
        return
    with opened(settings) as books:
        yield Arrivals(FORMATS[name], WaitingBooks(books), Lake(settings.lake), settings.hash_key)


def follow_events(
    topic: OpenTopic, arrivals: Arrivals, rules: LandingRules, *, metrics: LandingMetrics, stop: Callable[[], bool]
) -> LandingReport:
    """Keep and tell what comes, side by side, until stopped; what was told.

    Raises: what either of them raised first.
    """
    told = LandingReport()

    def tell() -> Found:
        nonlocal told
        told += tell_some(topic, arrivals, rules)
        return Found.NOTHING

    chain = Chain(stop=stop)

    def keep() -> Found:
        topic.land(arrivals.lake, rules, metrics=metrics, stop=chain.stopping)
        return Found.NOTHING

    chain.run([Step("ingest", keep, waits=True), Step("tell", tell)])
    return told


def tell_some(topic: OpenTopic, arrivals: Arrivals, rules: LandingRules) -> LandingReport:
    """Land the turns of talks that are due. While the reader is behind nothing is let go: the rest of a talk may stand further on.

    Raises: BooksUnavailable, LakeUnavailable, LostPosition.
    """
    lag = topic.source.lag()
    return arrivals.tell(rules, let_go=bool(lag) and not any(lag.values()))
