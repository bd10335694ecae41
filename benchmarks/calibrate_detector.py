# ruff: noqa: T201 - it is run by hand, and printing is what it is for.
"""Fits the weights of the default rephrase detector on simulated home logs, and prints them, to be rounded and written down by hand.

Nothing in the product imports this. Needs the extra `demo`; draws from its learning recordings only.
Run: `python -m benchmarks.calibrate_detector resay/lab/voice_home` (about two minutes).
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from rephrase.candidates import Bounds, candidates_of
from rephrase.combined import CombinedDetector, Weights
from rephrase.evaluate import Pair, average_precision, best_threshold, score_links
from rephrase.evidence import Evidence, Standing, evidence_of, spoken_of
from rephrase.overlap import OverlapDetector
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session
from resay.dialogue.turn import Interpretation, Turn, Versions
from resay.lab.assistant import Assistant
from resay.lab.channel import Channel, Side, false_wakes_of
from resay.lab.conversation import OTHER_GAP_S, Exchange, Stage, Truth
from resay.lab.customer import Popularity
from resay.lab.logged import House, Occasion, log_turn
from resay.lab.making import RECOGNISER, START
from resay.lab.traffic import Span, population, talk
from resay.lab.world import Sound, World, read_world
from resay.label.reading import is_read

SEEDS_FITTED = (101, 102)
SEED_CHOSEN_ON = 103
"""The form of the sum, the ridge and the rounding were chosen here."""
SEED_REPORTED = 104
"""Looked at when all was fixed."""

CUSTOMERS = 300
DAYS = 14
"""With so many, 6,000 turns a seed."""

JOINED = 4
"""Sessions joined into one in the busy half: whoever gave up goes on to something else at once, and refusals are followed by new wishes."""

CONFIDENCE_SPREAD = 3.0
"""Sum of the two parameters of the Beta distribution that the made-up NLU's confidence comes from: from sure to unsure, all is there."""

OBSERVATIONS = 3_000
"""What each table counts as: about the pairs that are independent in it, as all views show the same talk."""

RIDGE = 20.0
"""Pseudo-observations against each weight. The loss on the choosing seed is flat from 2 to 20 (0.258 to 0.259): the smaller weights lean
less on this home."""

UNREFUSED_TRIED = (0.25, 0.4, 0.5, 0.6, 0.75)

NEWTON_STEPS = 30
"""Far more than it needs to settle."""

Array = NDArray[np.float64]
View = Callable[[Turn], Turn]


@dataclass(frozen=True, slots=True)
class Population:
    """One simulation: turns by session in order, the truth about them, and what its NLU made of further hypotheses."""

    sessions: tuple[tuple[Exchange, ...], ...]
    readings: Mapping[str, tuple[Interpretation, ...]]
    """By turn id: the readings of the first hypothesis and of the others, distinct."""

    @property
    def truth(self) -> dict[str, Truth]:
        """By turn id."""
        return {each.turn.turn_id: each.truth for session in self.sessions for each in session}

    @property
    def right(self) -> dict[str, bool]:
        """Whether each turn was right."""
        return {each.turn.turn_id: each.truth.right for session in self.sessions for each in session}


def simulate(world: World, assistant: Assistant, *, seed: int, customers: int = CUSTOMERS) -> Population:
    """One population of customers with its own habits and favourite goals."""
    house = House(world.home, Versions(asr=RECOGNISER))
    stage = Stage(
        world=world,
        assistant=assistant,
        channel=Channel(world, Side.LEARNING, speakers=world.speakers),
        popularity=Popularity(world, Random(f"{seed}/popularity"), weeks=DAYS // 7 + 1),
        house=house,
    )
    people = population(world, seed=seed, customers=customers, days=DAYS)
    sounds = false_wakes_of(world, Side.LEARNING)
    by_session: dict[str, list[Exchange]] = defaultdict(list)
    for day in talk(stage, people, span=Span(START, 0, DAYS), seed=seed, false_wakes=sounds):
        for exchange in day:
            by_session[exchange.turn.session_id or ""].append(exchange)
    sessions = sorted(by_session.values(), key=lambda each: (each[0].turn.customer_id, each[0].turn.at))
    readings = {each.turn.turn_id: _readings(each.turn, stage) for session in sessions for each in session}
    return Population(tuple(tuple(session) for session in sessions), readings)


def _readings(turn: Turn, stage: Stage) -> tuple[Interpretation, ...]:
    room = (turn.context.room if turn.context else None) or ""
    occasion = Occasion(turn.turn_id, "", turn.customer_id, turn.at, room, "", turn.cohorts[0])
    found = list(turn.interpretations)
    for hypothesis in turn.hypotheses[1:]:
        meaning = stage.assistant.understand(hypothesis.text, room)
        heard = log_turn(occasion, Sound(hypothesis.text, (), 0.0, 0.0), meaning=meaning, house=stage.house)
        found += [each for each in heard.interpretations if each not in found]
    return tuple(found) if turn.interpretations else ()


def true_links(session: Sequence[Turn], truth: Mapping[str, Truth]) -> Iterator[Pair]:
    """A turn that failed and the next one of the same goal, whatever made the customer say it; asking again for what worked is none."""
    failed: dict[str, str] = {}
    for turn in session:
        told = truth[turn.turn_id]
        if told.goal in failed:
            yield failed.pop(told.goal), turn.turn_id
        if not told.right and told.goal:
            failed[told.goal] = turn.turn_id


def views_of(people: Population, rng: Random) -> dict[str, View]:
    """What logs of other assistants would hold of the same talk."""
    right = people.right
    read = [turn_id for turn_id, turn in _turns(people) if is_read(turn)]
    sure = sum(right[turn_id] for turn_id in read) / len(read)

    def confident(turn: Turn) -> Turn:
        readings = people.readings[turn.turn_id]
        if not readings:
            return turn
        # By Bayes' rule this confidence is right as often as it says.
        first, second = CONFIDENCE_SPREAD * sure, CONFIDENCE_SPREAD * (1 - sure)
        confidence = rng.betavariate(first + right[turn.turn_id], second + (not right[turn.turn_id]))
        return replace(turn, interpretations=(replace(readings[0], confidence=confidence), *readings[1:]))

    return {
        "as logged": lambda turn: turn,
        "with confidences": confident,
        "without status": lambda turn: replace(confident(turn), response=None),
        "words alone": lambda turn: replace(turn, response=None, interpretations=(), entities=(), hypotheses=()),
    }


def _turns(people: Population) -> Iterator[tuple[str, Turn]]:
    return ((each.turn.turn_id, each.turn) for session in people.sessions for each in session)


def sessions_in(people: Population, view: View, *, busy: bool, rng: Random) -> list[Session]:
    """The sessions as a log holds them; busy customers go on with the next session at once."""
    talks = [tuple(view(each.turn) for each in session) for session in people.sessions]
    if busy:
        talks = list(_joined(talks, rng))
    return [Session(turns[0].customer_id, turns) for turns in talks]


def _joined(talks: Iterable[tuple[Turn, ...]], rng: Random) -> Iterator[tuple[Turn, ...]]:
    median, spread = OTHER_GAP_S
    held: list[Turn] = []
    count = 0
    for turns in talks:
        if held and (held[0].customer_id != turns[0].customer_id or count == JOINED):
            yield tuple(held)
            held, count = [], 0
        if held:
            ends = held[-1].ended_at or held[-1].at
            silence = timedelta(seconds=min(40.0, median * rng.lognormvariate(0, spread)))
            earlier = turns[0].at - ends - silence
            turns = tuple(replace(each, at=each.at - earlier, ended_at=each.ended_at and each.ended_at - earlier) for each in turns)
        held += turns
        count += 1
    if held:
        yield tuple(held)


FITTED = (
    "standings: refused, unread",
    "standings: open",
    "standings: done",
    "second_lag",
    "later_lag",
    "likeness",
    "repeats",
    "alternative",
    "differs",
    "doubt",
    "doubt * doubt_open",
)
LIKENESS = FITTED.index("likeness")
EVIDENCE = slice(3, 9)
"""The fitted ones that the ridge holds down; base rates, and doubt, which is a chance by itself, are left alone."""


def observations(sessions: Iterable[Session], truth: Mapping[str, Truth]) -> tuple[Array, Array]:
    """Evidence and truth of each candidate, up to the true second try of its source: what hazards are fitted on."""
    rows: list[list[float]] = []
    answers: list[float] = []
    for session in sessions:
        spoken = spoken_of(session)
        reads = any(turn.interpretations for turn in session.turns)
        links = set(true_links(session.turns, truth))
        found: set[int] = set()
        for pair in candidates_of(session, Bounds()):
            evidence = evidence_of(spoken, pair, reads=reads)
            if pair.source in found or _is_left_out(evidence):
                continue
            answer = (session.turns[pair.source].turn_id, session.turns[pair.target].turn_id) in links
            found |= {pair.source} if answer else set()
            rows.append(_row(evidence))
            answers.append(answer)
    return np.array(rows), np.array(answers)


def _is_left_out(evidence: Evidence) -> bool:
    """What the detector does not weigh, and denials: in the lab they follow refusals alone."""
    return evidence.approved or evidence.denies or (evidence.standing is Standing.DONE and evidence.same_request)


def _row(evidence: Evidence) -> list[float]:
    likeness = evidence.overlap + evidence.letters
    is_open, done = evidence.standing is Standing.OPEN, evidence.standing is Standing.DONE
    doubt = Weights().doubt_done * done if evidence.doubt is None else evidence.doubt * (is_open or done)
    return [
        float(not is_open and not done),
        float(is_open),
        float(done),
        float(evidence.lag == 2),
        float(evidence.lag > 2),
        likeness * (not is_open and not done),
        float(evidence.same_text and is_open),
        float(evidence.alternative),
        float(evidence.differs),
        doubt,
        float(is_open and evidence.doubt is None),
        likeness * (is_open or done),
    ]


def merged(table: tuple[Array, Array], unrefused: float) -> tuple[Array, Array]:
    """A table with one column of likeness, which counts less where the first was not refused."""
    rows, answers = table
    whole = rows[:, :-1].copy()
    whole[:, LIKENESS] += unrefused * rows[:, -1]
    return whole, answers


def fit(tables: Sequence[tuple[Array, Array]]) -> Array:
    """Weights by logistic regression with a ridge, by Newton's method; each table counts the same, however long."""
    rows, answers = np.vstack([table for table, _ in tables]), np.concatenate([table for _, table in tables])
    importance = np.concatenate([np.full(len(table), OBSERVATIONS / len(table)) for _, table in tables])
    ridge = np.ones(rows.shape[1])
    ridge[EVIDENCE] = RIDGE
    weights = np.zeros(rows.shape[1])
    for _ in range(NEWTON_STEPS):
        chances = _chances(rows, weights)
        slope = rows.T @ (importance * (answers - chances)) - ridge * weights
        curve = (rows * (importance * chances * (1.0 - chances))[:, None]).T @ rows + np.diag(ridge)
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def log_loss(rows: Array, answers: Array, weights: Array) -> float:
    """Mean surprise of the truth; lower is better."""
    chances = _chances(rows, weights)
    return float(-np.mean(answers * np.log(chances) + (1.0 - answers) * np.log(1.0 - chances)))


def _chances(rows: Array, weights: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-rows @ weights))


def _logs(people: Population, seed: int) -> dict[str, list[Session]]:
    """All views of a population, each as it is and busy."""
    rng = Random(f"{seed}/views")
    views = views_of(people, rng)
    return {
        f"{name}{', busy' * busy}": sessions_in(people, view, busy=busy, rng=rng) for name, view in views.items() for busy in (False, True)
    }


def _fitted(people: Mapping[int, Population]) -> None:
    """Print the weights, and how well each choice of the one nonlinear weight does on the seed that chooses."""
    logs = {seed: _logs(each, seed) for seed, each in people.items() if seed != SEED_REPORTED}
    print("likeness_unrefused, mean log loss on the choosing seed, weights")
    print(" ".join(f"{name:>27}" for name in FITTED))
    seen = {seed: [observations(log, people[seed].truth) for log in each.values()] for seed, each in logs.items()}
    for unrefused in UNREFUSED_TRIED:
        tables = {seed: [merged(table, unrefused) for table in each] for seed, each in seen.items()}
        for seeds in (*((seed,) for seed in SEEDS_FITTED), SEEDS_FITTED):
            weights = fit([table for seed in seeds for table in tables[seed]])
            loss = np.mean([log_loss(*table, weights) for table in tables[SEED_CHOSEN_ON]])
            print(f"{unrefused:.2f} {seeds!s:>10} {loss:.4f}", " ".join(f"{weight:.2f}" for weight in weights))


def _scored(people: Population, seed: int) -> None:
    """Print how well the detector, as it is written down, finds the links of one population, and how sure it is."""
    print(
        f"seed {seed}: average precision, F1 at 0.5 and at its best; average precision and best F1 of overlap; gap between sure and right"
    )
    for name, log in _logs(people, seed).items():
        truth = {pair for session in log for pair in true_links(session.turns, people.truth)}
        ours, theirs = ([link for session in log for link in each.links(session)] for each in (CombinedDetector(), OverlapDetector()))
        figures = (
            average_precision(ours, truth),
            score_links(ours, truth, threshold=0.5).f1,
            score_links(ours, truth, threshold=best_threshold(ours, truth)).f1,
            average_precision(theirs, truth),
            score_links(theirs, truth, threshold=best_threshold(theirs, truth)).f1,
            calibration_gap(ours, truth),
        )
        print(f"{name:24}", " ".join(f"{figure:.3f}" for figure in figures), f"{len(truth)} links")


def calibration_gap(links: Sequence[RephraseLink], truth: set[Pair]) -> float:
    """Mean distance between how sure links are and how often they are right, over tenths (expected calibration error)."""
    tenths: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for link in links:
        right = (link.source_turn_id, link.target_turn_id) in truth
        tenths[min(9, int(10 * link.probability))].append((link.probability, right))
    return sum(abs(sum(chance - right for chance, right in tenth)) for tenth in tenths.values()) / max(len(links), 1)


def main(folder: Path) -> None:
    """Fit, choose, report."""
    world = read_world(folder)
    assistant = Assistant(world.home)
    people = {seed: simulate(world, assistant, seed=seed) for seed in (*SEEDS_FITTED, SEED_CHOSEN_ON, SEED_REPORTED)}
    _fitted(people)
    for seed in (SEED_CHOSEN_ON, SEED_REPORTED):
        _scored(people[seed], seed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
