"""The warm-up: what the first customers would wait for is done before the door opens, and before a new generation is live.

A cold process answers its first hundred questions late, as each runs code and reads pages for the first time. Nothing of this is logged,
counted or served.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from itertools import cycle, islice

from rewrite_online.rewriter import Live
from rewrite_online.warm import ASKED_BY, questions, warm
from serving.rewrite_api import answered_unseen
from serving.service import Service
from serving.wire import DEADLINE_MS_MAX

log = logging.getLogger(__name__)

GENERATION_S = 0.5
"""How long a new generation is asked before it is live, as a veto waits meanwhile: forty questions of each kind take a core as long."""

QUESTIONS = 200
"""Questions from body to answer before the door opens: some tenths of a second, in which code and memory are walked through."""

QUESTIONS_S = 3.0
"""How long that may take; what is cold then is warmed by customers."""

LOOK_S = 0.05
"""How often one looks whether there is a generation."""

ASKERS = 20
"""Under how many names: each reads a history that is empty, which is kept for a while."""


def warm_generation(live: Live, *, clock: Callable[[], float] = time.perf_counter) -> None:
    """Ask what is about to be live, for a while."""
    due = clock() + GENERATION_S
    asked = warm(live, enough=lambda: clock() > due)
    log.info("generation_warmed generation=%s asked=%d", live.generation, asked)


async def warm_up(service: Service, *, clock: Callable[[], float] = time.perf_counter) -> int:
    """Ask before the first customer does, on the event loop that will answer them, and say how often.

    What breaks here breaks again where it matters; done or given up, the service is warm then.
    """
    due, asked = clock() + QUESTIONS_S, 0
    try:
        texts = list(questions(service.trying.live()))
        for number, text in enumerate(islice(cycle(texts), QUESTIONS)):
            if clock() > due:
                break
            with service.metrics.hushed():
                await answered_unseen(service, _body(text, number))
            asked += 1
    except Exception:  # A door that stays shut is worse than a late answer.
        log.warning("warming_up_failed", exc_info=True)
    finally:
        service.warm.set()
    log.info("warmed_up asked=%d", asked)
    return asked


async def warm_up_later(service: Service) -> None:
    """The same once there is a generation to ask."""
    while not service.watch.live().ready:
        await asyncio.sleep(LOOK_S)
    await warm_up(service)


def _body(text: str, number: int) -> bytes:
    who = f"{ASKED_BY}-{number % ASKERS}"
    question = {"mode": "before", "turn_id": who, "customer_id": who, "at": int(time.time() * 1000), "utterance": text}
    # What is cold is late, which is why it is asked: that is no news of a part, and is told once only where customers wait.
    return json.dumps(question | {"deadline_ms": DEADLINE_MS_MAX}).encode()
