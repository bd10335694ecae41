"""Rows (d) of replay: the best of the NLU's own readings, in mode `retry` only.

A logistic sum of what a request shows (probability, prompt, recogniser's scores, what the other hypotheses meant in other calls) tells how
likely each reading is. Its labels are either what callers said next, or, in the rows that say so, what people wrote down on train calls.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from resay.commands.bench.logistic import Logistic, fit_logistic
from resay.commands.bench.threshold import FOLDS, fold_of
from resay.dialogue.rewrite import RetryRequest, RewriteRequest
from resay.label.corpora.dstc2 import Call, LiveCall
from resay.label.corpora.dstc2_turn import acts_of, content_acts, retry_request
from rewrite_online.evaluate import PASS_THROUGH, Acts, Answer, Meanings, Rewriting, understood

NEXT_TURNS = 3
"""Turns in which a caller may say again what was not understood: 64 % do within three (README of the corpus)."""

_PROBABILITIES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97)
_COARSE = (0.05, 0.15, 0.3, 0.6)
_SCORES = (-4, -3, -2, -1.5, -1, -0.5, -0.2, -0.05)
"""Edges between bins; finer where DSTC2's train calls lie denser."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One reading that may be acted on: its content acts, and all that speaks for or against it."""

    acts: Acts
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelledTurn:
    """One turn with its choices, and which of them are right by which labels."""

    call_id: str
    caller: str
    choices: tuple[Choice, ...]
    acted_on: Acts
    by_people: Acts
    """What people wrote down."""
    said_next: Acts
    """The first content acts that the NLU read within the next turns; what was refused and meant is said again."""


def labelled_turns(calls: Sequence[Call]) -> list[LabelledTurn]:
    """Every turn of train calls; what texts meant is taken from the callers of the other folds, as for a caller never heard before."""
    turns = []
    for fold in range(FOLDS):
        meanings = Meanings(call.live for call in calls if fold_of(call.live.caller) != fold)
        for call in calls:
            if fold_of(call.live.caller) == fold:
                turns += list(_labelled(call, meanings))
    return turns


def choose_by_people(turns: Sequence[LabelledTurn], meanings: Meanings) -> Rewriting:
    """Trained on what people wrote down: the likeliest other reading, scored by how much likelier it is than the one acted on."""
    model = fit_logistic([(each.features, each.acts == turn.by_people) for turn in turns for each in turn.choices])
    return _chooser(model, meanings, weigh=lambda chance, acted_on: chance - acted_on)


def choose_by_next_words(turns: Sequence[LabelledTurn], meanings: Meanings) -> Rewriting:
    """Trained on what callers said next, on turns where nothing was acted on; no label of people.

    What was acted on and right is not said again, so said-next tells nothing of turns that were acted on: those pass through.
    """
    refused = [turn for turn in turns if not turn.acted_on]
    model = fit_logistic([(each.features, each.acts <= turn.said_next) for turn in refused for each in turn.choices if each.acts])
    choose = _chooser(model, meanings, weigh=lambda chance, _acted_on: chance)

    def answer(request: RewriteRequest) -> Answer:
        assert isinstance(request, RetryRequest), "readings are known in retry mode only"
        acted_on = _readings(request)[0] if request.interpretations else frozenset()
        return PASS_THROUGH if acted_on else choose(request)

    return answer


def choices(request: RetryRequest, meanings: Meanings) -> tuple[Choice, ...]:
    """The distinct readings by content acts, that which was acted on first."""
    readings = _readings(request)
    chances: dict[Acts, float] = {}
    for acts, interpretation in zip(readings, request.interpretations, strict=True):
        chances[acts] = chances.get(acts, 0.0) + (interpretation.confidence or 0.0)
    shown = _Shown.of(request, readings[0], meanings, chances) if readings else None
    return tuple(Choice(acts, tuple(dict.fromkeys(_features(acts, shown)))) for acts in chances) if shown else ()


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a request shows beside the single reading."""

    request: RetryRequest
    kind: str
    acted_on: Acts
    standing: str
    """Whether the reading that was acted on was empty, without content, or with."""
    chances: Mapping[Acts, float]
    ranks: Mapping[Acts, int]
    meant: Mapping[int, Acts]
    """What the hypotheses meant in other calls, by place in the n-best."""

    @staticmethod
    def of(request: RetryRequest, acted_on: Acts, meanings: Meanings, chances: Mapping[Acts, float]) -> _Shown:
        kind = request.heard.prompt.kind if request.heard.prompt else ""
        empty = not acts_of(request.interpretations[0])
        meant = {place: meanings.of(each.text, kind=kind) for place, each in enumerate(request.heard.hypotheses)}
        return _Shown(
            request=request,
            kind=kind,
            acted_on=acted_on,
            standing="empty" if empty else "content" if acted_on else "greeting",
            chances=chances,
            ranks={acts: rank for rank, acts in enumerate(sorted(chances, key=lambda each: -chances[each]))},
            meant={place: acts for place, acts in meant.items() if acts is not None},
        )


def _features(acts: Acts, shown: _Shown) -> Iterator[str]:
    """Named features: the reading alone, the reading after this prompt, the words, and what they meant to others."""
    here = f"{shown.standing}/{acts == shown.acted_on}"
    chance = bisect_left(_PROBABILITIES, shown.chances[acts])
    top_chance = bisect_left(_PROBABILITIES, shown.chances[shown.acted_on])
    form, top_form = _form(acts), _form(shown.acted_on)
    yield from ("bias", f"here={here}", f"chance={chance}", f"top={top_chance}", f"rank={min(shown.ranks[acts], 4)}")
    yield from (f"chance={chance}/{here}", f"top={top_chance}/{here}", f"readings={min(len(shown.chances), 8)}/{here}")
    yield from (f"form={form}", f"kind={shown.kind}", f"form={form}/{shown.kind}", f"top-form={top_form}/{here}")
    yield from (f"form={form}/{top_form}/{shown.kind}", f"form={form}/{bisect_left(_COARSE, shown.chances[acts])}")
    yield from _word_features(acts, shown, here)
    yield from _memory_features(acts, shown, here)


def _word_features(acts: Acts, shown: _Shown, here: str) -> Iterator[str]:
    heard = shown.request.heard
    texts = [each.text for each in heard.hypotheses] or [""]
    score = heard.hypotheses[0].score if heard.hypotheses else None
    values = [act.partition("=")[2].rstrip(")") for act in acts if "=" in act]
    yield f"words={min(len(texts[0].split()), 5)}/{here}"
    yield f"score={bisect_left(_SCORES, score or 0.0)}/{here}"
    yield f"barge-in={heard.barge_in}/{here}"
    if values:
        in_some, in_first = (all(any(value in text for text in some) for value in values) for some in (texts, texts[:1]))
        yield f"value-heard={in_some}/{in_first}/{acts == shown.acted_on}"
        yield f"value-prompted={any(value in (heard.prompt.text if heard.prompt else '') for value in values)}/{_form(acts)}"


def _memory_features(acts: Acts, shown: _Shown, here: str) -> Iterator[str]:
    hits = [place for place, meant in shown.meant.items() if meant == acts]
    is_top = acts == shown.acted_on
    yield f"meant={hits[0] if hits else None}/{is_top}"
    yield f"meant-times={min(len(hits), 3)}/{min(len(shown.meant), 4)}/{is_top}"
    yield f"first-meant={shown.meant[0] == acts if 0 in shown.meant else None}/{here}"


def _labelled(call: Call, meanings: Meanings) -> Iterator[LabelledTurn]:
    for place, (turn, truth) in enumerate(zip(call.live.turns, call.truth.turns, strict=True)):
        yield LabelledTurn(
            call_id=call.live.call_id,
            caller=call.live.caller,
            choices=choices(retry_request(call.live, turn), meanings),
            acted_on=understood(turn),
            by_people=content_acts(truth.acts),
            said_next=_said_next(call.live, place),
        )


def _said_next(call: LiveCall, place: int) -> Acts:
    following: Iterable[Acts] = (understood(turn) for turn in call.turns[place + 1 : place + 1 + NEXT_TURNS])
    return next((acts for acts in following if acts), frozenset())


def _chooser(model: Logistic, meanings: Meanings, *, weigh: Callable[[float, float], float]) -> Rewriting:
    def answer(request: RewriteRequest) -> Answer:
        assert isinstance(request, RetryRequest), "readings are known in retry mode only"
        acted_on, *others = choices(request, meanings) or (None,)
        if acted_on is None or not others:
            return PASS_THROUGH
        chance, _, best = max((model.chance(each.features), sorted(each.acts), each) for each in others)
        return Answer(acts=tuple(sorted(best.acts)), layer="readings", score=weigh(chance, model.chance(acted_on.features)))

    return answer


def _readings(request: RetryRequest) -> list[Acts]:
    return [content_acts(acts_of(each)) for each in request.interpretations]


def _form(acts: Acts) -> str:
    """Acts without their values: `inform(food+request(phone)`."""
    return "+".join(sorted({act.partition("=")[0] for act in acts})) or "nothing"
