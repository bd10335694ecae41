"""The replay scorer: EVALUATION's words for outcomes, and what may be known when."""

import pytest

from resay.dialogue.rewrite import BeforeRequest, RetryRequest
from resay.label.corpora.dstc2 import read_calls
from resay.label.corpora.dstc2_turn import acts_of
from rewrite_online.evaluate import PASS_THROUGH, Answer, Meanings, Mode, Outcome, in_order, replay
from tests.made_calls import call, heard, record, write

KNOWN = [
    call(
        heard("thai food", "inform(food=thai)"),
        heard("south", "inform(area=south)"),
        heard("bye", "bye()"),
        caller="before",
        minute=-100,
    ).live
]


def _only(*turns, answer, earlier=KNOWN, mode=Mode.BEFORE):
    """The result of the last of these turns, where every turn is answered so."""
    return list(replay([call(*turns)], earlier, mode=mode, rewriting=lambda _request: answer))[-1]


@pytest.mark.parametrize(
    ("read", "truth", "target", "outcome"),
    [
        (["inform(food=tie)"], ["inform(food=thai)"], "thai food", Outcome.WIN),
        ([], ["inform(food=thai)"], "thai food", Outcome.WIN),
        (["inform(food=thai)"], ["inform(food=thai)"], "south", Outcome.LOSS),
        (["inform(food=thai)"], ["inform(food=thai)"], "thai food", Outcome.NEUTRAL),
        (["inform(food=tie)"], ["inform(food=thai)"], "south", Outcome.NEUTRAL),
        ([], ["inform(food=thai)"], "south", Outcome.LOSS),
        (["bye()"], ["bye()"], "south", Outcome.LOSS),
        (["bye()"], ["thankyou()"], "bye", Outcome.NEUTRAL),
        (["inform(food=thai)"], ["inform(food=thai)"], "never heard", Outcome.LOSS),
        (["inform(food=tie)"], ["inform(food=thai)"], "never heard", Outcome.NEUTRAL),
        ([], ["inform(food=thai)"], "never heard", Outcome.NEUTRAL),
        ([], [], "never heard", Outcome.LOSS),
    ],
)
def test_an_answer_is_a_win_a_loss_or_neither(read: list[str], truth: list[str], target: str, outcome: Outcome):
    """Every case of EVALUATION's words, one by one."""
    result = _only(heard("tie foot", *read, truth=truth), answer=Answer(target=target))

    assert result.outcome is outcome


def test_passing_through_touches_nothing():
    """A defect stays a defect, a right turn right, and neither is a trigger."""
    result = _only(heard("tie foot", "inform(food=tie)", truth=["inform(food=thai)"]), answer=PASS_THROUGH)

    assert (result.outcome, result.was_right, result.is_right) == (Outcome.UNTOUCHED, False, False)


def test_saying_the_very_same_words_is_passing_through():
    """No gain comes from giving a text the meaning that it has elsewhere."""
    result = _only(heard("Thai food.", "inform(food=tie)", truth=["inform(food=thai)"]), answer=Answer(target="thai food"))

    assert not result.is_triggered
    assert not result.is_right


def test_choosing_the_reading_that_was_acted_on_is_passing_through():
    """Acts that differ in greetings alone change nothing."""
    turn = heard("thai", "inform(food=thai)", truth=["inform(food=thai)"])

    result = _only(turn, answer=Answer(acts=("hello()", "inform(food=thai)")), mode=Mode.RETRY)

    assert result.outcome is Outcome.UNTOUCHED


def test_acts_are_scored_as_they_are():
    """A choice among the NLU's readings needs no text."""
    turn = heard("tie", "inform(food=tie)", truth=["inform(food=thai)"])

    result = _only(turn, answer=Answer(acts=("inform(food=thai)", "hello()")), mode=Mode.RETRY)

    assert result.outcome is Outcome.WIN


def test_a_refused_turn_turned_into_a_wrong_action_is_counted_by_itself():
    """Nothing was done before, something wrong would be done now."""
    refused = _only(heard("tie foot", truth=["inform(food=thai)"]), answer=Answer(target="south"))
    misread = _only(heard("tie foot", "inform(food=tie)", truth=["inform(food=thai)"]), answer=Answer(target="south"))

    assert (refused.caused_wrong_action, misread.caused_wrong_action) == (True, False)


def test_greetings_and_goodbyes_make_no_defect():
    """Content acts alone are compared."""
    result = _only(heard("thank you goodbye", "bye()", truth=["thankyou()", "bye()"]), answer=PASS_THROUGH)

    assert result.was_right


def test_a_target_means_what_it_most_often_meant_after_such_a_prompt():
    """The same word answers different questions; where it never answered this one, what it meant most often at all counts."""
    area, food = ("request(area)",), ("request(food)",)
    meanings = Meanings(
        [
            call(
                heard("any", "inform(area=dontcare)", asked=area),
                heard("any", "inform(food=dontcare)", asked=food),
                heard("any", "inform(food=dontcare)", asked=food),
                heard("any", "inform(area=any)", asked=area),
                heard("any", "inform(area=any)", asked=area),
            ).live
        ]
    )

    assert meanings.of("Any!", kind="request(area)") == {"inform(area=any)"}
    assert meanings.of("any", kind="request(food)") == {"inform(food=dontcare)"}
    assert meanings.of("any", kind="select") in ({"inform(food=dontcare)"}, {"inform(area=any)"})
    assert meanings.of("none", kind="select") is None


def test_a_call_is_known_only_when_it_has_ended():
    """Calls that overlap cannot learn from each other."""
    calls = [
        call(heard("a", "affirm()"), caller="first", minute=0),
        call(heard("b", "affirm()"), heard("c"), heard("d"), heard("e"), heard("f"), heard("g"), caller="long", minute=0, call_id="z"),
        call(heard("h"), caller="third", minute=1),
    ]

    told = {each.live.caller: [past.caller for past in ended] for each, ended in in_order(reversed(calls))}

    # The long call ends after 53 s, before the third begins; the first has not ended when the long one begins.
    assert told == {"first": [], "long": [], "third": ["first", "long"]}


def test_earlier_scored_calls_teach_what_a_target_means():
    """A wording first heard on dev is known to later calls of dev, and not to its own."""
    asking = heard("tie foot", truth=["inform(food=thai)"])
    calls = [
        call(heard("thai cuisine", "inform(food=thai)"), asking, caller="one", minute=0),
        call(asking, caller="two", minute=5),
    ]

    results = list(replay(calls, [], mode=Mode.BEFORE, rewriting=lambda _request: Answer(target="thai cuisine")))

    assert [result.is_right for result in results if result.source == "tie foot"] == [False, True]


def test_each_mode_is_asked_in_its_own_type():
    """In mode `before` the readings cannot be reached at all."""
    seen = []

    for mode in Mode:
        list(replay([call(heard("thai", "inform(food=thai)"))], [], mode=mode, rewriting=lambda asked: seen.append(asked) or PASS_THROUGH))

    assert [type(each) for each in seen] == [BeforeRequest, RetryRequest]
    assert not hasattr(seen[0], "interpretations")
    assert acts_of(seen[1].interpretations[0]) == ("inform(food=thai)",)


def test_scrambled_truth_changes_no_decision(tmp_path):
    """Whatever people wrote down, a rewriter is asked the same and answers the same; only the score moves."""
    made = [
        call(heard("tie foot", truth=["inform(food=thai)"]), heard("south", "inform(area=south)"), minute=minute) for minute in range(5)
    ]
    write(tmp_path, train=[record(each) for each in made], dev=[record(each, scrambled=3) for each in made])
    asked: dict[str, list[object]] = {"train": [], "dev": []}

    results = {
        split: list(replay(read_calls(tmp_path, split), KNOWN, mode=Mode.RETRY, rewriting=lambda each, to=requests: _noted(each, to)))
        for split, requests in asked.items()
    }

    assert asked["train"] == asked["dev"]
    assert [each.answer for each in results["train"]] == [each.answer for each in results["dev"]]
    assert [each.is_right for each in results["train"]] != [each.is_right for each in results["dev"]]


def _noted(request: object, requests: list[object]) -> Answer:
    requests.append(request)
    return Answer(target="thai food")
