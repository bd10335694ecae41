"""What was said in recordings and calls, to learn wordings from: of the parts that are learnt from, as the log holds it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from failure_point.example import Example
from failure_point.point import FailurePoint
from failure_point.wording import NOISE, Spoken, transcripts_of
from resay.commands.failure_sets import FailureSet, Places, spoken_of
from resay.dialogue.turn import Hypothesis
from resay.lab.assistant import Assistant
from resay.lab.faults.calls import call_examples, call_wordings
from resay.lab.faults.recorded import recorded_examples, recorded_wordings
from resay.lab.faults.voices import families_of, noises_of
from resay.lab.linked.part import Part
from resay.lab.world import VOICE_HOME, read_world
from tests.made_calls import call, heard, record, write


def test_recordings_of_one_part_are_learnt_from_as_the_log_holds_them():
    """No voice or noise of the test part is among them, and transcripts and sources are those of the rows that are judged."""
    world = read_world(VOICE_HOME)
    families = {part: families_of(world, part) for part in Part}

    spoken = list(recorded_wordings(world, families[Part.CHOOSE], part=Part.CHOOSE))

    assert {each.source for each in spoken if each.wording} == {f"voice/{family}" for family in families[Part.CHOOSE]}
    assert {each.wording for each in spoken} <= {phrase.text for phrase in world.phrases.values()} | {NOISE}
    assert {each.point for each in spoken if each.wording == NOISE} == {FailurePoint.FALSE_WAKE}
    assert len([each for each in spoken if each.wording == NOISE]) == len(noises_of(world, Part.CHOOSE)) < len(world.false_wakes)
    assert all(each.source.startswith("noise/") for each in spoken if each.wording == NOISE)
    shown = _shown(
        recorded_examples(
            replace(world, recordings=world.recordings[:40]), Assistant(world.home), families[Part.CHOOSE], part=Part.CHOOSE, seed=7
        )
    )
    assert shown
    assert shown <= {(each.transcripts, each.source) for each in spoken}


def _shown(examples: object) -> set[tuple[tuple[str, ...], str]]:
    """What stands in the turns that are judged."""
    assert not isinstance(examples, Example), "many are asked for"
    return {(transcripts_of(turn), each.source_of(turn.turn_id)) for each in examples for turn in each.session.turns}  # type: ignore[attr-defined]


def test_calls_are_learnt_from_by_what_people_wrote_down():
    """All transcripts of the live recogniser beside the words; what has no known failure point is left out."""
    live, truth = heard("thai food", "inform(food=thai)")
    live = replace(live, hypotheses=(Hypothesis("tie food", -0.5), Hypothesis("thai foot", -0.9)))
    known = (live, replace(truth, transcript="Thai food", failure_point="asr"))
    unknown = (live, replace(truth, failure_point="no_content"))
    made = call(known, unknown)

    spoken = list(call_wordings([made]))

    assert spoken == [Spoken(("tie food", "thai foot"), "thai food", FailurePoint.ASR, "anna")]
    assert {source for each in call_examples([made]) for source in (each.source,)} == {"anna"}


def test_dev_calls_teach_no_wording(tmp_path: Path):
    """Dev calls score: what is learnt for the calls is of train calls alone."""
    train = [record(call(heard("thai food", "inform(food=thai)"), caller="anna"))]
    write(tmp_path, train=train, dev=[record(call(heard("dev words", "inform(food=thai)"), caller="someone"))])

    spoken = spoken_of(FailureSet.DSTC2, Places(calls=tmp_path))

    assert [(each.source, each.wording) for each in spoken] == [("anna", "thai food")]


def test_commands_teach_no_wording(tmp_path: Path):
    """Texts of SLURP that are scored are none of those that are learnt: no wording of it is known."""
    assert list(spoken_of(FailureSet.SLURP, Places(texts=tmp_path))) == []
