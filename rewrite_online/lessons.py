"""Examples for the ranker from turns that were logged: what was heard, the candidates for it, and what came of it.

A turn that succeeded as said needed nothing, and candidates of another state would have been wrong; one that failed and was linked to a
success would have needed that state, as far as the link goes; of one that failed and was never linked nothing is known but that it failed.
What we said for a customer is a record of that very candidate, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from resay.dialogue.rewrite import BeforeRequest, Heard
from resay.dialogue.text import canonical
from resay.dialogue.turn import Turn
from rewrite_online.candidate import Candidate
from rewrite_online.features import Example
from rewrite_online.meaning import Meaning
from rewrite_online.recall import Recall

SURE_MIN = 0.3
"""Links say less than this where nearly all of them lead to another request; then nothing is known of what was wanted."""


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one turn."""

    turn: Turn
    right: bool | None
    """Whether it succeeded; nothing where nobody knows."""
    states: Mapping[str, float]
    """What was reached in the end, by the turn itself or by later tries, with how sure that is; empty: nothing is known."""
    weight: float = 1.0
    """How many turns like it this one stands for."""
    voice: int | None = None
    """The group of customers who sound alike and said it, where groups are told apart."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What was learnt without some of those who are asked about."""

    recall: Recall
    meaning: Meaning
    voice: int | None = None
    """The group that was left out; nothing where some texts were, or nobody."""


Without = Callable[[Came], Learnt]
"""Of a turn, what was learnt without the likes of it."""


def examples_of(came: Iterable[Came], without: Without) -> Iterator[Example]:
    """The examples; each is shown what was learnt without the likes of it, as new words and voices will be."""
    for each in came:
        heard, learnt = Heard.of(each.turn), without(each)
        found = learnt.recall.gather(heard, learnt.meaning)
        right = _right(each, found.candidates)
        as_said = None if each.turn.rewrite or each.right is None else float(each.right)
        if as_said is None and all(chance is None for chance in right):
            continue
        yield Example(BeforeRequest(heard), found.said, found.candidates, right, as_said, each.turn.customer_id, each.weight, learnt.voice)


def fold_of_text(text: str, folds: int) -> int:
    """The fold of a text, by hash, the same on every machine: the same words are never in two."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) % folds


def _right(came: Came, candidates: Sequence[Candidate]) -> tuple[float | None, ...]:
    """The chance that each candidate would have been right; nothing where it is not known."""
    if came.turn.rewrite:
        put = canonical(came.turn.utterance)
        return tuple(float(came.right) if each.wording.text == put and came.right is not None else None for each in candidates)
    sure = sum(came.states.values())
    if sure < SURE_MIN:
        return (None,) * len(candidates)
    # Of what was reached, each state as far as links say so.
    return tuple(came.states.get(each.wording.state, 0.0) / sure for each in candidates)
