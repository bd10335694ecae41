"""The finder's file of a generation: what finding and recalling its wordings takes, made once, and used where it lies.

Texts and sounds stand in the order in which they are looked up, beside the places of their lines: a wording is read from its line when it
is asked for, and held to it. What `shelves` and `recall` make of the same wordings gives the very same answers. Knows nothing of whether
wordings may be served.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

import msgspec
import numpy as np

from resay.dialogue.wording import Wording
from resay.store.arrays import Array, Arrays, Strings, encode_arrays, in_a_row
from resay.store.artifact import BrokenArtifact, LargeFile, hash_of
from resay.store.wordings import FINDER_FILE, WORDINGS_FILE, decode_wording
from rewrite_online.recall import TARGET_SUCCESS_MIN, fares, mistaken_states, words_of
from rewrite_online.sense import made_for
from rewrite_online.shelves import SOUND_GRAM, Places, Ways, WordingShelf, in_order, shelved
from rewrite_online.spelling import ARRAYS, GRAM, Runs

FORM = "resay.finder/1"

LATELY = 64
"""Texts whose place is kept: one answer asks for that of one utterance five times."""

KEPT = 4_096
"""Wordings that are kept once they were read: some 4 MB."""

_RUNS = (("texts", GRAM), ("keys", SOUND_GRAM))

Key = tuple[str, str]


def encode_finder(wordings: Sequence[Wording], lines: bytes, *, rules: str) -> bytes | None:
    """The file for wordings and the lines that they stand in; `rules` names what they were asked.

    Equal wordings give equal bytes. Nothing where two of them have one text after one kind of prompt.
    """
    at = {(each.prompt_kind, each.text): line for line, each in enumerate(wordings)}
    if len(at) != len(wordings):
        return None
    ordered = sorted(wordings, key=in_order)
    shelves = shelved(ordered, Ways())
    told = {
        "form": FORM,
        "wordings_sha256": hash_of(lines),
        "made_for": made_for(wordings),
        "rules": rules,
        "kinds": [(kind, len(shelf.wordings)) for kind, shelf in shelves.items()],
        "mistaken": sorted(mistaken_states(wordings)),
    }
    in_lines = np.array([at[each.prompt_kind, each.text] for each in ordered], dtype=np.int64)
    arrays = _of_shelves(list(shelves.values())) | _of_lines(lines, in_lines) | _of_states(ordered, list(shelves))
    return encode_arrays(told, arrays | in_a_row("words", sorted(words_of(wordings))))


class FinderFile:
    """Wordings as their finder's file has them: the shelves of a finder, and a stock for recall. Safe to share between threads."""

    def __init__(self, content: bytes | memoryview, lines: bytes | memoryview, *, check: Callable[[Wording], None]) -> None:
        """Use the file beside the lines that it was made of; `check` is asked about each wording as it is read, and may refuse it.

        Raises: BrokenArtifact.
        """
        arrays = Arrays(memoryview(content), file=FINDER_FILE)
        self._told = arrays.told
        if self.is_readable:
            self._take(arrays, memoryview(lines), check)

    @property
    def is_readable(self) -> bool:
        """Whether this version can read it; nothing else of it may be asked for if not."""
        return self._told.get("form") == FORM

    @property
    def wordings_sha256(self) -> str:
        """Hash of the lines that it was made of."""
        return str(self._told["wordings_sha256"])

    @property
    def made_for(self) -> int:
        """What stands for its wordings in the label of an index (`sense.made_for`)."""
        return int(self._told["made_for"])

    @property
    def rules(self) -> str:
        """What the wordings were asked when it was made."""
        return str(self._told["rules"])

    @property
    def mistaken(self) -> frozenset[str]:
        """States that few mean."""
        return frozenset(self._told["mistaken"])

    @property
    def words(self) -> frozenset[str]:
        """All words of wordings that fare well enough to be said for others."""
        return frozenset(self._words)

    def best(self, never: frozenset[Key]) -> Mapping[Key, Wording]:
        """The wording that is said for each state, by state and kind of prompt: never one of these, by text and kind."""
        spared = [place for place in map(self.known.place_of, never) if place is not None]
        left = ~np.isin(self._ranked, spared)
        places, groups = self._ranked[left], self._groups[left]
        first = np.flatnonzero(np.diff(groups, prepend=-1))
        best = zip(groups[first].tolist(), places[first].tolist(), strict=True)
        return _Best({(self._states[group], self._kinds[self._of_kind[group]]): place for group, place in best}, self._wording)

    def _take(self, arrays: Arrays, lines: memoryview, check: Callable[[Wording], None]) -> None:
        try:
            ends = np.cumsum([count for _, count in self._told["kinds"]]).tolist()
            stretches = {kind: (end - count, end) for (kind, count), end in zip(self._told["kinds"], ends, strict=True)}
            texts = {kind: arrays.strings("texts", stretch) for kind, stretch in stretches.items()}
            self._wording = _reader(texts, stretches, (arrays["begins"], arrays["sizes"]), lines=lines, check=check)
            self._kinds, self._words = list(stretches), arrays.strings("words")
            self._ranked, self._groups, self._of_kind = arrays["ranked"], arrays["ranked/groups"], arrays["groups/kinds"]
            self._states = arrays.strings("groups")
            self.known = _Known(texts, {kind: begin for kind, (begin, _) in stretches.items()}, self._wording)
            self.shelves: dict[str, WordingShelf] = {
                kind: _Shelf(arrays, number, stretch=stretch, wording=self._wording)
                for number, (kind, stretch) in enumerate(stretches.items())
            }
        except (KeyError, ValueError, TypeError, IndexError) as error:
            message = f"{FINDER_FILE} must have all of its arrays; {error!r}; was it written by hand?"
            raise BrokenArtifact(message) from error


class _Shelf:
    """The wordings after one kind of prompt, where they lie."""

    def __init__(self, arrays: Arrays, number: int, *, stretch: tuple[int, int], wording: Callable[[int], Wording]) -> None:
        begin, end = stretch
        self.wordings = _Stretch(wording, begin, end)
        self.texts, self._keys = (arrays.strings(name, stretch) for name, _ in _RUNS)
        self.numbers = arrays["numbers"][begin:end], arrays["numbers/order"][begin:end]
        spelt, sounding = (_runs_from(arrays, f"{name}/{number}", gram) for name, gram in _RUNS)
        self.runs = spelt, sounding

    def letters(self, places: Places) -> tuple[Sequence[str], Sequence[str]]:
        """The texts at some places, and how these sound."""
        return self.texts.at(places), self._keys.at(places)


class _Stretch:
    """Wordings from one place up to another, read when they are asked for."""

    def __init__(self, wording: Callable[[int], Wording], begin: int, end: int) -> None:
        self._wording, self._begin, self._end = wording, begin, end

    def __len__(self) -> int:
        return self._end - self._begin

    def __getitem__(self, place: int) -> Wording:
        return self._wording(self._begin + int(place))

    def __iter__(self) -> Iterator[Wording]:
        return map(self._wording, range(self._begin, self._end))


class _Known(Mapping[Key, Wording]):
    """All wordings by text and kind of prompt."""

    def __init__(self, texts: Mapping[str, Strings], begins: Mapping[str, int], wording: Callable[[int], Wording]) -> None:
        self._texts, self._wording = texts, wording

        @lru_cache(LATELY)
        def place_of(key: Key) -> int | None:
            text, kind = key
            place = texts[kind].place_of(text) if kind in texts else None
            return None if place is None else begins[kind] + place

        self.place_of = place_of

    def __getitem__(self, key: Key) -> Wording:
        place = self.place_of(key)
        if place is None:
            raise KeyError(key)
        return self._wording(place)

    def __iter__(self) -> Iterator[Key]:
        return ((text, kind) for kind, texts in self._texts.items() for text in texts)

    def __len__(self) -> int:
        return sum(map(len, self._texts.values()))


class _Best(Mapping[Key, Wording]):
    """Wordings by state and kind of prompt."""

    def __init__(self, places: Mapping[Key, int], wording: Callable[[int], Wording]) -> None:
        self._places, self._wording = places, wording

    def __getitem__(self, key: Key) -> Wording:
        return self._wording(self._places[key])

    def __iter__(self) -> Iterator[Key]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _reader(
    texts: Mapping[str, Strings],
    stretches: Mapping[str, tuple[int, int]],
    at: tuple[Array, Array],
    *,
    lines: memoryview,
    check: Callable[[Wording], None],
) -> Callable[[int], Wording]:
    """What reads the wording at a place from its line; those asked for lately are kept. It goes with whoever holds it."""
    begins, sizes, kinds = at[0].data, at[1].data, list(stretches)
    ends, bytes_at = [end for _, end in stretches.values()], _bytes_of(lines)

    @lru_cache(KEPT)
    def read(place: int) -> Wording:
        kind = kinds[bisect_right(ends, place)]
        try:
            wording = decode_wording(bytes_at(begins[place], sizes[place]))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            wording = None
        if wording is None or wording.prompt_kind != kind or wording.text != texts[kind][place - stretches[kind][0]]:
            message = f"{FINDER_FILE} must know where each wording stands in {WORDINGS_FILE}; byte {begins[place]} is none; by hand?"
            raise BrokenArtifact(message)
        check(wording)
        return wording

    return read


def _bytes_of(lines: memoryview) -> Callable[[int, int], bytes | memoryview]:
    """What gives so many bytes from one on: read by place where the file is so large that its pages shall not stay in memory."""
    if isinstance(lines.obj, LargeFile):
        return lines.obj.read_at
    return lambda begin, size: lines[begin : begin + size]


def _of_shelves(shelves: Sequence[WordingShelf]) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    letters = [shelf.letters(np.arange(len(shelf.wordings))) for shelf in shelves]
    for place, (name, _) in enumerate(_RUNS):
        arrays |= in_a_row(name, [text for each in letters for text in each[place]])
    numbered = [shelf.numbers for shelf in shelves]
    arrays["numbers"] = np.concatenate([_NONE, *(numbers for numbers, _ in numbered)])
    arrays["numbers/order"] = np.concatenate([_NONE, *(order for _, order in numbered)])
    for place, shelf in enumerate(shelves):
        for (name, _), runs in zip(_RUNS, shelf.runs, strict=True):
            if runs is not None:
                arrays |= {f"{name}/{place}/{each}": array for each, array in runs.arrays().items()}
    return arrays


def _runs_from(arrays: Arrays, name: str, gram: int) -> Runs | None:
    if f"{name}/{ARRAYS[0]}" not in arrays:
        return None
    return Runs.of({each: arrays[f"{name}/{each}"] for each in ARRAYS}, gram=gram)


def _of_lines(lines: bytes, order: Array) -> dict[str, Array]:
    """Where the lines of wordings begin, and how long they are, in the order of the wordings."""
    ends = np.flatnonzero(np.frombuffer(lines, dtype=np.uint8) == ord("\n"))
    begins = np.concatenate([np.zeros(min(1, len(ends)), dtype=np.int64), ends[:-1] + 1])
    return {"begins": begins[order], "sizes": (ends - begins)[order].astype(np.int32)}


def _of_states(ordered: Sequence[Wording], kinds: Sequence[str]) -> dict[str, Array]:
    """The wordings that fare well enough to be said for others, each state's in a row, the best first."""
    by_state: dict[Key, list[int]] = defaultdict(list)
    for place, each in enumerate(ordered):
        if each.state and each.success >= TARGET_SUCCESS_MIN:
            by_state[each.prompt_kind, each.state].append(place)
    groups = sorted(by_state)
    ranked = [sorted(by_state[group], key=lambda place: fares(ordered[place]), reverse=True) for group in groups]
    return {
        "ranked": np.array([place for each in ranked for place in each], dtype=np.int32),
        "ranked/groups": np.repeat(np.arange(len(groups), dtype=np.int32), [len(each) for each in ranked]),
        "groups/kinds": np.array([kinds.index(kind) for kind, _ in groups], dtype=np.int32),
        **in_a_row("groups", [state for _, state in groups]),
    }


_NONE: Array = np.zeros(0, dtype=np.int64)
