"""Artifacts: numbered, hashed, and one pointer."""

from __future__ import annotations

import hashlib
import mmap
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from resay.store.artifact import MAPPED_FROM, BrokenArtifact, Generation, LargeFile, Shelf, ShelfUnavailable, hash_of
from tests import child


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """An empty shelf."""
    return Shelf(tmp_path / "rewrites")


def test_what_is_written_is_live_only_when_published(shelf: Shelf):
    """Writing and publishing are two steps."""
    generation = shelf.write({"table": b"one"})
    assert shelf.current() is None

    shelf.publish(generation.number)
    current = shelf.current()

    assert current is not None
    assert (current.number, current.read("table")) == (1, b"one")


def test_rolling_back_is_publishing_an_older_number(shelf: Shelf):
    """The pointer moves both ways, and nothing else does."""
    for content in (b"one", b"two"):
        shelf.publish(shelf.write({"table": content}).number)

    shelf.publish(1)

    assert (shelf.open(1), shelf.numbers()) == (shelf.current(), [1, 2])


def test_writers_at_once_get_numbers_of_their_own(shelf: Shelf):
    """No generation is ever written over."""
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda content: shelf.write({"table": content}).number, [b"a", b"b", b"c", b"d", b"e"]))

    assert sorted(numbers) == shelf.numbers() == [1, 2, 3, 4, 5]
    assert {shelf.open(number).read("table") for number in numbers} == {b"a", b"b", b"c", b"d", b"e"}


def test_a_file_that_was_changed_is_noticed(shelf: Shelf):
    """A generation is what was written, or it is broken."""
    generation = shelf.write({"table": b"one"})
    (generation.path / "table").write_bytes(b"onf")

    with pytest.raises(BrokenArtifact, match="its hash differs"):
        shelf.publish(1)

    assert shelf.current() is None


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"sha256": 3}'])
def test_a_broken_manifest_is_noticed(shelf: Shelf, manifest: str):
    """No manifest, no generation."""
    generation = shelf.write({"table": b"one"})
    (generation.path / "manifest.json").write_text(manifest)

    with pytest.raises(BrokenArtifact, match="was it deleted, or never finished"):
        shelf.open(1)


def test_a_broken_pointer_is_noticed(shelf: Shelf, tmp_path: Path):
    """A pointer that was edited by hand is not guessed at."""
    shelf.publish(shelf.write({"table": b"one"}).number)
    (tmp_path / "rewrites" / "current").write_bytes(b"\xff newest")

    with pytest.raises(BrokenArtifact, match="must hold a generation's number"):
        shelf.current()


def test_a_missing_file_is_noticed(shelf: Shelf):
    """A generation with a file less is broken."""
    generation = shelf.write({"table": b"one", "proof": b"two"})
    (generation.path / "proof").unlink()

    with pytest.raises(BrokenArtifact, match="file proof must be in"):
        shelf.open(1)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path):
    """On a full disk: one sentence, no generation, no draft."""
    code = """
import resource, sys
from pathlib import Path
from resay.store.artifact import Shelf, ShelfUnavailable
shelf = Shelf(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    shelf.write({"table": b"x" * 1000})
except ShelfUnavailable as error:
    print(error)
"""

    done = child.run(code, tmp_path, home=tmp_path)

    assert "is the disk full, or the folder not yours?\n" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_shelf_below_a_file_is_said(tmp_path: Path):
    """A path that can be no folder gives one sentence."""
    (tmp_path / "file").write_text("")
    shelf = Shelf(tmp_path / "file" / "shelf")

    with pytest.raises(ShelfUnavailable, match="artifacts must be readable and writable"):
        shelf.write({"table": b"one"})
    with pytest.raises(ShelfUnavailable, match="artifacts must be readable and writable"):
        shelf.current()


def test_a_large_file_is_read_where_it_lies(tmp_path: Path):
    """And is checked as others are: one byte that was changed is told, and the hash is that of the whole."""
    shelf, content = Shelf(tmp_path), bytes(range(256)) * (MAPPED_FROM // 256) + b"the end"
    generation = shelf.write({"large": content, "small": b"few"})

    large, small = shelf.open(generation.number).mapped("large"), generation.mapped("small")

    assert isinstance(large.obj, mmap.mmap)
    assert (bytes(small), bytes(large[-7:]), len(large)) == (b"few", b"the end", len(content))
    assert hash_of(large) == hashlib.sha256(content).hexdigest()
    with (generation.path / "large").open("r+b") as file:
        file.seek(MAPPED_FROM - 5)
        file.write(b"x")
    with pytest.raises(BrokenArtifact, match="its hash differs"):
        shelf.open(generation.number)


def test_a_large_file_may_be_read_by_place(tmp_path: Path):
    """Byte for byte what is mapped; where it was cut off that is told."""
    content = bytes(range(256)) * 40
    (tmp_path / "large").write_bytes(content)
    os.truncate(tmp_path / "large", MAPPED_FROM)

    large = Generation(1, tmp_path).mapped("large")

    assert isinstance(large.obj, LargeFile)
    assert large.obj.read_at(300, 500) == content[300:800] == bytes(large[300:800])
    assert large.obj.read_at(MAPPED_FROM - 3, 3) == b"\0\0\0"
    with pytest.raises(BrokenArtifact, match=r"must have 4 bytes from 134,217,725 on; it has 3; was it cut off"):
        large.obj.read_at(MAPPED_FROM - 3, 4)


def test_a_large_file_that_is_let_go_of_is_closed(tmp_path: Path):
    """Each generation that was served once would keep its files open, else."""
    path = tmp_path / "large"
    path.write_bytes(b"x" * 5_000)
    with path.open("rb") as file:
        large = LargeFile(file.fileno())
    assert path.resolve() in opened()

    del large

    assert path.resolve() not in opened()


def opened() -> list[Path]:
    """The files that this process has open."""
    return [each.resolve() for each in Path("/proc/self/fd").iterdir()]
