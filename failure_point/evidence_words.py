"""What each piece of evidence means, in words by which a person can look it up in the log; and its value as people count.

Knows the names that `features` and the model give to what they see. Knows nothing of models.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from resay.dialogue.turn import ResponseStatus

_FLAG = "1 yes, 0 no"
_LIKENESS = "0 nothing alike, 1 the same"
_SHARE = "0 to 1"

_HEARD = {
    "words": "words of the utterance",
    "letters": "letters of the utterance",
    "letters_a_word": "letters a word, on the average",
    "short_words": f"share of its words that have less than three letters ({_SHARE})",
    "score": "the recogniser's score of its first transcript",
    "score_gap": "how much higher the recogniser scored its first transcript than its second",
    "score_mean": "the recogniser's scores of all its transcripts, on the average",
    "hypotheses": "transcripts that the recogniser gave",
    "hypotheses_alike": f"how alike the first transcript and the others are, on the average ({_LIKENESS})",
    "hypotheses_alike_least": f"how alike the first transcript and the one least like it are ({_LIKENESS})",
    "hypotheses_empty": f"share of transcripts without words ({_SHARE})",
    "hypotheses_shorter": "how many letters the first transcript has more than the others, on the average",
    "hypotheses_sound_alike": f"how alike the first transcript and the others sound ({_LIKENESS})",
    "duration": "seconds of sound",
    "letters_a_second": "letters for each second of sound",
    "loudness": "decibels of speech over noise",
    "wake_score": "score of the wake word",
    "barge_in": f"the customer spoke over what the assistant was saying ({_FLAG})",
}

_UNDERSTOOD = {
    "interpretations": "interpretations that the assistant gave",
    "confidence": "the assistant's confidence in its first interpretation",
    "confidence_gap": "how much more confident it was of the first interpretation than of the second",
    "confidence_rest": "confidence that it gave to none of its interpretations",
    "readings_agree": f"share of the other interpretations with the first one's intent ({_SHARE})",
    "confidence_same_intent": "its confidence in the first interpretation's intent, over all interpretations",
    "confidence_nothing": "its confidence that nothing was meant",
    "slots": "slots that it filled",
    "slot_words_said": f"share of the words in its slots that were heard in the utterance ({_SHARE})",
    "said_in_slots": f"share of the utterance's words that stand in a slot ({_SHARE})",
    "longest_slot": "words in the longest slot",
    "entities": "entities that it named",
    "entities_lost": f"share of entities that it could not resolve ({_SHARE})",
}

_ANSWERED = {
    "status": "the status that the assistant logged",
    "was_done": f"the assistant logged that it was done ({_FLAG})",
    "was_refused": f"the assistant refused, by its status or by the words of its answer ({_FLAG})",
    "answer_words": "words of the answer",
    "answer_repeats": f"share of the utterance's longer words that the answer repeats ({_SHARE})",
    "answer_shows_slots": f"share of the words in slots that the answer repeats ({_SHARE})",
    "acted": f"the assistant logged an action ({_FLAG})",
    "prompted": f"the assistant had asked something before ({_FLAG})",
    "said_yes": "what the customer said outright of it (1 right, 0 wrong)",
    "rating": "how the customer rated it",
    "answer_is_prompt": f"how alike the answer and the question before it are ({_LIKENESS})",
}

_BEFORE = {
    "before_alike": f"how alike this utterance and the one before are ({_LIKENESS})",
    "before_refused": f"the turn before was refused ({_FLAG})",
    "before_same_intent": f"the turn before was taken for the same intent ({_FLAG})",
    "before_same_answer": f"how alike this answer and the one before are ({_LIKENESS})",
    "before_gap": "seconds of silence since the turn before",
}

_AFTER = {
    "gap": "seconds of silence until the next turn",
    "is_last": f"it is the last turn of its session ({_FLAG})",
    "followed": "turns behind it that were looked at",
    "after_alike": f"how alike this utterance and the next are ({_LIKENESS})",
    "after_sound": f"how alike this utterance and the next sound ({_LIKENESS})",
    "after_words": f"share of words that this utterance and the next have in common ({_SHARE})",
    "after_refused": f"the next turn was refused ({_FLAG})",
    "after_done": f"the assistant logged that the next turn was done ({_FLAG})",
    "after_same_intent": f"the next turn was taken for the same intent ({_FLAG})",
    "after_same_slots": f"share of slots that are filled alike in the next turn ({_SHARE})",
    "after_other_values": "slots that the next turn fills otherwise",
    "after_same_answer": f"how alike this answer and the next are ({_LIKENESS})",
    "after_objects": "words of objection at the beginning of the next utterance, such as no, wrong, i said",
    "after_barges_in": f"the customer spoke over the answer ({_FLAG})",
    "after_in_hypotheses": f"how alike the next utterance and the nearest other transcript of this one are ({_LIKENESS})",
    "after_same_prompt": f"the assistant asked the same again ({_FLAG})",
    "after_longer": "how many letters the next utterance has more than this one",
    "after_lost_alike": f"how alike this utterance and the nearest one behind it that was refused are ({_LIKENESS})",
    "after_won_alike": f"how alike this utterance and the nearest one behind it that was not refused are ({_LIKENESS})",
    "after_won_same_intent": f"the nearest utterance behind it that was not refused was taken for the same intent ({_FLAG})",
    "after_score": "the recogniser's score of the next utterance",
}

_TRAFFIC = {
    "traffic_same": "other customers of this log who say the same",
    "traffic_same_done": f"how often the same is done when it is said at other times ({_SHARE})",
    "traffic_near": f"how alike the nearest other text of this log is ({_LIKENESS})",
    "traffic_good": f"how alike the nearest text of this log is that was done ({_LIKENESS})",
    "traffic_good_sound": f"how alike the nearest text of this log sounds that was done ({_LIKENESS})",
    "traffic_good_same_intent": f"the nearest text of this log that was done was taken for the same intent ({_FLAG})",
    "traffic_oftener": f"how alike the nearest text is that more customers say ({_LIKENESS})",
    "traffic_oftener_by": "how many times as many customers say the nearest text that more customers say",
    "traffic_refused": f"how alike the nearest text is that several customers said and that was never done ({_LIKENESS})",
    "traffic_near_done": f"how often the nearest texts of this log are done ({_SHARE})",
    "traffic_near_intent": f"how often the nearest texts of this log are taken for the same intent ({_SHARE})",
    "traffic_words": f"share of its words that other texts of this log have too ({_SHARE})",
    "traffic_pairs": f"share of its pairs of neighbouring words that other texts of this log have too ({_SHARE})",
    "traffic_rarest_pair": "other texts of this log that have its rarest pair of neighbouring words",
    "traffic_values": "how often its rarest slot is filled so in this log, where it was not refused",
    "traffic_values_near": f"how alike the nearest known value of its rarest slot is ({_LIKENESS})",
    "traffic_other_good": f"how alike another transcript and the nearest text that was done are ({_LIKENESS})",
    "traffic_other_good_sound": f"how alike another transcript and the nearest text that was done sound ({_LIKENESS})",
    "score_rank": "where the recogniser's score stands among all of this log (0 the lowest, 1 the highest)",
    "confidence_rank": "where the assistant's confidence stands among all of this log (0 the lowest, 1 the highest)",
}

_OWN = {
    "own_turns": "turns of this customer at other times",
    "own_same_done": "times that this customer said the same and it was done",
    "own_same_lost": "times that this customer said the same and it was not done",
    "own_done": f"how alike the nearest text is that this customer said at other times and that was done ({_LIKENESS})",
    "own_done_sound": f"how alike the nearest text sounds that this customer said at other times and that was done ({_LIKENESS})",
    "own_lost": f"how alike the nearest text is that this customer said at other times in vain ({_LIKENESS})",
}

_SAID_SIGNS = {
    "negation": "negation (no, not, never)",
    "thanks": "thanks",
    "consent": "consent (yes, right, okay)",
    "farewell": "farewell",
    "complaint": "complaint (wrong, again, i said)",
    "repair": "repair (i meant, actually, instead)",
}

_ANSWER_SIGNS = {
    "apology": "apology",
    "refusal": "refusal (cannot, unable)",
    "confusion": "not understanding",
    "done": "something being done",
    "offer": "offering something",
    "asking": "asking for something",
    "more": "asking for another wish",
    "closing": "taking leave",
}

_SIGNS = {
    **{f"says_{name}": f"words of {sign} in the utterance" for name, sign in _SAID_SIGNS.items()},
    **{f"answer_{name}": f"words of {sign} in the answer" for name, sign in _ANSWER_SIGNS.items()},
    "answer_refuses": f"the answer admits in words that it failed ({_FLAG})",
    "answer_asks": f"the answer is a question ({_FLAG})",
    **{f"after_says_{name}": f"words of {sign} in the next utterance" for name, sign in _SAID_SIGNS.items()},
    "after_answer_refuses": f"the next answer admits in words that it failed ({_FLAG})",
    "before_asks": f"the answer before was a question ({_FLAG})",
    "before_answer_refuses": f"the answer before admitted in words that it failed ({_FLAG})",
}

LIKE, READING, WORDING = "known texts like it", "a second reading of it", "the likeliest known wording"
"""What the model calls the three things that it knows of texts."""

_KNOWN = {
    LIKE: f"how alike the nearest text is of those whose failures are known ({_LIKENESS})",
    READING: f"how sure a second reading of the words is of the assistant's intent ({_SHARE})",
    WORDING: "the wording that was most likely spoken, of those whose mishearings are known",
}

_VIEWS = {
    "words heard": "words that were heard",
    "words understood": "what the assistant understood: intent, domain, slots, entities",
    "words answered": "status, action and words of the answer",
    "words followed": "what the customer said next, and what the assistant took it for",
}

MEANS: Mapping[str, str] = {
    **_HEARD, **_UNDERSTOOD, **_ANSWERED, **_BEFORE, **_AFTER, **_TRAFFIC, **_OWN, **_SIGNS, **_KNOWN, **_VIEWS,
}  # fmt: skip
"""What each name of evidence means, to be read as: this, of this value, spoke for the verdict or against it."""

_COUNTED_AS_LOGARITHMS = frozenset(
    {"before_gap", "gap", "traffic_same", "traffic_rarest_pair", "traffic_values", "own_turns"},
)  # fmt: skip
"""Features that are log(1 + n) of what people count."""


def value_of(what: str, value: float) -> float | str:
    """The value of a feature as the log has it or people count it: seconds, customers, times, a status."""
    if what == "status":
        return list(ResponseStatus)[int(value)].value
    if what == "traffic_oftener_by":
        return round(math.exp(value), 1)
    return round(math.expm1(value) if what in _COUNTED_AS_LOGARITHMS else value, 4)


def gram_told(gram: str) -> str:
    """A piece of text or of a logged reading as people write it: words in quotes, and where they stand."""
    if not gram.startswith("w "):
        return gram
    run = gram.removeprefix("w ")
    if run.startswith("^ "):
        return f"begins with “{run.removeprefix('^ ')}”"
    return f"ends with “{run.removesuffix(' $')}”" if run.endswith(" $") else f"“{run}”"
