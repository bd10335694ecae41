"""The personal layer: what a customer found out themselves helps them, and nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.dialogue.history import Tried, Way
from resay.dialogue.rewrite import Layer, Reason, RewriteAnswer
from resay.dialogue.turn import Context, Hypothesis
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.own import FAILURES_MAX, Own
from rewrite_online.personal_layer import OwnBeside, PersonalLayer, Room
from rewrite_online.rewriter import Live, Rewriter
from rewrite_online.table_layer import TableLayer
from tests.builders import BASE, asked, rewrite

TODAY = BASE.date()


def tried(said: str, target: str | None = None, *, way: Way | None = None, times: int = 2, **others: Any) -> Tried:
    """So many tries, all successful unless `successes` says otherwise; a target makes it a rephrase."""
    known: dict[str, Any] = {"prompt_kind": "", "room": "", "state": "music|play|", "last_day": TODAY, "turn_id": "t9", "successes": times}
    how = way or (Way.SAID if target is None else Way.REPHRASED)
    return Tried(said=said, target=target or said, wording=target or said, way=how, times=times, **(known | others))


def layer_of(histories: dict[str, Sequence[Tried]], **others: Any) -> PersonalLayer:
    """The layer over these histories; the books never change."""
    layer = PersonalLayer(lambda customer, _since: histories.get(customer, ()), lambda: 1, **others)
    layer.refresh()
    return layer


def answer(histories: dict[str, Sequence[Tried]], utterance: str, *layers: Any, **others: Any) -> RewriteAnswer:
    """What a rewriter with these histories, and these further layers, answers."""
    personal = layer_of(histories)
    live = Live(generation=7, layers=(personal, *layers), failed_before=personal.failed_before)
    rewriter = Rewriter(lambda: live, hold_out=NO_HOLD_OUT, clock=lambda: 0.0)
    said = rewriter.rewrite(asked(utterance, **others), now=BASE, budget_s=60)
    rewriter.close()
    return said


LIGHTS = [tried("lights on the den", times=2, successes=0), tried("lights on the den", "turn on the den lights")]


def test_what_was_rephrased_twice_with_success_is_said_at_once():
    """The customer need not say it a third time."""
    rewritten = answer({"c1": LIGHTS}, "Lights on the den!")

    assert (rewritten.reason, rewritten.layer, rewritten.utterance) == (Reason.REWRITTEN, Layer.PERSONAL, "turn on the den lights")
    assert rewritten.generation == 7


def test_once_is_not_enough():
    """After one second try nothing is said for anybody: in six of seven cases it was right, and that is too few."""
    once = [tried("lights on the den", times=1, successes=0), tried("lights on the den", "turn on the den lights", times=1)]

    assert answer({"c1": once}, "lights on the den").reason is Reason.NO_CANDIDATE


def test_words_that_meant_two_things_are_left_alone():
    """Two of three is not sure enough; three of four is."""
    fans = [tried("the usual", "turn on the fan", times=1)]

    torn = answer({"c1": [*fans, tried("the usual", "turn on the lamp", times=2)]}, "the usual")
    surer = answer({"c1": [*fans, tried("the usual", "turn on the lamp", times=3)]}, "the usual")

    assert (torn.reason, surer.utterance) == (Reason.NO_CANDIDATE, "turn on the lamp")


def test_own_words_that_work_are_left_alone():
    """What succeeds for this customer is not rewritten for them, whatever the table says."""
    table = TableLayer([rewrite("play madona", "play madonna")])

    theirs = answer({"c1": [tried("play madona")]}, "play madona", table)
    others = answer({"c2": [tried("play madona")]}, "play madona", table)

    assert (theirs.reason, theirs.layer, theirs.utterance) == (Reason.TARGET_OFFERED, Layer.PERSONAL, "play madona")
    assert (others.reason, others.layer) == (Reason.REWRITTEN, Layer.TABLE)


def test_a_customers_own_meaning_wins_over_everybodys():
    """The same words mean different things to different customers: the personal rewrite comes before the table's."""
    table = TableLayer([rewrite("the usual", "turn on the lamp")])
    own = {"c1": [tried("the usual", times=2, successes=0), tried("the usual", "turn on the fan")]}

    assert answer(own, "the usual", table).utterance == "turn on the fan"
    assert answer(own, "the usual", table, customer_id="c2").utterance == "turn on the lamp"


def test_a_thin_history_does_not_keep_the_table_out():
    """Where a customer's own evidence does not suffice, everybody's has its say."""
    table = TableLayer([rewrite("the usual", "turn on the lamp")])

    rewritten = answer({"c1": [tried("the usual", "turn on the fan", times=1)]}, "the usual", table)

    assert (rewritten.layer, rewritten.utterance) == (Layer.TABLE, "turn on the lamp")


@pytest.mark.parametrize("target", ["unlock the front door", "turn everything off", "buy it again"])
def test_what_is_risky_is_not_said_on_one_customers_word(target: str):
    """Doors, payments, the whole house: the gate asks for more than one customer."""
    state = "home|HassTurnOff|" if "everything" in target else "home|Do|"

    assert answer({"c1": [tried("as always", target, times=9, state=state)]}, "as always").reason is Reason.HIGH_RISK


def test_what_is_heard_nearly_as_own_words_becomes_these():
    """A wording that the customer often says with success stands in for what sounds like it."""
    own = [tried("turn on the coffee maker", times=5), tried("what is the weather", times=5)]

    rewritten = answer({"c1": own}, "turn on the coffee make her")

    assert (rewritten.layer, rewritten.utterance) == (Layer.PERSONAL, "turn on the coffee maker")


@pytest.mark.parametrize(
    ("heard", "own"),
    [
        ("bedroom lights off", ["bedroom lights on", "kitchen fan off"]),
        ("what is the date", ["what is the time", "date of today"]),
        ("turn on the bedroom fan", ["turn on the bedroom lights", "kitchen fan off"]),
        ("close the bedroom curtains", ["open the bedroom curtains"]),
        ("put eggs on my list", ["put diapers on my list"]),
    ],
)
def test_another_wish_in_nearly_the_same_words_is_left_alone(heard: str, own: list[str]):
    """A word that the customer uses with success was said on purpose: lights on is not lights off (traps against personal zeal)."""
    assert answer({"c1": [tried(text, times=9) for text in own]}, heard).reason is Reason.NO_CANDIDATE


def test_a_word_that_many_say_with_success_is_not_taken_for_another():
    """Nineteen is not ninety for whoever has only ever said ninety, once others are known to say nineteen."""
    personal = layer_of({"c1": [tried("set the thermostat to ninety", times=9)]})
    question = asked("set the thermostat to nineteen")

    alone, beside = (OwnBeside(personal, known).candidates(question) for known in ((), ("nineteen", "thermostat")))

    assert [each.target for each in alone] == ["set the thermostat to ninety"]
    assert beside == ()


def test_words_hold_in_the_room_where_they_were_said():
    """A lamp of one room is not that of another."""
    own = {"c1": [tried("lamp on please", "turn on the reading lamp", room="den")]}

    den, hall = (answer(own, "lamp on please", context=Context(room=room)) for room in ("den", "hall"))

    assert (den.reason, hall.reason) == (Reason.REWRITTEN, Reason.NO_CANDIDATE)


def test_words_hold_after_the_question_that_they_answered():
    """A short answer means nothing without its question."""
    own = {"c1": [tried("the second", "sonoma", prompt_kind="city")]}

    assert answer(own, "the second", prompt_kind="city").reason is Reason.REWRITTEN
    assert answer(own, "the second").reason is Reason.NO_CANDIDATE


@pytest.mark.parametrize("successes", [0, 1])
def test_a_rewrite_that_failed_a_customer_twice_is_not_applied_to_them(successes: int):
    """Unless it ever did well for them; others go on to be served it."""
    table = TableLayer([rewrite("play madona", "play madonna")])
    own = {"c1": [tried("play madona", "play madonna", way=Way.REWRITTEN, times=FAILURES_MAX + successes, successes=successes)]}

    theirs, others = (answer(own, "play madona", table, customer_id=customer) for customer in ("c1", "c2"))

    assert theirs.reason is (Reason.REWRITTEN if successes else Reason.FAILED_BEFORE)
    assert others.reason is Reason.REWRITTEN


def test_one_failure_of_a_rewrite_may_be_anothers_fault():
    """After one it is served still."""
    table = TableLayer([rewrite("play madona", "play madonna")])
    own = {"c1": [tried("play madona", "play madonna", way=Way.REWRITTEN, times=1, successes=0)]}

    assert answer(own, "play madona", table).reason is Reason.REWRITTEN


def test_commands_and_control_characters_are_never_said():
    """Whatever stands in the books."""
    own = {"c1": [tried("as always", "/reset{}"), tried("like then", "turn\x07 on")]}

    assert [answer(own, text).reason for text in ("as always", "like then")] == [Reason.NO_CANDIDATE] * 2


@pytest.mark.parametrize("utterance", ["", "word " * 10_000, "\x00\x1b[31m", "проиграй мадонну", "\ud800", "？！"])
def test_bad_input_passes_through(utterance: str):
    """Empty, very long, control characters, other scripts: the words go on as they came."""
    said = answer({"c1": [tried("play madonna", times=9)]}, utterance)

    assert (said.utterance, said.reason) == (
        utterance,
        Reason.EMPTY_UTTERANCE if utterance in {"", "\ud800", "？！"} else Reason.NO_CANDIDATE,
    )


TEXTS = st.sampled_from(["a b c", "a b d", "b c", "lights on", "light on", "lights of", "play it"])
TRIES = st.builds(
    lambda said, target, way, times, successes: tried(
        said, said if way is Way.SAID else target, way=way, times=times, successes=min(times, successes)
    ),
    TEXTS,
    TEXTS,
    st.sampled_from(Way),
    st.integers(1, 4),
    st.integers(0, 4),
)


@given(histories=st.dictionaries(st.sampled_from(["c1", "c2", "c3"]), st.lists(TRIES, max_size=6)), asking=st.data())
def test_what_one_customer_said_never_reaches_another(histories: dict[str, list[Tried]], asking: st.DataObject):
    """Whatever anybody's history holds, whoever asks is answered from their own alone, in whatever order they ask."""
    layer = layer_of(histories)
    for customer in asking.draw(st.permutations(["c1", "c2", "c3", "c4"])):
        utterance = asking.draw(TEXTS)
        own = histories.get(customer, [])

        found = layer.candidates(asked(utterance, customer_id=customer))

        assert {each.target for each in found} <= {each.wording for each in own} | {utterance}
        assert found == Own(own).candidates(asked(utterance).heard)
        assert {each.evidence for each in found} <= {("t9",), ("",)}


@given(history=st.lists(TRIES, max_size=8), utterance=TEXTS)
def test_rewriting_a_rewrite_changes_nothing(history: list[Tried], utterance: str):
    """One hop: what was put in place of something is left alone."""
    once = answer({"c1": history}, utterance)
    twice = answer({"c1": history}, once.utterance)

    assert twice.utterance == once.utterance


def test_a_history_is_read_once_and_kept():
    """The second turn is answered from memory."""
    reads: list[str] = []
    layer = PersonalLayer(lambda customer, _since: reads.append(customer) or LIGHTS, lambda: 1)  # type: ignore[func-returns-value]
    layer.refresh()
    request = asked("lights on the den")

    before, after = layer.at_once(request), [layer.candidates(request) for _ in range(3)] and layer.at_once(request)

    assert (before, after, reads) == (False, True, ["c1"])


def test_a_change_of_the_books_is_seen():
    """What was forgotten there is not said here: every history is read again."""
    histories, editions = {"c1": LIGHTS}, iter([1, 1, 2])
    layer = PersonalLayer(lambda customer, _since: histories.get(customer, []), lambda: next(editions))
    request = asked("lights on the den")
    layer.refresh()
    told = layer.candidates(request)
    del histories["c1"]

    layer.refresh()
    unchanged = layer.candidates(request)
    layer.refresh()
    changed = layer.candidates(request)

    assert (bool(told), bool(unchanged), bool(changed)) == (True, True, False)


def test_whoever_was_told_not_to_wait_does_not():
    """A history that goes between the promise and the question is not read again by those who may not wait."""
    reads, editions = [], iter([1, 2])
    layer = PersonalLayer(lambda customer, _since: reads.append(customer) or LIGHTS, lambda: next(editions))  # type: ignore[func-returns-value]
    layer.refresh()
    request = asked("lights on the den")
    layer.candidates(request)

    promised = layer.at_once(request)
    layer.refresh()
    found = layer.candidates(request)

    assert (promised, [each.target for each in found], reads) == (True, ["turn on the den lights"], ["c1"])
    assert not layer.at_once(request)


def test_a_promise_to_one_customer_is_no_answer_to_another():
    """Whatever was promised on this thread before, each is answered from their own history."""
    layer = layer_of({"c1": LIGHTS, "c2": []})
    layer.candidates(asked("lights on the den"))
    layer.at_once(asked("lights on the den"))

    assert layer.candidates(asked("lights on the den", customer_id="c2")) == ()


def test_who_asked_lately_stays():
    """Where there is room for few, those who talk stay."""
    layer = layer_of({f"c{number}": [tried("play it")] for number in range(4)}, room=Room(customers=2))
    for customer in ("c0", "c1", "c0", "c2"):
        request = asked("play it", customer_id=customer)
        layer.at_once(request)
        layer.candidates(request)

    assert [layer.at_once(asked("play it", customer_id=each)) for each in ("c0", "c1", "c2")] == [True, False, True]


def test_what_was_read_before_a_change_is_not_kept():
    """A history that was under way when the books changed is used once and forgotten."""
    editions = iter([1, 2])

    def read(_customer: str, _since: date) -> Sequence[Tried]:
        layer.refresh()
        return LIGHTS

    layer = PersonalLayer(read, lambda: next(editions, 2))
    layer.refresh()

    layer.candidates(asked("lights on the den"))

    assert layer.kept == (0, 0)


def test_a_history_grows_old():
    """Where nobody says whether anything has changed, it is not believed for long."""
    now = [0.0]
    layer = layer_of({"c1": LIGHTS}, room=Room(seconds=60.0), clock=lambda: now[0])
    layer.candidates(asked("lights on the den"))

    now[0] = 61.0

    assert not layer.at_once(asked("lights on the den"))


def test_only_recent_tries_are_asked_for():
    """The books are asked for half a year."""
    asked_for: list[date] = []
    layer = PersonalLayer(lambda _customer, since: asked_for.append(since) or [], lambda: 1)  # type: ignore[func-returns-value]

    layer.candidates(asked("lights on the den"))

    assert asked_for == [TODAY - timedelta(days=182)]


@pytest.mark.parametrize("room", [Room(customers=3), Room(bytes=3 * 1_000)])
def test_memory_is_bounded(room: Room):
    """By customers and by bytes; who asked longest ago goes first."""
    histories = {f"c{number}": [tried("play it")] for number in range(50)}
    layer = layer_of(histories, room=room)

    for customer in histories:
        layer.candidates(asked("play it", customer_id=customer))

    customers, size = layer.kept
    assert customers <= 3
    assert size <= 3 * 2_000
    assert [layer.at_once(asked("play it", customer_id=each)) for each in ("c0", "c49")] == [False, True]


def test_a_store_that_breaks_leaves_the_table_its_say():
    """The part is skipped and counted; nobody gets an error."""
    faults: list[str] = []

    def breaks(_customer: str, _since: date) -> Sequence[Tried]:
        raise OSError("gone")

    personal = PersonalLayer(breaks, lambda: 1)
    live = Live(generation=7, layers=(personal, TableLayer([rewrite("play madona", "play madonna")])), failed_before=personal.failed_before)
    rewriter = Rewriter(lambda: live, hold_out=NO_HOLD_OUT, clock=lambda: 0.0, on_fault=lambda part, _error: faults.append(part))

    found, unknown = (rewriter.rewrite(asked(text), now=BASE, budget_s=60) for text in ("play madona", "play prince"))

    assert (found.layer, unknown.reason) == (Layer.TABLE, Reason.BROKEN)
    assert faults == ["personal"] * 2
    rewriter.close()


def test_hypotheses_do_not_matter_to_what_was_learnt():
    """What was heard first is what the customer's history is asked for."""
    first = answer({"c1": LIGHTS}, "lights on the den", hypotheses=(Hypothesis("lights in the den", 0.5),))

    assert first.reason is Reason.REWRITTEN
