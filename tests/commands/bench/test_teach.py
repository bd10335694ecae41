"""`bench teach`: what is scored, over two real services."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from resay.commands.bench.teach import learn, learn_all, lesson_rows, talk_rows, two_replicas
from resay.commands.bench.teach_lessons import Lesson, Wordings, lessons_of, ordinary, second, unseen
from resay.lab.world import VOICE_HOME, read_world
from resay.teach.grammar import Grammar
from serving.teachings_api import LessonTold, TeachingTold
from tests.builders import BASE

PHRASES = ["turn on the lamp", "turn off the lamp"]


def lesson(
    text: str = "when I say movie night I mean dim the lights", *, kind: str = "request", of: Wordings = Wordings.UNSEEN, **others: str
) -> Lesson:
    """A lesson about films."""
    given = {"before": "", "words": "movie night", "meaning": "dim the lights", "asked": "movie night", "wanted": "dim the lights"} | others
    return Lesson(text, kind, of, text, **given)


def test_a_lesson_holds_in_the_next_turn_of_the_other_service(tmp_path: Path):
    """And is gone when told; a risky one is asked first, and a name is used inside a request."""
    risky = lesson("when I say as always I mean unlock the front door", words="as always", meaning="unlock the front door")
    named = lesson(
        "call the floor lamp bertha", kind="name", words="bertha", meaning="floor lamp", asked="dim bertha", wanted="dim the floor lamp"
    )

    with two_replicas(tmp_path, Grammar()) as replicas:
        plain, asked, name = (learn(replicas, number, each, right=PHRASES) for number, each in enumerate([lesson(), risky, named]))

    for each in (plain, asked, name):
        assert (each.understood, each.taught, each.gone) == (True, True, True)
        assert (each.misunderstood, each.leaked, each.harmed) == (False, False, 0)
    assert (plain.asked, asked.asked) == (False, True)
    assert (plain.held, name.held) == (True, True)
    assert not asked.unasked_risk


class Forgetful:
    """Services that misunderstand, change everything, and forget nothing."""

    def teach(self, customer_id: str, text: str, *, before: str = "", yes: bool = False) -> LessonTold:
        """Something else."""
        told = TeachingTold(
            teaching_id="t",
            kind="request",
            words="night",
            meaning="unlock the door",
            at=BASE,
            origin="customer",
            state="taught",
            confirmed=False,
        )
        return LessonTold(outcome="taught", teaching=told)

    def handed(self, customer_id: str, utterance: str) -> str:
        """For everybody."""
        return "unlock the door"

    def forget(self, customer_id: str) -> int:
        """Not at all."""
        return 0


def test_what_goes_wrong_is_counted():
    """Misunderstood, leaked, harmed, unasked, and still there."""
    told = learn(Forgetful(), 0, lesson(), right=PHRASES)

    assert (told.understood, told.misunderstood, told.gone) == (False, True, False)
    assert (told.leaked, told.harmed, told.unasked_risk) == (True, 2, True)


def test_the_rows_are_those_of_the_evaluation():
    """Unseen wordings alone are in `next-turn`, and the second set stands by itself."""
    told = [lesson(), lesson("another wording"), lesson("seen", of=Wordings.SEEN), lesson("second", of=Wordings.SECOND)]
    learnt = learn_all(Forgetful(), told, PHRASES, rng=Random(1))

    rows = {(each.row, each.metric): (each.value, each.n) for each in lesson_rows(learnt, rng=Random(1))}

    assert rows["next-turn", "accuracy"] == (0.0, 2)
    assert rows["next-turn", "misunderstood"] == (1.0, 2)
    assert rows["seen", "accuracy"] == (0.0, 1)
    assert rows["next-turn/second", "accuracy"] == (0.0, 1)
    assert rows["next-turn", "leaked"] == (2, 2)
    talk = {each.metric: each.value for each in talk_rows("ordinary/phrases", PHRASES, Forgetful())}
    assert talk == {"false_alarm": 1.0, "asked": 0.0}


def test_what_needed_a_question_is_counted_apart():
    """It is understood, and not at once."""
    told = replace(learn(Forgetful(), 0, lesson(), right=PHRASES), understood=True)

    rows = {each.metric: each.value for each in lesson_rows([replace(told, asked=True), replace(told, asked=False)], rng=Random(1))}

    assert (rows["accuracy"], rows["at_once"], rows["asked"]) == (1.0, 0.5, 0.5)


def test_lessons_are_of_the_lab():
    """In each wording: words that nobody understands, and a request that works."""
    made = list(lessons_of(read_world(VOICE_HOME), [("request", "{words} means {meaning}")], each=2, rng=Random(7)))

    assert len(unseen()) >= 150
    assert len(ordinary()) >= 100
    assert len(second()) >= 60
    assert len({*second(), *unseen()}) == len(second()) + len(unseen())
    assert len(made) == 2 * (1 + len(unseen()) + len(second()))
    assert [each.of for each in made[:2]] == [Wordings.SEEN] * 2
    assert made[-1].of is Wordings.SECOND
    for each in made:
        assert each.meaning in each.text
        assert each.wanted != each.asked
        if each.kind == "name":
            assert each.meaning in each.wanted
            assert each.words in each.asked
