"""The columns of rows (e) to (h): the product's own features of a candidate, and beside them what only calls by phone can tell.

Dialogue acts have parts, prompts have kinds, and what callers were believed to mean is counted by both. One row a candidate; what is not
known is NaN.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from resay.commands.bench.asked import NOTHING
from resay.commands.bench.proposals import Proposal, Proposed, chances_by_act, sounds_near, spelt_near, values_of
from resay.commands.bench.reader import marginals
from resay.commands.bench.remembered import Remembered, form_of, total
from rewrite_online.evaluate import Acts
from rewrite_online.features import FEATURES, Matrix, matrix

UNKNOWN = math.nan

OF_TURN = (
    "share_first", "length_s_a_word", "right_here", "right_here_times", "right_text", "right_text_times", "known_share", "believed_here",
    "prompt_acts", "is_empty", "is_nothing", "p_top", "p_next", "entropy", "p_nothing", "right_top_here", "right_top_here_times",
    "right_top", "top_acts", "top_meant_most", "top_meant_least", "p_affirm", "p_negate", "first_meant_top", "first_meant_acts",
    "first_times_here", "first_times",
)  # fmt: skip

OF_MEANING = (
    "origin", "acts", "prior_here", "prior_form", "believed", "believed_form", "read_here", "certainty", "target_times", "by_text_here",
    "by_text", "by_hypotheses", "by_one_hypothesis", "meant_share", "meant_place", "meant_times", "act_meant_least", "act_meant_most",
    "other_act_meant", "value_near_first", "value_far_first", "value_near_some", "value_share", "value_sound", "value_prompted",
    "target_near", "affirms", "negates", "asks_alternatives", "requests", "informs", "dontcare", "food", "area", "price", "p", "p_rank",
    "p_against_top", "act_p_least", "act_p_most", "other_act_p", "shared_with_top", "more_than_top", "less_than_top", "act_read_least",
    "act_read_most", "other_act_read", "loglik_behind_best", "loglik_over_top", "is_first_meant",
)  # fmt: skip

COLUMNS = (*FEATURES, *OF_TURN, *OF_MEANING)


def columns(proposed: Proposed, known: Remembered) -> Matrix:
    """The rows of one turn's candidates, float32."""
    if not proposed.proposals:
        return np.zeros((0, len(COLUMNS)), dtype=np.float32)
    shared = matrix(proposed.request, proposed.said, [each.candidate for each in proposed.proposals])[1:]
    turn = _Turn.of(proposed, known)
    head = _of_turn(turn)
    own = [head + _of_meaning(turn, each) for each in proposed.proposals]
    assert len(own[0]) == len(OF_TURN) + len(OF_MEANING), "every column has a name"
    return np.hstack([shared, np.array(own, dtype=np.float32)])


@dataclass(frozen=True, slots=True)
class _Turn:
    """What all rows of a turn draw on."""

    proposed: Proposed
    known: Remembered
    meant: Mapping[Acts, float]
    meant_acts: Mapping[str, float]
    read_acts: Mapping[str, float]
    ranks: Mapping[Acts, int]
    believed: tuple[tuple[float, Counter[Acts], float], ...]
    """Of each hypothesis that others said: its share, what they were believed to mean, and how often in all."""
    top: Acts | None
    """What is acted on, or before the NLU what the first hypothesis meant to others."""
    loglik_best: float
    loglik_top: float

    @staticmethod
    def of(proposed: Proposed, known: Remembered) -> _Turn:
        asked, read, believed = proposed.asked, proposed.read, known.believed
        counts = [(share, believed.by_text_here.get((text, asked.kind)) or believed.by_text.get(text)) for text, share in asked.hypotheses]
        meant = chances_by_act(proposed.meant, [share for _, share in asked.hypotheses])
        top = asked.top if asked.is_retry else proposed.meant[0] if proposed.meant else None
        return _Turn(
            proposed=proposed,
            known=known,
            meant=meant,
            meant_acts=marginals(meant),
            read_acts=marginals(asked.readings),
            ranks={acts: rank for rank, acts in enumerate(sorted(asked.readings, key=lambda each: -asked.readings[each]))},
            believed=tuple((share, each, total(each)) for share, each in counts if each),
            top=top,
            loglik_best=read.loglik(read.likely),
            loglik_top=read.loglik(top) if top is not None else UNKNOWN,
        )


def _of_turn(turn: _Turn) -> list[float]:
    asked, believed = turn.proposed.asked, turn.known.believed
    audio = asked.request.heard.audio
    length = audio.duration_s if audio and audio.duration_s is not None else UNKNOWN
    row = [
        asked.hypotheses[0][1] if asked.hypotheses else UNKNOWN,
        length / (len(asked.text.split()) + 1),
        *believed.right("text", asked.text, asked.kind),
        *believed.right("text", asked.text),
        sum(turn.meant.values()),
        total(believed.after.get(asked.kind, Counter())),
        float(asked.kind.count("|") + 1),
    ]
    return row + (_of_readings(turn) if asked.is_retry else [UNKNOWN] * 15) + _of_first(turn)


def _of_readings(turn: _Turn) -> list[float]:
    asked, believed = turn.proposed.asked, turn.known.believed
    top, readings = asked.top, asked.readings
    first = turn.proposed.meant[0] if turn.proposed.meant else None
    return [
        float(asked.is_empty),
        float(not top),
        readings.get(top, 0.0),
        _most(chance for acts, chance in readings.items() if acts != top),
        -sum(chance * math.log(chance) for chance in readings.values() if chance > 0),
        readings.get(NOTHING, 0.0),
        *believed.right("top", top, asked.kind),
        believed.right("top", top)[0],
        float(len(top)),
        _most((turn.meant_acts.get(act, 0.0) for act in top), otherwise=UNKNOWN),
        _least(turn.meant_acts.get(act, 0.0) for act in top),
        turn.read_acts.get("affirm()", 0.0),
        turn.read_acts.get("negate()", 0.0),
        UNKNOWN if first is None else float(first == top),
    ]


def _of_first(turn: _Turn) -> list[float]:
    asked = turn.proposed.asked
    first = turn.proposed.meant[0] if turn.proposed.meant else None
    here, all_ = turn.known.times(asked.text, kind=asked.kind), turn.known.times(asked.text)
    return [UNKNOWN if first is None else float(len(first)), float(here), float(all_)]


def _of_meaning(turn: _Turn, proposal: Proposal) -> list[float]:
    return [
        *_of_memory(turn, proposal),
        *_of_hypotheses(turn, proposal.acts),
        *_of_values(turn, proposal),
        *_of_acts(proposal.acts),
        *(_of_probability(turn, proposal.acts) if turn.proposed.asked.is_retry else [UNKNOWN] * 6),
        *_beside_top(turn, proposal.acts),
        *_of_reader(turn, proposal.acts),
        UNKNOWN if not turn.proposed.meant or turn.proposed.meant[0] is None else float(turn.proposed.meant[0] == proposal.acts),
    ]


def _of_memory(turn: _Turn, proposal: Proposal) -> list[float]:
    """What callers were believed to mean after this prompt, by this text and by the other hypotheses."""
    acts, asked, believed = proposal.acts, turn.proposed.asked, turn.known.believed
    after, forms = believed.after.get(asked.kind, Counter()), believed.forms_after.get(asked.kind, Counter())
    here, anywhere = believed.by_text_here.get((asked.text, asked.kind), Counter()), believed.by_text.get(asked.text, Counter())
    form, turns = form_of(acts), total(after)
    return [
        float(proposal.origin),
        float(len(acts)),
        (after[acts] + 0.5 * believed.all[acts] / believed.turns) / (turns + 0.5),
        (forms[form] + 2 * believed.forms[form] / believed.turns) / (turns + 2),
        float(believed.all[acts]),
        float(believed.forms[form]),
        float(turn.known.read_after.get(asked.kind, Counter())[acts]),
        proposal.certainty,
        float(proposal.times),
        here[acts] / (total(here) + 1),
        anywhere[acts] / (total(anywhere) + 1),
        sum(share * counts[acts] / sum_ for share, counts, sum_ in turn.believed if sum_),
        _most(counts[acts] / (sum_ + 1) for _, counts, sum_ in turn.believed),
    ]


def _of_hypotheses(turn: _Turn, acts: Acts) -> list[float]:
    """What the hypotheses meant to the NLU at other times."""
    meant = turn.proposed.meant
    return [
        turn.meant.get(acts, 0.0),
        float(meant.index(acts)) if acts in meant else UNKNOWN,
        float(sum(each == acts for each in meant)),
        *_least_most_other(acts, turn.meant_acts),
    ]


def _of_values(turn: _Turn, proposal: Proposal) -> list[float]:
    """Whether the values that it names were heard, nearly heard, or stood in the prompt."""
    asked, values = turn.proposed.asked, values_of(proposal.acts)
    near = [spelt_near(value, asked.text) for value in values]
    return [
        _most(near, otherwise=UNKNOWN),
        _least(near),
        _least(_most(spelt_near(value, text) for text, _ in asked.hypotheses) for value in values),
        _least(sum(share for text, share in asked.hypotheses if value in text) for value in values),
        _least(sounds_near(value, asked.text) for value in values),
        float(all(value in asked.prompt for value in values)) if values else UNKNOWN,
        spelt_near(proposal.candidate.wording.text, asked.text),
    ]


def _of_acts(acts: Acts) -> list[float]:
    """What kind of meaning it is."""
    names = [act.partition("(")[0] for act in acts]
    slots = [act.partition("(")[2].partition("=")[0] for act in acts if "=" in act]
    return [
        float("affirm" in names),
        float("negate" in names),
        float("reqalts" in names),
        float(names.count("request")),
        float(names.count("inform")),
        float(any("=dontcare" in act for act in acts)),
        float("food" in slots),
        float("area" in slots),
        float("pricerange" in slots),
    ]


def _of_probability(turn: _Turn, acts: Acts) -> list[float]:
    readings = turn.proposed.asked.readings
    chance, top = readings.get(acts, 0.0), readings.get(turn.proposed.asked.top, 0.0)
    return [chance, float(turn.ranks.get(acts, UNKNOWN)), chance / (top + chance + 1e-3), *_least_most_other(acts, turn.read_acts)]


def _beside_top(turn: _Turn, acts: Acts) -> list[float]:
    if turn.top is None:
        return [UNKNOWN] * 3
    return [float(len(acts & turn.top)), float(len(acts - turn.top)), float(len(turn.top - acts))]


def _of_reader(turn: _Turn, acts: Acts) -> list[float]:
    loglik = turn.proposed.read.loglik(acts)
    return [*_least_most_other(acts, turn.proposed.read.acts), loglik - turn.loglik_best, loglik - turn.loglik_top]


def _least_most_other(acts: Acts, chances: Mapping[str, float]) -> list[float]:
    """The least and the most likely of its acts, and the likeliest act that it leaves out."""
    inside = [chances.get(act, 0.0) for act in acts]
    return [_least(inside), _most(inside, otherwise=UNKNOWN), _most(chance for act, chance in chances.items() if act not in acts)]


def _most(values: Iterable[float], *, otherwise: float = 0.0) -> float:
    return max(values, default=otherwise)


def _least(values: Iterable[float]) -> float:
    return min(values, default=UNKNOWN)
