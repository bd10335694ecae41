"""The loop over a real broker and HTTP: the same product, whichever way it is reached."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from resay.commands.bench.loop_system import ProductSystem
from resay.commands.bench.loop_wire import wire_system
from resay.commands.settings import read_settings
from resay.dialogue.tick import silent
from resay.lab.assistant import Assistant
from resay.lab.cast import Casting
from resay.lab.loop import LoopPlan, Parts, run_loop
from tests.lab.loop_world import two_families

PLAN = LoopPlan(Casting(seed=3, customers=50, days=13, treatment_share=0.5), learning_days=12, learn_every_days=9)


@pytest.mark.kafka
@pytest.mark.slow
def test_over_the_wire_the_same_is_learnt_and_served(broker: str, tmp_path: Path):
    """Same rewrites, same wins, same measures as in process: both go through the same code."""
    world = two_families(tmp_path / "world")
    assistant = Assistant(world.home)

    with closing(ProductSystem(read_settings({}, home=tmp_path / "here"), k=3)) as here:
        expected = run_loop(world, PLAN, Parts(here, assistant, lambda: 0.0), tick=silent)
        rewrites = here.rewrites()
    with wire_system(f"kafka://{broker}", tmp_path / "there", k=3) as there:
        outcome = run_loop(world, PLAN, Parts(there, assistant, lambda: 0.0), tick=silent)

        assert rewrites
        assert there.rewrites() == rewrites
        assert outcome == expected
        assert outcome.ours.total().wins > 0
