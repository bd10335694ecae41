"""The watch: new generations and vetoes come in whole, and what is broken stays out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resay.dialogue.rewrite import Rewrite
from resay.store.artifact import Generation, Shelf
from resay.store.books import BooksUnavailable, Veto
from resay.store.rewrites import PROOF_FILE, REWRITES_FILE
from rewrite_online.gate import Vetoes
from rewrite_online.rewriter import Live
from rewrite_online.watch import RETRY_REFRESHES, Watch
from tests.builders import asked, rewrite, rewrite_files


def publish(shelf: Shelf, *rewrites: Rewrite) -> Generation:
    return shelf.publish(shelf.write(rewrite_files(*rewrites)).number)


def targets(live: Live, utterance: str) -> list[str]:
    return [each.target for layer in live.layers for each in layer.candidates(asked(utterance))]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "rewrites")


def test_nothing_is_live_before_a_generation_is_published(shelf: Shelf):
    """A written table is not a published one; the reason says what to do."""
    shelf.write(rewrite_files(rewrite()))

    live = Watch(shelf, list).refresh()

    assert (live.generation, live.layers) == (None, ())
    assert "no rewrites are published yet" in (live.problem or "")


def test_a_published_generation_becomes_live(shelf: Shelf):
    """The next look finds it; until then nothing moves."""
    watch = Watch(shelf, list)
    watch.refresh()
    published = publish(shelf, rewrite("play madona", "play madonna"))

    before, after = watch.live(), watch.refresh()

    assert (before.generation, after.generation, after.problem) == (None, published.number, None)
    assert targets(after, "play madona") == ["play madonna"]


def test_roll_back_moves_back(shelf: Shelf):
    """Publishing an older number is as good as a new one."""
    watch = Watch(shelf, list)
    first, second = publish(shelf, rewrite("a", "one")), publish(shelf, rewrite("a", "two"))
    assert watch.refresh().generation == second.number

    shelf.publish(first.number)

    assert targets(watch.refresh(), "a") == ["one"]


def test_an_unmoved_pointer_is_not_read_again(shelf: Shelf):
    """What is live is the very same object."""
    watch = Watch(shelf, list)
    publish(shelf, rewrite())

    assert watch.refresh() is watch.refresh()


_TWO = rewrite_files(rewrite("a", "two"))
UNPROVEN = {**_TWO, PROOF_FILE: _TWO[PROOF_FILE].replace(b'"proven"', b'"refused"')}
OF_ANOTHER_TABLE = {**rewrite_files(rewrite("a", "two")), PROOF_FILE: rewrite_files()[PROOF_FILE]}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({REWRITES_FILE: b"not json\n", PROOF_FILE: b"{}"}, "must be a proof"),
        ({REWRITES_FILE: b""}, "proof.json"),
        ({"other": b""}, "rewrites.jsonl"),
        (UNPROVEN, "must be proven"),
        (OF_ANOTHER_TABLE, "must be proven"),
        (rewrite_files(rewrite("a", "/restart")), "command prefix"),
        (rewrite_files(rewrite("a", "b"), rewrite("a", "c")), "one target"),
    ],
)
def test_a_broken_generation_leaves_the_old_one_live(shelf: Shelf, files: dict[str, bytes], why: str):
    """What cannot be read, is not proven or must not be served is told, and changes nothing."""
    watch = Watch(shelf, list)
    publish(shelf, rewrite("a", "one"))
    old = watch.refresh()

    shelf.publish(shelf.write(files).number)
    live = watch.refresh()

    assert (live.generation, targets(live, "a")) == (old.generation, ["one"])
    assert why in (live.problem or "")


def test_what_keeps_a_generation_out_is_logged_once(shelf: Shelf, caplog: pytest.LogCaptureFixture):
    """It is tried again and again for as long as it is published; the log says so once, without a text."""
    watch = Watch(shelf, list)
    publish(shelf, rewrite("my secret", "my other secret", support=1))

    for _ in range(3 * RETRY_REFRESHES):
        watch.refresh()

    (logged,) = [each.getMessage() for each in caplog.records]
    assert "enough customers must stand behind it" in logged
    assert "secret" not in logged


def test_a_generation_that_was_edited_by_hand_is_refused_until_it_is_mended(shelf: Shelf):
    """A hash that differs keeps it out; once the file is right again it comes in without another publish."""
    published = publish(shelf, rewrite("a", "one"))
    file = published.path / REWRITES_FILE
    right = file.read_bytes()
    file.write_bytes(right.replace(b"one", b"two"))
    watch = Watch(shelf, list)
    assert "its hash differs" in (watch.refresh().problem or "")

    file.write_bytes(right)
    lives = [watch.refresh() for _ in range(RETRY_REFRESHES)]

    assert lives[0].generation is None
    assert lives[-1].generation == published.number


def test_a_pointer_that_vanishes_changes_nothing(shelf: Shelf, tmp_path: Path):
    """A folder that is gone for a moment is a fault, not a wish."""
    watch = Watch(shelf, list)
    publish(shelf, rewrite("a", "one"))
    watch.refresh()

    (tmp_path / "rewrites/current").unlink()
    live = watch.refresh()

    assert targets(live, "a") == ["one"]
    assert live.problem


def test_vetoes_are_read_at_every_look(shelf: Shelf):
    """A veto holds from the next look on."""
    vetoes: list[Veto] = []
    watch = Watch(shelf, lambda: vetoes)
    publish(shelf, rewrite("a", "one"))
    assert watch.refresh().vetoes == Vetoes()

    vetoes.append(Veto("a", "", "maria", "wrong", datetime(2026, 1, 1, tzinfo=UTC)))

    assert watch.refresh().vetoes == Vetoes.of([("a", "")])


def test_without_its_vetoes_nothing_is_served(shelf: Shelf):
    """Books that cannot be read at the start keep the table out; later, the last vetoes known still hold."""
    publish(shelf, rewrite("a", "one"))
    shut = True

    def read() -> Sequence[Veto]:
        if shut:
            message = "books must be readable"
            raise BooksUnavailable(message)
        return [Veto("b", "", "maria", "wrong", datetime(2026, 1, 1, tzinfo=UTC))]

    watch = Watch(shelf, read)
    assert (watch.refresh().generation, watch.live().problem) == (None, "books must be readable")

    shut = False
    assert watch.refresh().generation == 1

    shut = True
    assert watch.refresh().vetoes == Vetoes.of([("b", "")])
    assert watch.live().problem == "books must be readable"
