"""Two at one job: the loser looks again, nothing is lost or there twice, and who always loses says so."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.landing import land_records
from rephrase.combined import CombinedDetector
from rephrase.detect import detect, detect_job
from resay.dialogue.codec import encode, whole
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session
from resay.dialogue.tick import silent
from resay.dialogue.turn import Hypothesis, Turn
from resay.label.job import label, label_job
from resay.store.job import CONFLICTS_MAX, Advance, JobContended, JobStep, advance, lag, take_in
from resay.store.lake import Lake
from resay.store.tables import FLOORS, LINKS, OUTCOMES
from tests.builders import BASE, turn
from tests.store.judged import DETECT, LABEL, catch_up, labels, whole_labels

REFUSED = turn("it's too dark in here", at=0, turn_id="t1", status="unsupported")
AGAIN = turn("turn on the bedroom lights", at=12, turn_id="t2", intent="on", slots={"area": "bedroom"})


def put(lake: Lake, *turns: Turn) -> None:
    """Land turns in one commit."""
    land_records([encode(whole(each)) for each in turns], source="test", lake=lake, now=BASE + timedelta(days=1))


def one_more(number: int) -> Turn:
    """Somebody else says something."""
    return turn("lights lights", customer=f"d{number}", status="unsupported")


def test_a_step_that_another_took_is_looked_at_again(tmp_path: Path):
    """Nothing is left of it then, and that is no fault."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, AGAIN)

    def overtaken(step: JobStep) -> None:
        if step is JobStep.JUDGED:
            advance(DETECT, lake)

    taken = take_in(detect_job(CombinedDetector(), overtaken), lake)

    assert (taken, lake.version(LINKS)) == (None, 1)


def test_what_is_left_of_it_is_taken(tmp_path: Path):
    """The other took the step, and more has come since."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, AGAIN)
    others = iter([one_more(1)])

    def overtaken(step: JobStep) -> None:
        if step is JobStep.JUDGED and (more := next(others, None)):
            advance(DETECT, lake)
            put(lake, more)

    assert take_in(detect_job(CombinedDetector(), overtaken), lake) == Advance(1, {"links": 0})
    assert labels(lake)["links"] == whole_labels(lake)["links"]


def test_who_is_never_first_says_so(tmp_path: Path):
    """A bound on steps lost in a row, and a sentence with a question."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, AGAIN)
    lost: list[int] = []

    def overtaken(step: JobStep) -> None:
        if step is JobStep.JUDGED:
            advance(DETECT, lake)
            put(lake, one_more(len(lost)))
            lost.append(1)

    with pytest.raises(JobContended, match="does another process run the same job on this lake"):
        take_in(detect_job(CombinedDetector(), overtaken), lake, conflicts_max=3)

    assert len(lost) == 4


class Overtaken:
    """The detector that ships; while it looks at its first session, somebody else goes on."""

    name, version = CombinedDetector.name, CombinedDetector.version

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._meanwhile = [meanwhile]

    def links(self, session: Session) -> list[RephraseLink]:
        """As ever."""
        while self._meanwhile:
            self._meanwhile.pop()()
        return CombinedDetector().links(session)


def test_a_run_over_the_whole_lake_is_not_lost_to_a_stream(tmp_path: Path):
    """The stream took in two more turns while it ran: its rows go in, and what came since is taken in behind them."""
    lake = Lake(tmp_path)
    put(lake, REFUSED)
    catch_up(lake)

    def stream() -> None:
        put(lake, AGAIN)
        advance(DETECT, lake)
        put(lake, one_more(1))

    report = detect(lake, Overtaken(stream), silent)

    assert (report.turns, report.links) == (1, 0)
    assert lag(DETECT, lake) == 0
    assert [row[:2] for row in labels(lake)["links"]] == [("t1", "t2")]
    catch_up(lake)
    assert labels(lake) == whole_labels(lake)


def test_a_run_over_the_whole_lake_that_is_always_overtaken_says_so(tmp_path: Path):
    """It asks the others to rest."""
    lake = BusyLake(tmp_path)
    put(lake, REFUSED, AGAIN)

    with pytest.raises(JobContended, match="can they rest while the whole lake is judged"):
        detect(lake, CombinedDetector(), silent)

    assert lake.replaced == CONFLICTS_MAX + 1


class BusyLake(Lake):
    """A lake on which a stream takes a step whenever somebody is about to put a whole table in."""

    replaced = 0

    def replace(self, *words: object, **named: object) -> None:
        """As ever, a moment too late."""
        self.replaced += 1
        put(self, one_more(self.replaced))
        advance(DETECT, self)
        super().replace(*words, **named)  # type: ignore[arg-type]


def scored(number: int, score: float) -> Turn:
    """A turn whose recogniser gives so much for its words."""
    return turn("turn on the lights", at=100 * number, turn_id=f"s{number}", intent="on", hypotheses=(Hypothesis("lights", score),))


class Killed(BaseException):
    """The process is gone: not an error, so that nobody answers it."""


def test_floors_that_were_taken_before_a_kill_label_everything(tmp_path: Path):
    """The tables say by which edition of the floors they were made: a run that died behind taking them is made good by the next step."""
    lake = Lake(tmp_path)
    put(lake, *(scored(number, float(number)) for number in range(205)))
    catch_up(lake)

    def die(_done: int, _total: int | None = None) -> None:
        raise Killed

    with pytest.raises(Killed):
        label(lake, die)
    by_old = labels(lake)
    step = advance(LABEL, lake)

    assert lake.count(FLOORS) == 1
    assert step is not None
    assert step.turns == 205
    assert labels(lake) != by_old
    assert labels(lake) == whole_labels(lake)
    assert advance(LABEL, lake) is None, "floors that are the same again are no new edition"


def test_a_step_with_old_floors_does_not_stay(tmp_path: Path):
    """Floors change while a step is judged: it may go in, and the next step judges all by the new ones."""
    lake = Lake(tmp_path)
    put(lake, *(scored(number, float(number)) for number in range(205)))

    def overtaken(step: JobStep) -> None:
        if step is JobStep.JUDGED:
            label(lake, silent)

    take_in(label_job(observe=overtaken), lake)
    catch_up(lake)

    assert labels(lake) == whole_labels(lake)


class Worker(threading.Thread):
    """Does its work again and again, at least once, and remembers what it broke at."""

    def __init__(self, work: Callable[[], object], *, until: threading.Event) -> None:
        super().__init__()
        self.fault: BaseException | None = None
        self._work, self._until = work, until

    def run(self) -> None:
        """Until all has landed."""
        try:
            self._work()
            while not self._until.is_set():
                self._work()
        except BaseException as error:
            self.fault = error


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_streams_and_batch_runs_at_once_lose_and_double_nothing(tmp_path: Path, seed: int):
    """Two streams, a batch run again and again, and turns that keep coming, each on a thread of its own."""
    rng = random.Random(seed)
    lake, landed = Lake(tmp_path), threading.Event()
    put(lake, REFUSED)

    def stream() -> None:
        take_in(DETECT, lake)
        take_in(LABEL, lake)

    def batch() -> None:
        detect(lake, CombinedDetector(), silent)
        label(lake, silent)

    threads = [Worker(work, until=landed) for work in (stream, stream, batch)]
    for thread in threads:
        thread.start()
    for number in range(12):
        tries = [replace_customer(each, f"c{rng.randrange(3)}", number) for each in (REFUSED, AGAIN)]
        put(lake, *rng.sample(tries, 2))
    landed.set()
    for thread in threads:
        thread.join()
    catch_up(lake)

    assert [thread.fault for thread in threads] == [None, None, None]
    said = labels(lake)
    assert len({row[0] for row in said["outcomes"]}) == len(said["outcomes"]) == lake.count(OUTCOMES) == 25
    assert said == whole_labels(lake)


def replace_customer(each: Turn, customer: str, number: int) -> Turn:
    """The same words of another customer, somewhat later."""
    at = 30 * number + (each.at - BASE).total_seconds()
    status = each.response.status if each.response else None
    return turn(each.utterance, at=at, customer=customer, turn_id=f"{each.turn_id}-{number}", status=status)
