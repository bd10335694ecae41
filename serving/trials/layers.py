"""How each layer fares: what it said, and what labels tell came of it. The same for the page, HTTP and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from resay.dialogue.rewrite import Layer, Reason
from resay.experiment.evidence import Outcomes
from resay.experiment.promote import Stage
from resay.store.books import Books
from resay.store.trials import TrialBooks
from resay.store.triggers import Occasions, SaidBeside, TriggerBooks
from serving.trials.fared import STAGE_NAMES, Fared

SAID_SHOWN_MAX = 50
"""Rewrites of the global layer that are shown, those said most often."""

SAID = (Reason.REWRITTEN, Reason.NEAR_MISS)
"""Reasons of answers in which a layer's words were said."""

NOTES: Mapping[Layer, str] = {
    Layer.TAUGHT: "the customer's own word, and nobody else's to judge",
    Layer.PERSONAL: "each judged for its own customer, every turn",
    Layer.TABLE: "each on trial against its hold-out, a customer once a day",
    Layer.GLOBAL: "each judged over all customers, a customer once a day",
}
"""How each layer is judged."""


@dataclass(frozen=True, slots=True)
class LayerFared:
    """One layer."""

    layer: Layer
    answers: int
    """In which its words were said."""
    right: int | None
    """Nothing where nobody judges."""
    wrong: int | None
    waiting: int | None
    """Of which labels do not tell yet what came of them."""
    left_unsaid: int
    """Rewrites that broke their promise, and are said no more."""
    note: str


@dataclass(frozen=True, slots=True)
class GlobalFared:
    """A rewrite that the global layer says."""

    said: SaidBeside
    stage: Stage

    @property
    def stage_name(self) -> str:
        """What people call its stage; nothing is promoted here."""
        return STAGE_NAMES[self.stage] if self.stage is Stage.TAKEN_BACK else "said"


@dataclass(frozen=True, slots=True)
class Layers:
    """All layers, in the order in which they are asked; and what the last of them says."""

    layers: tuple[LayerFared, ...]
    global_ones: tuple[GlobalFared, ...]


def read_layers(books: Books, fared: Mapping[str, Fared], *, table: frozenset[str]) -> Layers:
    """How each layer fares, from the books; `table` are the ids of the live table, and `fared` all that were ever on trial.

    Raises: BooksUnavailable.
    """
    triggers, said = TriggerBooks(books), books.count_said()
    beside, unsaid = triggers.by_layer(), triggers.count_unsaid()
    stages = {each.rewrite_id: each.stage for each in TrialBooks(books).stages()}
    taken_back = {name for name, stage in stages.items() if stage == Stage.TAKEN_BACK}
    left = {Layer.PERSONAL: unsaid, Layer.TABLE: len(taken_back & table), Layer.GLOBAL: len(triggers.taken_back() - table)}
    told = {Layer.TABLE: _of_table(fared), **{layer: beside.get(layer, Occasions(0, 0, 0, 0)) for layer in (Layer.PERSONAL, Layer.GLOBAL)}}
    rows = tuple(_row(layer, said, told=told.get(layer), left=left.get(layer, 0)) for layer in NOTES)
    ones = tuple(GlobalFared(each, Stage(stages.get(each.rewrite_id, Stage.CANARY))) for each in triggers.said_most(limit=SAID_SHOWN_MAX))
    return Layers(rows, ones)


def layers_json(layers: Layers) -> dict[str, object]:
    """As HTTP and command line tell it."""
    return {
        "layers": [asdict(each) for each in layers.layers],
        "global": [
            {"rewrite_id": one.said.rewrite_id, "source": one.said.source, "target": one.said.target, "stage": one.stage.value}
            | asdict(one.said.occasions)
            for one in layers.global_ones
        ],
    }


def _of_table(fared: Mapping[str, Fared]) -> Occasions:
    applied = sum((each.applied for each in fared.values()), Outcomes())
    return Occasions(0, applied.right, applied.wrong, sum(each.waiting for each in fared.values()))


def _row(layer: Layer, said: Mapping[tuple[str, str], int], *, told: Occasions | None, left: int) -> LayerFared:
    answers = sum(said.get((reason, layer), 0) for reason in SAID)
    right, wrong, waiting = (told.right, told.wrong, told.waiting) if told else (None, None, None)
    return LayerFared(layer, answers, right, wrong, waiting, left, NOTES[layer])
