"""The rows of `resay bench replay` on made-up calls in which the right answers are known, and the command around them."""

import json
from pathlib import Path
from random import Random

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from resay.commands.bench import commands as bench
from resay.commands.bench.logistic import fit_logistic
from resay.commands.bench.memory import by_text, by_text_and_prompt, remember
from resay.commands.bench.readings import choose_by_next_words, choose_by_people, labelled_turns
from resay.commands.bench.replay import figures, replay_rows
from resay.commands.bench.threshold import gated, out_of_fold, threshold_for
from resay.label.corpora.dstc2 import Call, Reading
from resay.label.corpora.dstc2_turn import before_request, retry_request
from rewrite_online.evaluate import PASS_THROUGH, Answer, Meanings, Mode, Outcome, TurnResult, replay
from tests.made_calls import CORPUS, call, heard, record, write

MISHEARD = heard("tie food", truth=["inform(food=thai)"], readings=(Reading((), 0.6), Reading(("inform(food=thai)",), 0.4)))
RIGHT = heard("thai food", "inform(food=thai)")
OFFERED = {"asked": ["offer(name=golden wok)"], "prompt": "golden wok serves thai food"}
NOISE = heard("um", readings=(Reading((), 0.6), Reading(("affirm()",), 0.4)), **OFFERED)


def _calls(number: int = 40, prefix: str = "caller", *, start: int = 0) -> list[Call]:
    """Callers who are misheard and say it again, and who make noises that mean nothing."""
    turns = (MISHEARD, RIGHT, NOISE, heard("bye", "bye()"))
    return [call(*turns, caller=f"{prefix}{index}", minute=start + index * 5) for index in range(number)]


def test_logistic_finds_the_chances_that_made_the_labels():
    """Ten thousand draws from known chances; the fit gives them back."""
    rng = Random(1)
    chances = {("bias",): 0.2, ("bias", "loud"): 0.7}
    examples = [(features, rng.random() < chance) for features, chance in chances.items() for _ in range(5_000)]

    model = fit_logistic(examples)

    assert model.chance(["bias"]) == pytest.approx(0.2, abs=0.02)
    assert model.chance(["bias", "loud"]) == pytest.approx(0.7, abs=0.02)


def test_memory_answers_what_people_wrote_with_words_that_the_nlu_reads_so():
    """A misheard text stands for its meaning, and is answered by a text of that meaning."""
    train = _calls(3)
    rewriting = remember(train, key_of=by_text, mode=Mode.BEFORE)

    answers = [rewriting(before_request(train[0].live, turn)) for turn in train[0].live.turns]

    assert [each.target for each in answers] == ["thai food", None, None, None]


def test_memory_on_text_and_prompt_tells_two_questions_apart():
    """The same noise means something after one question and something else after another."""
    area = heard("any", truth=["inform(area=dontcare)"], asked=["request(area)"])
    food = heard("any", truth=["inform(food=dontcare)"], asked=["request(food)"])
    known = [heard("any area", "inform(area=dontcare)", asked=["request(area)"]), heard("any food", "inform(food=dontcare)")]
    train = [call(area, food, *known, caller=name) for name in "abc"]
    rewriting = remember(train, key_of=by_text_and_prompt, mode=Mode.BEFORE)

    answers = [rewriting(before_request(train[0].live, turn)) for turn in train[0].live.turns[:2]]

    assert [each.target for each in answers] == ["any area", "any food"]


def test_callers_who_say_it_again_teach_which_reading_was_meant():
    """Without one label of people: what was refused and meant comes again, and a noise does not."""
    train = _calls()
    rewriting = choose_by_next_words(labelled_turns(train), Meanings(each.live for each in train))

    misheard, right, noise, _ = (rewriting(retry_request(train[0].live, turn)) for turn in train[0].live.turns)

    assert misheard.acts == ("inform(food=thai)",)
    assert right is PASS_THROUGH
    assert misheard.score > 0.8
    assert noise.score < 0.2


def test_people_teach_which_reading_is_right():
    """The right reading is far likelier than the one acted on, the wrong one far less."""
    train = _calls()
    rewriting = choose_by_people(labelled_turns(train), Meanings(each.live for each in train))

    misheard, _, noise, _ = (rewriting(retry_request(train[0].live, turn)) for turn in train[0].live.turns)

    assert misheard.acts == ("inform(food=thai)",)
    assert misheard.score > 0.8
    assert noise.score < -0.8


def test_the_threshold_is_the_lowest_that_keeps_the_aim():
    """Wins and losses by score: the cut stands where the ratio is last met, and equal scores are not torn apart."""
    results = [_result(0.9, Outcome.WIN)] * 8 + [_result(0.8, Outcome.LOSS)] + [_result(0.7, Outcome.WIN)] * 2
    worse = [*results, _result(0.7, Outcome.LOSS), _result(0.6, Outcome.LOSS)]

    assert threshold_for(results, aim=8.5) == 0.7
    assert threshold_for(worse, aim=8.5) == 0.9
    assert threshold_for([_result(0.9, Outcome.LOSS)], aim=8.5) == float("inf")


def test_what_scores_below_the_threshold_passes_through():
    """The gate keeps the answer or gives none."""
    scores = iter([0.4, 0.6])
    rewriting = gated(lambda _request: Answer(target="thai food", score=next(scores)), 0.5)
    request = before_request(_calls(1)[0].live, MISHEARD[0])

    assert [rewriting(request).target, rewriting(request).target] == [None, "thai food"]


def test_no_caller_is_scored_by_what_was_learnt_from_them():
    """Out-of-fold means that learning has not seen the caller."""
    calls = _calls(20)

    def learn(others):
        known = {each.live.caller for each in others}
        return lambda request: pytest.fail("seen before") if request.heard.customer_id in known else PASS_THROUGH

    results = out_of_fold(calls, mode=Mode.BEFORE, learn=learn)

    assert {result.caller for result in results} == {each.live.caller for each in calls}


def test_figures_count_what_happened():
    """Wins, losses, harm and the rest from four turns that are known."""
    turns = [MISHEARD, RIGHT, NOISE, heard("bye", "bye()")]
    calls = [call(*turns, caller=name) for name in ("anna", "ben")]
    results = list(replay(calls, [RIGHT_CALL], mode=Mode.BEFORE, rewriting=lambda _request: Answer(target="thai food")))

    told = {row.metric: row for row in figures("x", results, Random(1), resamples=50)}

    assert (told["defect_rate_before"].value, told["defect_rate_after"].value) == (0.25, 0.5)
    assert told["defect_reduction"].value == -1
    assert (told["wins"].value, told["losses"].value, told["triggers"].value) == (2, 4, 6)
    assert (told["harm"].value, told["harm"].n) == (pytest.approx(4 / 6), 6)
    # "um" and "bye" had nothing that the NLU would do; now both would be done wrongly.
    assert told["wrong_actions_caused"].value == 4
    assert (told["win_loss"].value, told["pairs"].value) == (0.5, 3)


RIGHT_CALL = call(RIGHT, caller="known", minute=-10).live


def test_every_row_has_a_name_of_its_own():
    """Letters a to d, each mode apart."""
    names = [row.name for row in replay_rows()]

    assert len(set(names)) == len(names)
    assert {"a", "b/before", "b/retry", "c/before", "c/retry", "d/retry", "b-gold/before", "c-gold/retry", "d-gold/retry"} <= set(names)
    assert "d/before" not in names


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    bench.register(made)
    made.callback()(lambda: None)
    return made


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    dev = _calls(6, "other")
    return write(tmp_path / "corpus", train=[record(each) for each in _calls(25)], dev=[record(each) for each in dev])


def _run(app: typer.Typer, *arguments: object):
    return CliRunner().invoke(app, ["bench", "replay", *map(str, arguments)])


def test_the_command_answers_in_the_evaluations_form(app: typer.Typer, corpus: Path):
    """Asked for one letter, all of its rows come, each figure once."""
    links = ("--detector", "overlap")
    result = _run(app, "--corpus", "dstc2", "--data", corpus, "--row", "a", "--row", "d", "--json", "--seed", 3, *links)

    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (told["bench"], told["seed"], told["detector"]) == ("replay", 3, "overlap/1")
    assert {row["row"] for row in told["rows"]} == {"a", "d/retry", "d-gold/retry"}
    by_name = {(row["row"], row["metric"]): row["value"] for row in told["rows"]}
    assert by_name["a", "defect_rate_before"] == by_name["a", "defect_rate_after"] == 0.25
    assert by_name["d-gold/retry", "wins"] == 6
    assert by_name["d-gold/retry", "defect_reduction"] == 1


def test_the_table_for_people_says_what_each_row_is(app: typer.Typer, corpus: Path):
    """A line a row, then the row in words."""
    result = _run(app, "--data", corpus, "--row", "b-gold/before")

    assert "exact memory on text of people's labels on train calls" in result.stdout
    assert "Learnt on 25 train calls, scored on 6 dev calls" in result.stdout


def test_decisions_can_be_scored_by_others(app: typer.Typer, corpus: Path, tmp_path: Path):
    """A line a turn, passed through or not; scored again, they give the same wins."""
    out = tmp_path / "decisions.jsonl"

    _run(app, "--data", corpus, "--row", "b-gold/before", "--decisions", out)

    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(lines) == 24
    assert lines[0] == {
        "call": "other0-0",
        "turn": 0,
        "target": "thai food",
        "acts": None,
        "layer": "memory",
        "score": pytest.approx(25 / 26),
    }
    assert lines[1] == {"call": "other0-0", "turn": 1, "target": None, "acts": None, "layer": None, "score": None}


def test_decisions_are_of_one_row(app: typer.Typer, corpus: Path, tmp_path: Path):
    """Two rows in one file could not be told apart."""
    result = _run(app, "--data", corpus, "--row", "b", "--decisions", tmp_path / "decisions.jsonl")

    assert result.exit_code == 2
    assert not (tmp_path / "decisions.jsonl").exists()


def test_a_row_whose_answers_are_kept_is_not_learnt_again(app: typer.Typer, corpus: Path, tmp_path: Path):
    """The second time it is scored by what the file says, as it is written there."""
    asked = ("--data", corpus, "--row", "b-gold/before", "--kept", tmp_path / "kept", "--json")
    first = _run(app, *asked)
    answers = tmp_path / "kept" / "dev.b-gold-before.jsonl"
    again = _run(app, *asked)
    answers.write_text(answers.read_text().replace('"thai food"', '"um"'))

    edited = _run(app, *asked)

    assert _of(first, "wins") == _of(again, "wins") == 6
    assert _of(edited, "wins") == 0


def test_answers_to_another_question_are_refused(app: typer.Typer, corpus: Path, tmp_path: Path):
    """Another detector may have given others, and half a file lacks the rest."""
    asked = ("--data", corpus, "--row", "b-gold/before", "--kept", tmp_path / "kept")
    _run(app, *asked)

    other = _run(app, *asked, "--detector", "overlap")
    path = tmp_path / "kept" / "dev.b-gold-before.jsonl"
    path.write_text(path.read_text()[:-20])
    cut_off = _run(app, *asked)

    assert "must hold answers to" in str(other.exception)
    assert "must hold a row's answers" in str(cut_off.exception)


def _of(result: Result, metric: str) -> float:
    return next(row["value"] for row in json.loads(result.stdout)["rows"] if row["metric"] == metric)


@pytest.mark.parametrize("arguments", [["--row", "z"], ["--split", "train"], ["--corpus", "atis"]])
def test_what_cannot_be_asked_is_wrong_usage(app: typer.Typer, corpus: Path, arguments: list[str]):
    """Unknown rows and corpora, and the split that rows learn on."""
    assert _run(app, "--data", corpus, *arguments).exit_code == 2


def test_a_corpus_that_is_not_there_is_one_clear_sentence(app: typer.Typer, tmp_path: Path):
    """It does not ship, so most people do not have it."""
    result = _run(app, "--data", tmp_path / "nowhere")

    assert "must hold train.jsonl.gz or dev.jsonl.gz" in str(result.exception)


@pytest.mark.parametrize("row", ["b/before", "c/retry"])
def test_no_truth_at_all_reaches_the_rows_that_learn_from_the_log(app: typer.Typer, tmp_path: Path, row: str):
    """Whatever people wrote down on train and dev, these rows decide the same, and what callers said again is what they say."""
    decided = [_decisions(app, tmp_path / f"{seed}", row, train=seed, dev=seed) for seed in (None, 5)]

    assert decided[0] == decided[1]
    assert {json.loads(line)["target"] for line in decided[0]} == {"thai food", None}


@pytest.mark.parametrize("row", ["b-gold/before", "c-gold/retry", "d/retry", "d-gold/retry"])
def test_no_truth_of_the_scored_calls_reaches_any_row(app: typer.Typer, tmp_path: Path, row: str):
    """Rows that learn from train labels decide the same whatever people wrote down on dev."""
    decided = [_decisions(app, tmp_path / f"{seed}", row, train=None, dev=seed) for seed in (None, 5)]

    assert decided[0] == decided[1]
    assert any(json.loads(line)["target"] or json.loads(line)["acts"] for line in decided[0])


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.exists(), reason="DSTC2 is not beside the checkout; it may not ship")
def test_the_corpus_has_the_defects_of_the_evaluation(app: typer.Typer):
    """1,082 of dev's 3,934 turns are defective: the scorer reads "defective" as EVALUATION does."""
    result = _run(app, "--data", CORPUS, "--row", "a", "--json")

    before = next(row for row in json.loads(result.stdout)["rows"] if row["metric"] == "defect_rate_before")
    assert round(before["value"] * 3_934) == 1_082


def _decisions(app: typer.Typer, folder: Path, row: str, **seeds: int | None) -> list[str]:
    # Two weeks, because accounts younger than one do not count towards the floor.
    splits = {"train": [*_calls(25), *_calls(25, start=14 * 24 * 60)], "dev": _calls(6, "other", start=14 * 24 * 60)}
    write(folder, **{name: [record(each, scrambled=seeds[name]) for each in calls] for name, calls in splits.items()})
    result = _run(app, "--data", folder, "--row", row, "--decisions", folder / "decisions.jsonl")
    assert result.exit_code == 0, result.exception
    return (folder / "decisions.jsonl").read_text().splitlines()


def _result(score: float, outcome: Outcome) -> TurnResult:
    was_right = outcome is Outcome.LOSS
    return TurnResult("call", "caller", 0, "said", Answer(target="x", score=score), was_right, not was_right, caused_wrong_action=False)
