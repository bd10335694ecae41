"""The global layer: candidates weighed and judged, one hop, and files that are refused where they do not fit together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from resay.dialogue.history import Tried, Way
from resay.dialogue.rewrite import Heard, Layer, Reason, Rewrite, RewriteRequest, Risk
from resay.dialogue.wording import Failing, Wording
from resay.store.artifact import BrokenArtifact, Generation, Shelf
from resay.store.rewrites import REWRITES_FILE
from resay.store.wordings import MEANING_FILE, RANKER_FILE, WORDINGS_FILE, WORDINGS_PROOF_FILE, decode_wordings, encode_wordings
from rewrite_online.candidate import Candidate, Chances, Meant, Nearness
from rewrite_online.finder import WordingFinder
from rewrite_online.fit_meaning import common_pieces, fit_meaning
from rewrite_online.gate import GLOBAL_BARS, LEAD_MIN, MEANT_LEAD_MAX, MEANT_LEAST, MEANT_MIN, NO_VETOES, Vetoes, judge_all
from rewrite_online.global_certificate import global_layer
from rewrite_online.global_layer import (
    AS_SAID_MAX,
    MEANING_LEAD,
    MEANING_MIN,
    NEAR_MIN,
    TOLD_MIN,
    UNLIKE_BRIEF_MEANT_MIN,
    UNLIKE_BRIEF_MIN,
    UNLIKE_MARGIN,
    UNLIKE_MIN,
    Considered,
    GlobalLayer,
)
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.meaning import Meaning, encode_meaning
from rewrite_online.personal_layer import PersonalLayer
from rewrite_online.recall import Recall, best_wordings, mistaken_states
from rewrite_online.rewriter import Live, Rewriter
from rewrite_online.table_layer import TableLayer
from rewrite_online.watch import Watch
from tests.builders import BASE, asked, rewrite, rewrite_files
from tests.rewrite_online.test_meaning import LESSONS, LIGHT, RADIO, SPEAKERS


def wording(text: str, state: str = LIGHT, *, success: float = 0.95, kind: str = "", risk: Risk = Risk.LOW, customers: int = 30) -> Wording:
    return Wording(text, kind, state, risk, customers, times=60, success=success, last_day=20_700, evidence=("t1",) if state else ())


WORDINGS = [
    wording("turn on the light"),
    wording("light on please", success=0.9),
    wording("play the radio", RADIO),
    wording("turn on the lite", "", success=0.05),
]


class FixedWeigher:
    """Gives every candidate the chance of its text."""

    def __init__(self, chances: dict[str, float], as_said: float = 0.1) -> None:
        self._chances, self._as_said = chances, as_said

    def weigh(self, request: RewriteRequest, said: Wording | None, candidates: Sequence[Candidate]) -> Chances:
        """Chances by text."""
        return Chances(self._as_said, tuple(self._chances.get(each.wording.text, 0.0) for each in candidates))


def meaning() -> Meaning:
    weights = fit_meaning(LESSONS, common_pieces(SPEAKERS, customers_min=10), {LIGHT, RADIO})
    assert weights is not None
    return Meaning(weights)


def layer(chances: dict[str, float], *, spared: Sequence[tuple[str, str]] = (), as_said: float = 0.1) -> GlobalLayer:
    recall = Recall(WORDINGS, finder=WordingFinder(WORDINGS), spared=spared)
    return GlobalLayer(recall, meaning=meaning(), weigher=FixedWeigher(chances, as_said))


def rewriter(*layers: GlobalLayer | TableLayer, vetoes: Vetoes = NO_VETOES) -> Rewriter:
    return Rewriter(lambda: Live(generation=1, layers=layers, vetoes=vetoes), hold_out=NO_HOLD_OUT)


SURE = {"turn on the light": 0.9, "play the radio": 0.05}


def test_words_that_nobody_said_are_rewritten_to_what_many_succeed_with():
    """The best wording of the state that is meant, with its chances and customers."""
    answer = rewriter(layer(SURE)).rewrite(asked("turn on that lite"), now=BASE, budget_s=60)

    assert (answer.utterance, answer.layer, answer.reason) == ("turn on the light", Layer.GLOBAL, Reason.REWRITTEN)


def test_a_rewrite_is_never_rewritten_again():
    """One hop: what the layer says for others passes through."""
    answer = rewriter(layer({"play the radio": 1.0})).rewrite(asked("turn on the light"), now=BASE, budget_s=60)

    assert answer.reason is Reason.TARGET_OFFERED


def test_only_the_best_wording_of_a_state_is_kept_from_other_layers():
    """Another good wording may still be the source of a rewrite of another layer."""
    table = TableLayer([rewrite("light on please", "lights on in the hall")])

    answer = rewriter(table, layer(SURE)).rewrite(asked("light on please"), now=BASE, budget_s=60)

    assert (answer.utterance, answer.layer) == ("lights on in the hall", Layer.TABLE)


def test_what_the_table_rewrites_is_said_for_nobody():
    """Else the table would change it again."""
    told = layer({"turn on the light": 0.9, "light on please": 0.8}, spared=[("turn on the light", "")])

    found = [each.target for each in told.candidates(asked("light on lease"))]

    assert "light on please" in found
    assert "turn on the light" not in found
    assert not told.offers(asked("turn on the light"))


def test_a_wording_that_fails_is_never_a_target():
    """Whatever its state: below the least success nothing is said for others."""
    assert best_wordings([wording("lite", success=0.59)]) == {}
    assert best_wordings([wording("lite", "", success=0.9)]) == {}


NINETY, HEAT = "climate|set|90", "climate|set|19"
MISHEARD = [wording("make it ninety", NINETY, success=0.9), wording("set it to ninety", NINETY, success=0.94)]
"""Ninety is done as it was heard, and nineteen was meant: labels see little of that, and more than where what is done is meant."""
MEANT = [wording("make it nineteen", HEAT, success=0.98), *(wording(f"light {number}", success=0.98) for number in range(20))]


def test_a_state_that_few_mean_is_told_by_its_failures():
    """It fails far oftener than others; what fails for being down is meant all the same."""
    down = [replace(each, failing=Failing(20_000, 12, result=0.9, correct=0.0)) for each in MISHEARD]

    assert mistaken_states([*MISHEARD, *MEANT]) == {NINETY}
    assert mistaken_states([*down, *MEANT]) == frozenset()


def test_nobody_is_put_into_what_few_mean():
    """Nor into what comes behind it: it is weighed like others, and where it is the likeliest nothing is said."""
    said, chances = asked("set to ninety"), {"set it to ninety": 0.9, "make it nineteen": 0.6}
    few, many = [*MISHEARD, *MEANT], [*(replace(each, success=0.98) for each in MISHEARD), *MEANT]

    def found(known: list[Wording]) -> GlobalLayer:
        return GlobalLayer(Recall(known, finder=WordingFinder(known)), meaning=meaning(), weigher=FixedWeigher(chances))

    assert [each.target for each in found(many).candidates(said)][:1] == ["set it to ninety"]
    assert found(few).consider(said)[0].candidate.wording.state == NINETY
    assert found(few).candidates(said) == []


def test_few_failures_do_not_tell_what_few_mean():
    """Nor failures that are usual, nor few of many where hardly anything else fails."""
    once = Wording("once", "", RADIO, Risk.LOW, 10, times=6, success=6 / 8, last_day=1)
    fine = [Wording(f"light {number}", "", LIGHT, Risk.LOW, 10, times=60, success=61 / 62, last_day=1) for number in range(20)]
    hard = [replace(each, success=0.7) for each in fine]
    thrice = replace(once, times=60, success=58 / 62)

    assert mistaken_states([once, *fine]) == frozenset()
    assert mistaken_states([replace(once, times=60, success=0.6), *hard]) == frozenset()
    assert mistaken_states([thrice, *fine]) == frozenset()


def test_of_a_state_the_wording_that_fares_best_is_said():
    """By its success, less what is not known of it."""
    rare = Wording("rare", "", LIGHT, Risk.LOW, 10, times=1, success=0.96, last_day=1)

    assert best_wordings([rare, wording("usual", success=0.95)])[LIGHT, ""].text == "usual"


def test_wordings_of_another_prompt_are_not_said():
    """An answer to one question is none to another."""
    recall = Recall([wording("the light", kind="what")], finder=WordingFinder([]))

    assert recall.gather(asked("the lite").heard, meaning()).candidates == ()


def test_two_that_may_both_be_meant_are_not_told_apart_by_a_guess():
    """Nearly equal chances: confusable, and nothing is said."""
    answer = rewriter(layer({"turn on the light": 0.85, "play the radio": 0.85 - LEAD_MIN / 2})).rewrite(
        asked("turn on that lite"), now=BASE, budget_s=60
    )

    assert answer.reason is Reason.CONFUSABLE


def test_only_the_likeliest_may_be_served():
    """What comes behind a vetoed one is not said in its place."""
    vetoes = Vetoes.of([("", "turn on the light")])

    answer = rewriter(layer({"turn on the light": 0.9, "play the radio": 0.75}), vetoes=vetoes).rewrite(
        asked("turn on that lite"), now=BASE, budget_s=60
    )

    assert (answer.utterance, answer.reason) == ("turn on that lite", Reason.VETOED)


@pytest.mark.parametrize(
    ("said", "risk", "least"),
    [("play that thing", Risk.LOW, MEANT_LEAST), ("play that", Risk.LOW, MEANT_MIN), ("play that thing", Risk.HIGH, MEANT_MIN)],
)
def test_ranker_and_pieces_must_agree(said: str, risk: Risk, least: float):
    """However sure the ranker is, pieces must tell what is reached: more likely than not of two words, and of what is risky."""
    told = rewrite(said, risk=risk, success_as_said=0.0, success_as_rewritten=0.99, score=least, support=100)
    doubted, next_ = replace(told, score=least - 0.01), replace(told, success_as_rewritten=0.99 - MEANT_LEAD_MAX + 0.01)

    assert judge_all(Layer.GLOBAL, [told, next_], vetoes=NO_VETOES)[0] is Reason.REWRITTEN
    assert judge_all(Layer.GLOBAL, [doubted, next_], vetoes=NO_VETOES)[0] is Reason.BELOW_MARGIN
    assert judge_all(Layer.TABLE, [doubted], vetoes=NO_VETOES) == [Reason.REWRITTEN]


def test_a_ranker_that_is_far_surer_than_the_pieces_is_not_believed():
    """Of one candidate alone, or far ahead of the next, though its pieces hardly tell it."""
    ahead = rewrite("play that thing", success_as_said=0.0, success_as_rewritten=0.6, score=MEANT_MIN - 0.01)
    behind = replace(ahead, success_as_rewritten=0.6 - MEANT_LEAD_MAX - 0.01)

    assert judge_all(Layer.GLOBAL, [ahead], vetoes=NO_VETOES) == [Reason.BELOW_MARGIN]
    assert judge_all(Layer.GLOBAL, [ahead, behind], vetoes=NO_VETOES)[0] is Reason.BELOW_MARGIN
    assert judge_all(Layer.GLOBAL, [replace(ahead, score=MEANT_MIN), behind], vetoes=NO_VETOES)[0] is Reason.REWRITTEN


def test_what_pieces_hardly_tell_needs_words_in_common():
    """A refusal is easily made a wrong action where neither the pieces nor a word of it speak for that."""
    some = rewrite("play that thing", "play madonna", success_as_said=0.0, success_as_rewritten=0.6, score=MEANT_LEAST)
    none = replace(some, source="stop that other thing")
    next_ = replace(some, success_as_rewritten=0.5)

    assert judge_all(Layer.GLOBAL, [some, next_], vetoes=NO_VETOES)[0] is Reason.REWRITTEN
    assert judge_all(Layer.GLOBAL, [none, next_], vetoes=NO_VETOES)[0] is Reason.BELOW_MARGIN
    assert judge_all(Layer.GLOBAL, [replace(none, score=MEANT_MIN), next_], vetoes=NO_VETOES)[0] is Reason.REWRITTEN


@pytest.mark.parametrize(
    "chances",
    [
        {"success_as_said": 0.0, "success_as_rewritten": GLOBAL_BARS[Risk.LOW].success_min - 0.05},
        {"success_as_said": 0.79, "success_as_rewritten": 0.5},
        {"success_as_said": 0.0, "success_as_rewritten": 0.9, "score": MEANT_LEAST},
    ],
    ids=["doubted", "as good as said", "far ahead of its pieces"],
)
def test_of_what_is_alike_in_words_less_is_asked(chances: dict[str, float]):
    """Neither ranker nor pieces see whole words in common; what is risky is not believed more for them."""
    alike = rewrite("play the madonna", "play madonna", **chances)
    risky = replace(alike, risk=Risk.HIGH, support=100)

    assert judge_all(Layer.GLOBAL, [alike], vetoes=NO_VETOES) == [Reason.REWRITTEN]
    assert judge_all(Layer.GLOBAL, [replace(alike, source="play that thing")], vetoes=NO_VETOES) == [Reason.BELOW_MARGIN]
    assert judge_all(Layer.GLOBAL, [risky], vetoes=NO_VETOES) != [Reason.REWRITTEN]


def test_pieces_that_tell_little_need_something_near():
    """However sure the ranker is: of what is neither near nor told, most was lost; and so of what is known, and told by nothing."""
    light = Candidate(WORDINGS[0], Nearness(spelling=NEAR_MIN), Nearness(), None, Meant(TOLD_MIN - 0.01, 0.1, 0.0))
    near = Considered(light, 0.0, 0.99)
    far = replace(near, candidate=replace(light, nearest=Nearness()))

    assert near.has_ground
    assert not far.has_ground
    assert not replace(near, said=WORDINGS[0]).has_ground
    assert replace(far, candidate=replace(far.candidate, meant=Meant(TOLD_MIN, 0.1, 0.0))).has_ground


def test_one_word_is_too_little_to_guess_from():
    """Whatever its chances."""
    alone = rewrite("lite", success_as_said=0.0, success_as_rewritten=0.99, score=0.99)

    assert judge_all(Layer.GLOBAL, [alone], vetoes=NO_VETOES) == [Reason.BELOW_MARGIN]


def test_high_risk_needs_more_than_low():
    """Doors and locks: the same chances that let a light pass."""
    bar = GLOBAL_BARS[Risk.HIGH]
    chance = (GLOBAL_BARS[Risk.LOW].success_min + bar.success_min) / 2
    risky = rewrite(risk=Risk.HIGH, success_as_said=0.0, success_as_rewritten=chance, support=100)

    assert judge_all(Layer.GLOBAL, [risky], vetoes=NO_VETOES) == [Reason.HIGH_RISK]


def test_what_succeeds_as_said_is_left_alone():
    """Doing nothing is a candidate."""
    answer = rewriter(layer(SURE, as_said=0.92)).rewrite(asked("turn on that lite"), now=BASE, budget_s=60)

    assert answer.reason is Reason.BELOW_MARGIN


def test_a_ranker_that_is_too_modest_is_believed_more():
    """What it says of new words at even odds was right nine times in ten; what is risky has to be told in full."""
    even = rewrite("play that thing", success_as_said=0.55, success_as_rewritten=0.5, score=0.9)
    risky = replace(even, risk=Risk.HIGH, success_as_said=0.36, success_as_rewritten=0.85, support=100)

    assert judge_all(Layer.GLOBAL, [even], vetoes=NO_VETOES) == [Reason.REWRITTEN]
    assert judge_all(Layer.GLOBAL, [replace(even, success_as_said=0.76)], vetoes=NO_VETOES) == [Reason.BELOW_MARGIN]
    assert judge_all(Layer.TABLE, [even], vetoes=NO_VETOES) == [Reason.BELOW_MARGIN]
    assert judge_all(Layer.GLOBAL, [risky], vetoes=NO_VETOES) == [Reason.HIGH_RISK]
    assert judge_all(Layer.GLOBAL, [replace(risky, success_as_said=0.34)], vetoes=NO_VETOES) == [Reason.REWRITTEN]


@pytest.mark.parametrize("text", ["light " * 10_000, "\x00\x07light", "свет", "🎵", "'"])
def test_any_text_is_answered(text: str):
    """Long, odd or foreign: an answer, and no fault."""
    faults: list[str] = []
    asked_of = Rewriter(lambda: Live(generation=1, layers=(layer({}),)), on_fault=lambda part, _error: faults.append(part))

    answer = asked_of.rewrite(asked(text), now=BASE, budget_s=60)

    assert (answer.utterance, faults) == (text, [])


def test_what_is_known_to_fare_well_is_not_even_looked_up():
    """Nine in ten turns are of that kind: nothing is gathered for them."""
    fine = wording("lights up", success=0.9)
    recall = Recall([*WORDINGS, fine], finder=WordingFinder(WORDINGS))

    found = recall.gather(asked("lights up").heard, meaning())

    assert (found.said, found.candidates) == (fine, ())


def test_what_is_written_like_nothing_known_is_no_ground():
    """Likely by its pieces, but not beyond doubt: some wording of the state must be near."""
    told = layer({"turn on the light": UNLIKE_MIN - 0.01, "play the radio": 0.05})
    near, far = asked("turn on that lite"), asked("something about a lite that was there on the table")

    assert told.candidates(near)
    assert told.consider(far)
    assert not told.candidates(far)


def test_what_is_hardly_doubted_needs_no_nearness():
    """Where the ranker is sure, and clearly surer than of the words as said, nothing need be written alike."""
    far = asked("something about a lite that was there on the table")

    assert layer(SURE).candidates(far)
    assert not layer(SURE, as_said=0.91 - UNLIKE_MARGIN).candidates(far)


@pytest.mark.parametrize(
    ("said", "chance", "expected"),
    [
        ("a lite that was on", UNLIKE_BRIEF_MIN + 0.01, True),
        ("a lite that was on", UNLIKE_BRIEF_MIN - 0.01, False),
        ("something about a lite that was there on the table", UNLIKE_BRIEF_MIN + 0.01, False),
        ("lite that", UNLIKE_BRIEF_MIN + 0.01, False),
    ],
)
def test_of_what_is_brief_less_is_asked(said: str, chance: float, *, expected: bool):
    """Commands have three to five words: there half a chance is enough where nothing is written alike, and never of two words."""
    told = layer({"turn on the light": chance, "play the radio": 0.05})

    assert bool(told.candidates(asked(said))) == expected


def test_what_is_brief_must_be_told_by_its_pieces():
    """Where pieces are not clear the ranker's half a chance is too little."""
    light = Candidate(WORDINGS[0], Nearness(), Nearness(), None)
    clear = Considered(replace(light, meant=Meant(UNLIKE_BRIEF_MEANT_MIN, 0.1, 0.0)), 0.0, UNLIKE_BRIEF_MIN, is_brief=True)
    doubted = replace(clear, candidate=replace(light, meant=Meant(UNLIKE_BRIEF_MEANT_MIN - 0.01, 0.1, 0.0)))

    assert clear.has_ground
    assert not doubted.has_ground


def test_what_is_risky_must_be_written_like_something_known():
    """However sure the ranker is: a door is not locked for what only sounds like nothing else."""
    risky = [replace(each, risk=Risk.HIGH) for each in WORDINGS]
    told = GlobalLayer(Recall(risky, finder=WordingFinder(risky)), meaning=meaning(), weigher=FixedWeigher(SURE))

    assert told.candidates(asked("turn on that lite"))
    assert not told.candidates(asked("something about a lite that was there on the table"))


def test_a_word_before_a_command_of_one_word_may_turn_it_round():
    """Who says "unpause" is heard to say "and pause": that is no ground to pause."""
    known = [*WORDINGS, wording("radio", RADIO, success=0.8)]
    told = GlobalLayer(Recall(known, finder=WordingFinder(known)), meaning=meaning(), weigher=FixedWeigher({"play the radio": 0.9}))

    assert told.consider(asked("and radio"))[0].candidate.wording.state == RADIO
    assert not told.candidates(asked("and radio"))
    assert told.candidates(asked("radio and"))
    assert told.candidates(asked("and a radio"))


def test_a_last_word_that_means_nothing_by_itself_turns_nothing_round():
    """One that fails when it is said alone is no command."""
    known = [*WORDINGS, wording("radio", RADIO, success=0.3)]
    told = GlobalLayer(Recall(known, finder=WordingFinder(known)), meaning=meaning(), weigher=FixedWeigher({"play the radio": 0.9}))

    assert told.candidates(asked("and radio"))


class AsNear:
    """Finds every wording, as near in meaning as it is told."""

    def __init__(self, known: Sequence[Wording], meanings: dict[str, float]) -> None:
        self._known, self._meanings = known, meanings

    def find(self, heard: Heard, *, at_most: int) -> Sequence[Candidate]:
        """Those that are told."""
        told = [(each, Nearness(meaning=self._meanings[each.text])) for each in self._known if each.text in self._meanings]
        return [Candidate(each, near, near, None) for each, near in told][:at_most]


def by_meaning(light: float, radio: float, *, as_said: float = 0.1, risk: Risk = Risk.LOW) -> GlobalLayer:
    """A layer whose ranker believes in nothing."""
    known = [replace(each, risk=risk) for each in WORDINGS]
    finder = AsNear(known, {"turn on the light": light, "play the radio": radio})
    return GlobalLayer(Recall(known, finder=finder), meaning=meaning(), weigher=FixedWeigher({}, as_said))


DARK = "it got dark in here"


def test_words_that_clearly_mean_the_same_need_nothing_in_common():
    """No letter, no sound and no piece of them is known, and the ranker doubts: their meaning is enough."""
    answer = rewriter(by_meaning(0.7, 0.7 - 2 * MEANING_LEAD)).rewrite(asked(DARK), now=BASE, budget_s=60)

    assert (answer.utterance, answer.reason) == ("turn on the light", Reason.REWRITTEN)


def test_pieces_need_not_agree_with_what_clearly_means_the_same():
    """They know nothing of words that nobody said: how near the meaning is stands in place of what they say."""
    (best, *_) = by_meaning(0.97, 0.5).candidates(asked(DARK))

    assert best.score == pytest.approx(0.97)


@pytest.mark.parametrize(
    "doubted",
    [
        by_meaning(MEANING_MIN - 0.01, 0.1),
        by_meaning(0.8, 0.8 - MEANING_LEAD / 2),
        by_meaning(0.8, 0.1, as_said=AS_SAID_MAX + 0.01),
        by_meaning(0.8, 0.1, risk=Risk.HIGH),
    ],
    ids=["far", "of two states", "fine as said", "risky"],
)
def test_meaning_alone_is_not_enough_where_anything_speaks_against_it(doubted: GlobalLayer):
    """Not near enough, near to two, likely to succeed as said, or risky."""
    answer = rewriter(doubted).rewrite(asked(DARK), now=BASE, budget_s=60)

    assert answer.utterance == DARK


# Files.


def files(kept: Sequence[Wording] = WORDINGS, /, *table: Rewrite, **changed: object) -> dict[str, bytes]:
    """The files of a generation with a global layer; `changed` are fields of its proof."""
    weights = fit_meaning(LESSONS, common_pieces(SPEAKERS, customers_min=10), {LIGHT, RADIO})
    assert weights is not None
    content = {WORDINGS_FILE: encode_wordings(kept), MEANING_FILE: encode_meaning(weights), RANKER_FILE: _ranker()}
    base = rewrite_files(*table)
    hashes = {name: hashlib.sha256(each).hexdigest() for name, each in (content | {REWRITES_FILE: base[REWRITES_FILE]}).items()}
    proof: dict[str, object] = {"verdict": "proven", "sha256": hashes, "wordings": len(kept), "parameters": {"customers_min": 10}}
    return base | content | {WORDINGS_PROOF_FILE: json.dumps(proof | changed).encode()}


_GROWN: list[bytes] = []


def _ranker() -> bytes:
    if not _GROWN:
        from rewrite_online.features import Example
        from rewrite_online.fit import Growth, fit

        recall, known = Recall(WORDINGS, finder=WordingFinder(WORDINGS)), meaning()
        examples = []
        for number in range(120):
            right = number % 2 == 0
            request = asked("turn on that lite" if right else "play that ratio", customer_id=f"c{number}")
            found = recall.gather(request.heard, known)
            chances = tuple(float(each.wording.state == LIGHT) if right else 0.0 for each in found.candidates)
            examples.append(Example(request, found.said, found.candidates, chances, float(not right), f"c{number}"))
        content = fit(examples, Growth(trees=5)).content
        assert content is not None
        _GROWN.append(content)
    return _GROWN[0]


def published(shelf: Path, content: dict[str, bytes]) -> Generation:
    return Shelf(shelf).write(content)


def test_a_generation_brings_its_global_layer(tmp_path: Path):
    """Wordings, meaning and ranker of one learning."""
    found = global_layer(published(tmp_path, files()), [])

    assert found is not None
    assert len(found) == 2


def test_a_generation_tells_the_personal_layer_which_words_are_known(tmp_path: Path):
    """Who has only ever asked for the lamps is not taken to have done so again, where the generation knows "radio" to be said."""
    text = "please turn on the kitchen lamps"
    history = [Tried(text, "", "", Way.SAID, text, text, LIGHT, 9, 9, BASE.date(), "t1")]
    personal = PersonalLayer(lambda _customer, _since: history, lambda: 1)
    watch = Watch(Shelf(tmp_path), list, personal=personal)
    Shelf(tmp_path).publish(published(tmp_path, files()).number)
    watch.refresh()

    own = next(each for each in watch.live().layers if each.layer is Layer.PERSONAL)

    assert personal.candidates(asked("please turn on the kitchen lamps radio"))
    assert not own.candidates(asked("please turn on the kitchen lamps radio"))


def test_a_generation_without_these_files_has_none(tmp_path: Path):
    """As before there were any."""
    assert global_layer(published(tmp_path, rewrite_files()), []) is None


def test_a_ranker_of_another_generation_is_refused(tmp_path: Path):
    """The proof names the very bytes that were learnt together."""
    mixed = files() | {MEANING_FILE: files()[MEANING_FILE] + b"\x00"}

    with pytest.raises(BrokenArtifact, match=r"meaning\.bin is of another; were files copied between generations"):
        global_layer(published(tmp_path, mixed), [])


def test_wordings_beside_another_table_are_refused(tmp_path: Path):
    """The table is one of the files that belong together: a target may be its source."""
    mixed = files() | rewrite_files(rewrite("turn on the light", "lights"))

    with pytest.raises(BrokenArtifact, match=r"rewrites\.jsonl is of another"):
        global_layer(published(tmp_path, mixed), [])


def test_a_part_of_the_files_is_refused(tmp_path: Path):
    """All or none."""
    some = {name: content for name, content in files().items() if name != RANKER_FILE}

    with pytest.raises(BrokenArtifact, match=r"it lacks ranker\.onnx"):
        global_layer(published(tmp_path, some), [])


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (wording("Turn On"), "canonical"),
        (wording("call maggie"), "one person"),
        (wording("few said this", customers=9), "the floor is 10"),
        (wording("unlock the front door", "lock|unlock|"), "high risk"),
        (wording("light", success=float("nan")), "could not|between 0 and 1|must be a wording"),
    ],
)
def test_wordings_that_break_a_rule_are_refused(tmp_path: Path, bad: Wording, told: str):
    """Whatever the proof says: the server asks again."""
    with pytest.raises(BrokenArtifact, match=told):
        global_layer(published(tmp_path, files([*WORDINGS, bad])), [])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"verdict": "refused"}, "must be proven"),
        ({"wordings": 3}, "must count its wordings"),
        ({"parameters": {"customers_min": 1}}, "at least 2 customers"),
        ({"sha256": 3}, "must be a proof"),
    ],
)
def test_a_proof_that_does_not_prove_it_is_refused(tmp_path: Path, changed: dict[str, object], told: str):
    """Refused, miscounted, without a floor, or no proof at all."""
    with pytest.raises(BrokenArtifact, match=told):
        global_layer(published(tmp_path, files(WORDINGS, **changed)), [])


def test_wordings_are_read_as_they_were_written():
    """All fields, in order."""
    assert decode_wordings(encode_wordings(WORDINGS)) == WORDINGS


def test_a_line_that_is_no_wording_is_named():
    """By its number."""
    with pytest.raises(BrokenArtifact, match="line 2"):
        decode_wordings(encode_wordings(WORDINGS[:1]) + b"{}\n")


def test_heard_and_known_are_told_apart():
    """What enough customers said is known with its record; other words are not."""
    recall = Recall(WORDINGS, finder=WordingFinder(WORDINGS))

    def said(text: str) -> Wording | None:
        heard: Heard = asked(text).heard
        return recall.gather(heard, meaning()).said

    assert said("Turn on the lite") == WORDINGS[3]
    assert said("turn on that lite") is None
