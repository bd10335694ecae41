"""Forgetting, where words lean on circumstances: what fewer than the floor speak by then is not served any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from markov.facts import Facts
from markov.hearing import hear_all
from markov.proof import encode_proof
from markov.verify import Rules, sift
from resay.dialogue.leaning import CueLeaning
from resay.store.lake import Lake
from resay.store.leanings import LEANINGS_FILE, decode_leanings
from serving.customers.generations import shear
from serving.customers.held import Words
from tests.builders import BASE
from tests.markov.talk import Said, alone, fill, names, opening
from tests.rewrite_online.test_global_layer import LIGHT, RADIO
from tests.rewrite_online.test_leanings import generation, leaning

SAID = "turn on the light"
CARD = b'{"made_at": "2026-11-02T09:00:00Z"}'


@pytest.mark.parametrize(("left", "speakers", "cues"), [(10, 10, ["time:06-09"]), (9, 10, []), (10, 9, [])])
def test_a_cue_of_too_few_leaves_with_whoever_is_forgotten(tmp_path: Path, left: int, speakers: int, cues: list[str]):
    """Twelve said the words; by the one cue so many are left, by the other nobody. So many say what one of the ends is reached by."""
    early, others = names(left), names(12 - left, "other")
    said = [Said(each, 60, SAID, LIGHT, local_time="07:05") for each in early] + [Said(each, 60, SAID, LIGHT) for each in others]
    ends = [Said(each, 90, "play the radio", RADIO) for each in [*early, *others]]
    lake = fill(Lake(tmp_path / "lake"), opening([*early, *others]) + alone(*said, *ends[:speakers]))
    hear_all(lake)
    nobody = Facts({}, {}, frozenset(), None)
    _, proof = sift([], nobody, Rules(), now=BASE, clock=lambda: 0.0)
    shelf = generation(tmp_path / "rewrites", leaning(SAID, LIGHT), proof=encode_proof(proof), card=CARD)
    assert [each.cue for each in leaning(SAID, LIGHT).cues] == ["time:18-24", "time:06-09"]

    shear(shelf, lake, words=Words(), now=BASE)

    live = shelf.current()
    assert live is not None
    file = live.path / LEANINGS_FILE
    found: list[CueLeaning] = [cue for each in (decode_leanings(file.read_bytes()) if file.exists() else ()) for cue in each.cues]
    assert [each.cue for each in found] == cues
    assert all(each.customers == left for each in found)
