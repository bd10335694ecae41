"""Leanings: learnt where words mean something else by circumstances, and nowhere else; served so that nothing else changes."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from resay.dialogue.leaning import AS_SAID, NOT_KNOWN, CueLeaning, Leaning, told_by
from resay.dialogue.rewrite import Layer, Reason, RewriteAnswer
from resay.dialogue.turn import Context
from resay.store.artifact import BrokenArtifact, Shelf
from resay.store.leanings import LEANINGS_FILE, decode_leanings, encode_leanings
from resay.store.wordings import WORDINGS_PROOF_FILE
from rewrite_online.fit_leanings import fit_leanings
from rewrite_online.global_certificate import global_layer
from rewrite_online.global_layer import GlobalLayer
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.leanings import Leanings
from rewrite_online.personal_layer import OwnBeside
from rewrite_online.recall import recall_beside
from rewrite_online.rewriter import Live, Rewriter
from rewrite_online.table_layer import TableLayer
from tests.builders import BASE, asked, rewrite
from tests.rewrite_online.test_global_layer import WORDINGS, FixedWeigher, files, meaning, wording
from tests.rewrite_online.test_meaning import LIGHT, RADIO
from tests.rewrite_online.test_personal_layer import layer_of, tried

USUAL = "do the usual thing"
EVENING, MORNING = Context(local_time="20:15"), Context(local_time="07:15")


@dataclass(frozen=True)
class Turn:
    """A turn as it is learnt from."""

    customer: int
    cues: frozenset[str]
    ends: Mapping[str, float]


def turns(ends: Mapping[str, str], *, customers: int = 20, each: int = 3) -> list[Turn]:
    """Every customer says it so often by each cue, and comes to one end by it."""
    return [
        Turn(who, frozenset({cue, "room:kitchen"}), {end: 1.0})
        for cue, end in ends.items()
        for who in range(customers)
        for _ in range(each)
    ]


def fitted(said: Sequence[Turn], state: str = "") -> Leaning | None:
    found = fit_leanings({(USUAL, ""): said}, {(USUAL, ""): state}, customers_min=10)
    return found[0] if found else None


def leaning(text: str = USUAL, state: str = "") -> Leaning:
    """In the morning the light, in the evening the radio; as said nothing, or what the words are taken for."""
    other = RADIO if state == LIGHT else LIGHT
    ends = (AS_SAID, RADIO, NOT_KNOWN) if state == LIGHT else (LIGHT, RADIO, NOT_KNOWN)
    assert other
    cues = (CueLeaning("time:18-24", 30, 90.0, (-3.0, 3.0, 0.0)), CueLeaning("time:06-09", 30, 90.0, (3.0, -3.0, 0.0)))
    return Leaning(text, "", state, ends, (0.45, 0.45, 0.1), cues)


def served(
    *leanings: Leaning, context: Context | None, utterance: str = USUAL, table: TableLayer | None = None, known: bool = True
) -> RewriteAnswer:
    """What is answered beside so many leanings; the ranker knows nothing."""
    states = {each.text: each.state for each in leanings} or {USUAL: ""}
    said = [wording(text, state, success=0.9 if state else 0.05) for text, state in states.items() if known]
    wordings = [*WORDINGS, *said]
    held = Leanings(leanings)
    recall = recall_beside(wordings, table.rewrites if table else (), leanings=held)
    beyond = GlobalLayer(recall, meaning=meaning(), weigher=FixedWeigher({}, 0.1), leanings=held)
    live = Live(
        generation=1,
        layers=(table, beyond) if table else (beyond,),
        out_of_place=lambda request, each: beyond.out_of_place(request.heard, each),
    )
    return Rewriter(lambda: live, hold_out=NO_HOLD_OUT).rewrite(asked(utterance, context=context), now=BASE, budget_s=60)


def test_what_words_lean_on_is_found():
    """The hour tells what was meant; the room, which is always the same, tells nothing."""
    found = fitted(turns({"time:06-12": LIGHT, "time:18-24": RADIO}))

    assert found is not None
    assert [each.cue for each in found.cues] == ["time:06-12", "time:18-24"]
    morning, evening = told_by(found, {"time:06-12"}), told_by(found, {"time:18-24", "room:kitchen"})
    assert morning is not None
    assert evening is not None
    assert (morning.states[LIGHT], evening.states[RADIO]) == (pytest.approx(0.95, abs=0.05), pytest.approx(0.95, abs=0.05))
    assert morning.states_anywhere[LIGHT] == pytest.approx(0.5, abs=0.03)


def understood(noticed: float) -> list[Turn]:
    """By day all goes well; by night all mean something else, so many say it again, and of the others nobody knows."""
    by_night = [Turn(number % 20, frozenset({"time:18-24"}), {RADIO if number < noticed * 100 else AS_SAID: 1.0}) for number in range(100)]
    return [*by_night, *turns({"time:06-12": AS_SAID}, each=5)]


def chance_by_night(said: Sequence[Turn], *others: Sequence[Turn]) -> float:
    found = fit_leanings(
        {(str(number), ""): each for number, each in enumerate((said, *others))}, defaultdict(lambda: LIGHT), customers_min=10
    )
    told = told_by(found[0], {"time:18-24"})
    assert told is not None
    return told.states[RADIO]


def test_who_says_nothing_when_misunderstood_is_reckoned_in():
    """Where two in five say it again, twice as many meant it; by day nothing changes."""
    assert chance_by_night(understood(0.4)) == pytest.approx(0.8, abs=0.05)
    found = fitted(understood(0.4), LIGHT)
    assert found is not None
    by_day = told_by(found, {"time:06-12"})
    assert by_day is not None
    assert by_day.states[RADIO] < 0.15


def test_no_more_is_reckoned_in_than_other_words_leave_room_for():
    """Where nine of ten say it again after other words, hardly anybody was left who said nothing."""
    assert chance_by_night(understood(0.4), understood(0.9)) == pytest.approx(0.45, abs=0.05)


def test_words_that_end_alike_everywhere_lean_on_nothing():
    """Both ends come as often by either cue."""
    both = [*turns({"time:06-12": LIGHT, "time:18-24": LIGHT}), *turns({"time:06-12": RADIO, "time:18-24": RADIO})]

    assert fitted(both) is None


def test_a_cue_of_fewer_customers_than_the_floor_is_not_named():
    """Nine tell of nobody, nor does an end to which nine came."""
    many = turns({"time:06-12": LIGHT, "time:18-24": RADIO})
    rare = [
        replace(each, cues=each.cues | {"states:secret.lamp=on"}) if each.customer < 9 and LIGHT in each.ends else each for each in many
    ]

    found = fitted(rare)

    assert found is not None
    assert all("secret" not in each.cue for each in found.cues)
    assert fitted(turns({"time:06-12": LIGHT, "time:18-24": RADIO}, customers=9)) is None


def test_one_customer_of_strong_habits_is_one_customer():
    """A thousand turns of theirs weigh as five."""
    alone = [Turn(0, frozenset({"time:06-12"}), {RADIO: 1.0})] * 1_000
    found = fitted([*alone, *turns({"time:06-12": LIGHT, "time:18-24": RADIO})])

    assert found is not None
    told = told_by(found, {"time:06-12"})
    assert told is not None
    assert told.states[LIGHT] > 0.8


def test_whoever_was_not_heard_again_wanted_what_others_wanted():
    """Failures without an end are spread over the ends of failures."""
    told = told_by(Leaning(USUAL, "", "", (LIGHT, RADIO, NOT_KNOWN), (0.4, 0.1, 0.5), leaning().cues), {"room:nowhere", "time:06-09"})

    assert told is not None
    assert sum(told.states_anywhere.values()) == pytest.approx(1.0)
    assert told.states_anywhere[LIGHT] == pytest.approx(0.8)


@pytest.mark.parametrize(("context", "said"), [(MORNING, "turn on the light"), (EVENING, "play the radio")])
def test_the_same_words_are_rewritten_by_the_hour(context: Context, said: str):
    """To what is wanted then."""
    answer = served(leaning(), context=context)

    assert (answer.utterance, answer.layer, answer.reason) == (said, Layer.GLOBAL, Reason.REWRITTEN)


@pytest.mark.parametrize("context", [None, Context(), Context(room="kitchen"), Context(local_time="13:00")])
def test_without_circumstances_nothing_changes(context: Context | None):
    """Nor where none of them bears on the words: as if nothing had been learnt."""
    with_it, without_it = served(leaning(), context=context), served(context=context)

    assert (with_it.utterance, with_it.reason, with_it.score) == (without_it.utterance, without_it.reason, without_it.score)


def test_words_that_are_understood_are_rewritten_only_where_something_else_is_wanted():
    """They fare well over all, and are left alone in the morning."""
    lamp = leaning("the light please", LIGHT)

    assert served(lamp, context=EVENING, utterance="the light please").utterance == "play the radio"
    assert served(lamp, context=MORNING, utterance="the light please").utterance == "the light please"
    assert served(lamp, context=None, utterance="the light please").utterance == "the light please"


def test_other_words_for_what_the_very_words_reach_are_not_offered():
    """They would change nothing, and stand before what is wanted."""
    lamp = leaning("the light please", LIGHT)
    held = Leanings([lamp])
    wordings = [*WORDINGS, wording("the light please", success=0.9)]
    beyond = GlobalLayer(
        recall_beside(wordings, (), leanings=held), meaning=meaning(), weigher=FixedWeigher({"turn on the light": 0.99}), leanings=held
    )

    considered = beyond.consider(asked("the light please", context=EVENING))

    assert [each.candidate.wording.state for each in considered] == [RADIO]


def test_a_rewrite_of_the_table_is_not_said_where_something_else_is_wanted():
    """What the table holds for the morning is not served in the evening; another layer knows better."""
    table = TableLayer([rewrite(USUAL, "turn on the light", state=LIGHT)])

    assert served(leaning(), context=MORNING, table=table).layer is Layer.TABLE
    assert (evening := served(leaning(), context=EVENING, table=table)).layer is Layer.GLOBAL
    assert evening.utterance == "play the radio"
    assert served(leaning(), context=None, table=table).layer is Layer.TABLE


def test_rewriting_a_rewrite_changes_nothing():
    """What leans is never said for others: it might be rewritten again where they are."""
    lamp = leaning("turn on the light", LIGHT)
    recall = recall_beside([*WORDINGS], (), leanings=Leanings([lamp]))

    assert recall.is_target(asked("light on please").heard)
    assert not recall.is_target(asked("turn on the light").heard)


def test_a_customers_good_words_are_not_left_alone_where_something_else_is_wanted():
    """What they say with success by day they need not mean at night; whatever their own meaning is, the crowd does not refute it."""
    lamp, held = "the light please", Leanings([leaning("the light please", LIGHT)])
    history = {"c1": [tried(lamp, times=9, state=LIGHT)], "c2": [tried(lamp, times=9, state="music|volume|")]}
    own = OwnBeside(layer_of(history), (), turned=held.out_of_place)

    def left_alone(who: str, context: Context | None) -> bool:
        return [each.target for each in own.candidates(asked(lamp, customer_id=who, context=context))] == [lamp]

    assert left_alone("c1", MORNING)
    assert left_alone("c1", None)
    assert not left_alone("c1", EVENING)
    assert left_alone("c2", EVENING)


def test_what_is_said_for_a_customer_in_place_of_something_is_not_rewritten_again():
    """Rewriting their rewrite would be a second hop, whatever is wanted here."""
    lamp = "the light please"
    history = [tried("lamp lamp lamp", times=2, successes=0), tried("lamp lamp lamp", lamp), tried(lamp, times=9, state=LIGHT)]
    own = OwnBeside(layer_of({"c1": history}), (), turned=Leanings([leaning(lamp, LIGHT)]).out_of_place)

    assert [each.target for each in own.candidates(asked(lamp, context=EVENING))] == [lamp]


def test_leanings_come_back_as_they_were_written():
    """And a row that lacks a number is refused."""
    assert decode_leanings(encode_leanings([leaning()])) == [leaning()]
    with pytest.raises(BrokenArtifact, match="finite number for each of its ends"):
        decode_leanings(encode_leanings([replace(leaning(), chances=(1.0,))]))


def generation(folder: Path, *leanings: Leaning, **others: bytes) -> Shelf:
    """A shelf with a generation that has them; `others` are files by name, without what stands behind the point."""
    content = files() | {f"{name}.json": each for name, each in others.items()} | {LEANINGS_FILE: encode_leanings(leanings)}
    proof = json.loads(content[WORDINGS_PROOF_FILE])
    proof["sha256"][LEANINGS_FILE] = hashlib.sha256(content[LEANINGS_FILE]).hexdigest()
    shelf = Shelf(folder)
    shelf.publish(shelf.write(content | {WORDINGS_PROOF_FILE: json.dumps(proof).encode()}).number)
    return shelf


def test_a_generation_with_leanings_is_served(tmp_path: Path):
    """Of a wording that it has."""
    live = generation(tmp_path, leaning("turn on the light", LIGHT)).current()

    assert live is not None
    found = global_layer(live, ())
    assert found is not None
    assert found.out_of_place(asked("turn on the light", context=EVENING).heard, rewrite("turn on the light", "x", state=LIGHT))


@pytest.mark.parametrize(
    "broken",
    [leaning("words that nobody said"), replace(leaning("turn on the light"), cues=(CueLeaning("time:06-09", 9, 20.0, (1.0, 0.0, 0.0)),))],
)
def test_leanings_of_other_words_or_of_too_few_are_refused(tmp_path: Path, broken: Leaning):
    """Whoever wrote the proof."""
    live = generation(tmp_path, broken).current()

    assert live is not None
    with pytest.raises(BrokenArtifact, match="must be of its wordings"):
        global_layer(live, ())
