"""The warm-up: asked before customers ask, seen by nobody, and told until it is done."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from resay.dialogue.rewrite import RewriteAnswer, RewriteRequest
from resay.store.artifact import Shelf
from rewrite_online.deadline import BUDGET_S
from rewrite_online.misheard import misheard
from rewrite_online.rewriter import Rewriter
from rewrite_online.warm import questions, warm
from rewrite_online.watch import Watch
from serving.app import open_service
from serving.service import Service
from serving.warm_up import QUESTIONS, warm_up
from tests.serving.conftest import MADONNA, Serve, client_of, learnt, question, settings_of, wait_until


def opened(home: Path) -> Service:
    """The parts of a service, which know what is live."""
    service = open_service(settings_of(home))
    for each in (service.switched, service.trying, service.arms, service.watch):
        each.refresh()
    return service


def closed(service: Service) -> None:
    """Its threads ended."""
    for each in (service.line, service.beside, service.rewriter, service.computing, service.books):
        each.close()


def test_what_the_table_rewrites_and_what_is_nearly_its_words_are_asked(home: Path):
    """And both are asked of the generation before it is live."""
    service = opened(home)

    assert list(questions(service.watch.live())) == ["play madona", "ply maonna"]
    assert warm(service.watch.live(), enough=lambda: False) == 2
    assert misheard("turn on the light") == "tun on the liht"
    closed(service)


def test_nothing_of_the_warm_up_is_counted_or_written_down(home: Path):
    """Hundreds of questions, no answer."""
    service = opened(home)

    service.decisions.start()
    asked = asyncio.run(warm_up(service, clock=lambda: 0.0))
    service.decisions.close()

    assert asked == QUESTIONS
    assert service.warm.is_set()
    assert b"resay_rewrite_requests_total{" not in service.metrics.exposition()
    assert service.books.decisions(10) == []
    closed(service)


def test_what_is_cold_is_not_told_to_be_late(home: Path):
    """It is asked because it is slow at first, so that it gets far longer than a customer would wait, and nobody hears of it."""
    service = opened(home)
    hurried = Hurried(service.rewriter)

    asyncio.run(warm_up(replace(service, rewriter=hurried), clock=lambda: 0.0))

    assert len(hurried.budgets) == QUESTIONS
    assert max(hurried.budgets) > 10 * BUDGET_S
    closed(service)


class Hurried:
    """A rewriter that keeps how long it was given."""

    def __init__(self, rewriter: Rewriter) -> None:
        self._rewriter = rewriter
        self.budgets: list[float] = []

    def at_once(self, request: RewriteRequest, *, now: datetime, budget_s: float) -> RewriteAnswer | None:
        """Its answer."""
        self.budgets.append(budget_s)
        return self._rewriter.at_once(request, now=now, budget_s=budget_s)


def test_a_clock_that_runs_ends_it(home: Path):
    """The door does not stay shut on a slow machine."""
    service, clock = opened(home), iter(range(0, 10_000, 1))

    assert asyncio.run(warm_up(service, clock=lambda: float(next(clock)))) == 3
    assert service.warm.is_set()
    closed(service)


def test_a_service_whose_door_is_open_is_warm(home: Path, serve: Serve):
    """Where there is something to warm it is done before the first connection is taken."""
    running = serve(home)

    assert running.app.state.service.warm.is_set()


def test_until_it_is_warm_it_says_so_and_answers(tmp_path: Path, serve: Serve):
    """A generation that comes behind the open door is warmed there; meanwhile 503 with the reason."""
    running = serve(tmp_path)
    warmed = running.app.state.service.warm
    with client_of(running) as client:
        assert not warmed.is_set()
        learnt(tmp_path)
        wait_until(warmed.is_set)
        ready = client.get("/readyz")

        warmed.clear()
        cold, answer = client.get("/readyz"), client.post("/v1/rewrite", json=question()).json()

    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert (cold.status_code, cold.json()["generation"]) == (503, 1)
    assert "warming up" in cold.json()["reason"]
    assert answer["utterance"] == MADONNA.target


def test_every_generation_is_asked_before_it_is_live(home: Path):
    """Also one that is swapped in later, while the one before still answers."""
    shelf, told = Shelf(home / "rewrites"), list[tuple[int | None, int | None]]()
    watch = Watch(shelf, list, warmed=lambda live: told.append((live.generation, watch.live().generation)))
    watch.refresh()
    shelf.publish(shelf.write({name: shelf.open(1).read(name) for name in ("rewrites.jsonl", "proof.json")}).number)

    watch.refresh()
    watch.refresh()

    assert told == [(1, None), (2, 1)]
    assert watch.live().generation == 2
