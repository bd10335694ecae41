"""Whatever is asked of the API, meant or mad: it is answered, and never by a fault of the service's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from serving.app import app_of, open_service
from serving.server import RunningService, bind, start
from tests.commands.answers import answer
from tests.commands.test_learn import ingest, talk
from tests.serving.conftest import KEY, settings_of, wait_until

PUBLISHED = json.loads((Path(__file__).parent.parent.parent / "docs/api/openapi.json").read_text())
SCHEMA = schemathesis.openapi.from_dict(PUBLISHED)
OPERATIONS = {f"{each.ok().method.upper()} {each.ok().path}": each.ok() for each in SCHEMA.get_all_operations()}

EXAMPLES = 8
"""Requests of each kind to each route: some forty seconds for all of them on a machine that does little else."""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service over a home that has learnt something, which these tests may ruin."""
    home = tmp_path_factory.mktemp("home")
    ingest(home, talk(12))
    answer(home, "learn")
    running = start(app_of(open_service(settings_of(home))), bind("127.0.0.1", 0))
    wait_until(lambda: running.app.state.service.watch.live().generation is not None)
    yield running
    running.stop()


KINDS = [
    (name, mode)
    for name, operation in OPERATIONS.items()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    # What takes nothing cannot be asked wrongly.
    if mode is GenerationMode.POSITIVE or operation.body or list(operation.iter_parameters())
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "mode"), KINDS, ids=[f"{name} {mode.value}" for name, mode in KINDS])
def test_no_request_is_answered_by_a_fault_of_ours(asked: RunningService, name: str, mode: GenerationMode):
    """No status of 500 and beyond: what cannot be read is refused with a sentence."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[name].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        reply = case.call(base_url=asked.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=300)

        assert reply.status_code < 500, (reply.status_code, reply.text[:500])

    ask()
