"""Windows: a first try and the turns that follow it as one row of tokens, and the way back from tokens to turns and characters.

One function for training, evaluation and the stream, so that they cannot drift apart. Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rephrase.candidates import Bounds, candidates_of
from rephrase.marker import Marker, feedback_marker, gap_marker, status_marker
from rephrase.span import whole_span
from rephrase.word_pieces import WordPieces
from resay.dialogue.session import Session
from resay.dialogue.turn import Turn, said
from resay.label.remark import remark_of
from resay.label.wordings import ENGLISH, Wordings
from resay.training.vocabulary import Piece

NOWHERE = -1
"""Place of tokens at which no span may begin or end."""


@dataclass(frozen=True, slots=True)
class WindowRules:
    """What goes into a window; a trained model keeps the rules that it was trained with."""

    tokens_max: int = 128
    """Of all; what lies farthest from the first try is cut."""
    utterance_tokens_max: int = 32
    """Of one utterance: some 25 words, 10 s of speech."""
    response_tokens_max: int = 14
    """Of one response: its first sentence tells what was done, or that nothing was."""
    prompt_tokens_max: int = 12
    """Of what the assistant had asked before the first try, its end: questions stand last."""
    hypotheses: int = 1
    """Further transcripts of the first try: what was misheard then may be heard right in the second try."""
    gaps: bool = True
    responses: bool = True
    statuses: bool = True
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True, slots=True)
class Window:
    """A first try and what followed, as tokens."""

    source: int
    """Place of the first try in its session."""
    tokens: tuple[int, ...]
    """The first is `[CLS]`, where a model points when nothing was said again."""
    segments: tuple[int, ...]
    """0 for the first try and its answer, 1 for what followed."""
    places: tuple[int, ...]
    """For each token of a candidate's utterance the candidate's place in the session, else `NOWHERE`."""
    starts: tuple[int, ...]
    """For each such token the first character of the utterance that it came from."""
    ends: tuple[int, ...]
    """And one past the last; that of an utterance's last token is the utterance's end, though the utterance was cut."""
    targets: tuple[int, ...]
    """Places of all candidates, also of those that were cut."""


@dataclass(slots=True)
class _Row:
    """Tokens so far."""

    pieces: WordPieces
    tokens: list[int]
    places: list[int]
    starts: list[int]
    ends: list[int]

    def mark(self, marker: Marker | None) -> None:
        if marker is not None:
            self.add([Piece(self.pieces.marker(marker), 0, 0)])

    def add(self, pieces: Sequence[Piece], place: int = NOWHERE) -> None:
        self.tokens += [piece.token for piece in pieces]
        self.places += [place] * len(pieces)
        self.starts += [piece.start for piece in pieces]
        self.ends += [piece.end for piece in pieces]


def windows_of(session: Session, pieces: WordPieces, rules: WindowRules, *, wordings: Wordings = ENGLISH) -> Iterator[Window]:
    """The windows of a session, one for each turn that has candidates, in order."""
    turns = session.turns
    remarks = [remark_of(said(turn), wordings) for turn in turns]
    targets: dict[int, list[int]] = {}
    for pair in candidates_of(session, rules.bounds, remarks=remarks, wordings=wordings):
        targets.setdefault(pair.source, []).append(pair.target)
    for source, candidates in targets.items():
        yield window_of(turns, source, targets=candidates, pieces=pieces, rules=rules)


def window_of(turns: Sequence[Turn], source: int, *, targets: Sequence[int], pieces: WordPieces, rules: WindowRules) -> Window:
    """The window of one first try with its candidates, which come in order."""
    row = _Row(pieces, [pieces.first], [NOWHERE], [0], [0])
    _first_try(row, turns[source], rules)
    first = len(row.tokens)
    for place in range(source + 1, targets[-1] + 1):
        if len(row.tokens) >= rules.tokens_max - 1:
            break
        _follower(row, (turns[place - 1], turns[place]), place=place if place in targets else NOWHERE, rules=rules)
    kept = min(len(row.tokens), rules.tokens_max - 1)
    places, ends = tuple(row.places[:kept]), tuple(row.ends[:kept])
    return Window(
        source=source,
        tokens=(*row.tokens[:kept], pieces.last),
        segments=(0,) * min(first, kept) + (1,) * (kept + 1 - min(first, kept)),
        places=(*places, NOWHERE),
        starts=(*row.starts[:kept], 0),
        ends=(*_whole_ends(places, ends, turns), 0),
        targets=tuple(targets),
    )


def _first_try(row: _Row, turn: Turn, rules: WindowRules) -> None:
    if turn.prompt and turn.prompt.text and rules.responses:
        row.mark(Marker.PROMPT)
        row.add(row.pieces.pieces(turn.prompt.text, 4 * rules.prompt_tokens_max)[-rules.prompt_tokens_max :])
    row.mark(Marker.SOURCE)
    row.add(row.pieces.pieces(said(turn), rules.utterance_tokens_max))
    for hypothesis in [each for each in turn.hypotheses if each.text != said(turn)][: rules.hypotheses]:
        row.mark(Marker.HYPOTHESIS)
        row.add(row.pieces.pieces(hypothesis.text, rules.utterance_tokens_max))
    _answer(row, turn, rules)


def _follower(row: _Row, pair: tuple[Turn, Turn], *, place: int, rules: WindowRules) -> None:
    before, turn = pair
    if rules.gaps:
        row.mark(gap_marker(before, turn))
    if turn.barge_in:
        row.mark(Marker.BARGE_IN)
    row.mark(Marker.REMARK if place == NOWHERE else Marker.CANDIDATE)
    row.add(row.pieces.pieces(said(turn), rules.utterance_tokens_max), place)
    _answer(row, turn, rules)


def _answer(row: _Row, turn: Turn, rules: WindowRules) -> None:
    row.mark(feedback_marker(turn))
    if rules.statuses:
        row.mark(status_marker(turn))
    if rules.responses and turn.response and turn.response.text:
        row.mark(Marker.RESPONSE)
        row.add(row.pieces.pieces(turn.response.text, rules.response_tokens_max))


def _whole_ends(places: Sequence[int], ends: Sequence[int], turns: Sequence[Turn]) -> Iterator[int]:
    """Ends of the tokens; what was cut off an utterance belongs to its last token."""
    for number, (place, end) in enumerate(zip(places, ends, strict=True)):
        is_last = place != NOWHERE and (number + 1 == len(places) or places[number + 1] != place)
        yield max(end, whole_span(said(turns[place]))[1]) if is_last else end
