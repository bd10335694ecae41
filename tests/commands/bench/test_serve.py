"""`bench serve`: a home that asks of the service what the traffic says, and a load that charges the server for every wait."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from resay.commands.bench.children import run_child
from resay.commands.bench.kept_home import COMPILED, KEPT_MAX, SHAPING, home_name, kept_home
from resay.commands.bench.kept_vectors import Vectored, vectors_of
from resay.commands.bench.serve import LOAD, SHARES, Loaded, NotServing, percentile, percentile_rows, rate_rows, serving
from resay.commands.bench.serve_home import Talk, make_home
from resay.commands.encoders import shipped_encoder
from resay.dialogue.rewrite import BeforeRequest, Heard, Layer, Reason, RewriteAnswer
from resay.store.artifact import Shelf
from resay.store.rewrites import PROOF_FILE
from rewrite_online.global_layer import GlobalLayer
from serving.app import open_service
from serving.rewrite_api import answered
from serving.service import Service
from tests.builders import rewrite, rewrite_files
from tests.serving.conftest import settings_of


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Talk, Service]]:
    """A small home, and the parts of a service over it."""
    home = tmp_path_factory.mktemp("home")
    towers = shipped_encoder()
    assert towers is not None, "the encoder ships"
    talk = make_home(home, wordings=1_000, seed=3, meant=Vectored(towers))
    service = open_service(settings_of(home))
    service.switched.refresh()
    service.trying.refresh()
    service.arms.refresh()
    service.watch.refresh()
    service.arms.refresh()
    yield talk, service
    service.line.close()
    service.beside.close()
    service.rewriter.close()
    service.computing.close()
    service.books.close()


def said(service: Service, customer: str, words: str, *, at_once: bool = False) -> RewriteAnswer | None:
    """What the service's rewriter answers, with time enough."""
    now = datetime.now(UTC)
    request = BeforeRequest(Heard("t", customer, now, words))
    if at_once:
        return service.rewriter.at_once(request, now=now, budget_s=60)
    return service.rewriter.rewrite(request, now=now, budget_s=60)


def test_each_kind_of_traffic_asks_what_it_says(made: tuple[Talk, Service]):
    """Good turns pass at once, table hits are rewritten, own words are the customer's own, and for the rest somebody must look."""
    talk, service = made

    good = said(service, "customer-1", talk.good[0], at_once=True)
    table = said(service, "nobody", talk.table[0])
    own = said(service, *talk.own[7])

    assert good is not None
    assert good.reason is Reason.TARGET_OFFERED
    assert table is not None
    assert (table.layer, table.reason in {Reason.REWRITTEN, Reason.HOLD_OUT}) == (Layer.TABLE, True)
    assert own is not None
    assert (own.layer, own.reason in {Reason.REWRITTEN, Reason.HOLD_OUT}) == (Layer.PERSONAL, True)
    assert said(service, "nobody", talk.unknown[0], at_once=True) is None


def test_what_is_looked_for_runs_the_encoder_that_ships(made: tuple[Talk, Service]):
    """The kind `encoder` is what it says: the ranker is told how near in meaning each candidate is."""
    talk, service = made
    layer = next(each for each in service.watch.live().layers if isinstance(each, GlobalLayer))

    found = layer.consider(BeforeRequest(Heard("t", "nobody", datetime.now(UTC), talk.unknown[0])))

    assert service.watch.live().problem is None
    assert any(each.candidate.nearest.meaning is not None for each in found)


def test_who_got_ahead_answers_as_who_did_not(made: tuple[Talk, Service]):
    """The encoder beside the event loop, and letters meanwhile: the same wording with the same chance, and it ran once."""
    talk, service = made
    asked = [BeforeRequest(Heard("t", f"nobody-{place}", datetime.now(UTC), words)) for place, words in enumerate(talk.unknown[20:32])]

    assert service.trying.live().ahead(asked[0]) is not None
    told = [asyncio.run(answered(service, each, budget_s=60)) for each in asked]

    assert service.trying.live().ahead(asked[0]) is None
    expected = [service.rewriter.rewrite(each, now=each.heard.at, budget_s=60) for each in asked]
    assert [(each.reason, each.rewrite_id, each.score) for each in told] == [
        (each.reason, each.rewrite_id, each.score) for each in expected
    ]
    assert any(each.rewrite_id for each in told)


def test_vectors_are_kept_from_run_to_run(tmp_path: Path):
    """What lies in the folder is read and not made again; other texts are others."""
    towers = shipped_encoder()
    assert towers is not None, "the encoder ships"
    how = Vectored(towers, folder=tmp_path)
    made = vectors_of(["play jazz", "stop it"], how, seed=1)
    kept = next(tmp_path.glob("*.npy"))
    np.save(kept, np.full_like(np.load(kept), 0.5))

    assert (vectors_of(["play jazz", "stop it"], how, seed=1) == 0.5).all()
    assert vectors_of(["stop it"], how, seed=1)[0] == pytest.approx(made[1], abs=0.001)


def test_of_many_texts_the_first_are_encoded_and_others_lie_around_them():
    """Each of length one, nearer to its own than to the other; the same for a seed."""
    towers = shipped_encoder()
    assert towers is not None, "the encoder ships"
    texts = ["play jazz", "is the oven still on", "play rock", "is the stove on"]
    encoded = towers.wordings(texts[:2])

    made = vectors_of(texts, Vectored(towers, encoded=2), seed=1)

    assert made[:2] == pytest.approx(encoded, abs=0.001)
    assert np.linalg.norm(made, axis=1) == pytest.approx(np.ones(4), abs=0.001)
    assert (made[2:] @ encoded.T).argmax(axis=1).tolist() == [0, 1]
    assert (vectors_of(texts, Vectored(towers, encoded=2), seed=1) == made).all()


def test_a_home_is_made_once_and_the_last_few_are_kept(tmp_path: Path):
    """What was made is copied, so that whoever is given it may change it."""
    asked: list[Path] = []

    def make(home: Path) -> Talk:
        asked.append(home)
        (home / "books").write_text("books")
        return Talk(("good",), ("table",), (), (("customer", "own"),))

    told = [kept_home(tmp_path / f"run-{run}", tmp_path / "kept" / "home-a", make) for run in range(2)]
    (tmp_path / "run-0" / "books").write_text("changed")
    kept_home(tmp_path / "run-2", tmp_path / "kept" / "home-a", make)

    assert told == [Talk(("good",), ("table",), (), (("customer", "own"),))] * 2
    assert (len(asked), (tmp_path / "run-2" / "books").read_text()) == (1, "books")
    for other in range(KEPT_MAX):
        kept_home(tmp_path / f"other-{other}", tmp_path / "kept" / f"home-{other}", make)
    assert len(list((tmp_path / "kept").iterdir())) == KEPT_MAX


def test_a_home_of_other_talk_or_another_month_has_another_name():
    """And the same has the same."""
    day = date(2026, 11, 22)
    names = [home_name(1_000, 7, today=day), home_name(1_000, 8, today=day), home_name(1_000, 7, today=date(2026, 12, 1))]

    assert len(set(names)) == 3
    assert home_name(1_000, 7, today=date(2026, 11, 1)) == names[0]


def test_a_home_of_other_code_or_other_rules_has_another_name(tmp_path: Path):
    """What a run of another version has kept is not taken: its wordings and its rules may be others."""
    files = [tmp_path / SHAPING[0] / name for name in ("verify.py", "deep/rules.py", "letters.tsv")]
    names = []
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        for content in ("one", "two"):
            path.write_text(content)
            names.append(home_name(1_000, today=date(2026, 11, 22), root=tmp_path))
    (tmp_path / SHAPING[0] / COMPILED).mkdir()
    (tmp_path / SHAPING[0] / COMPILED / "verify.pyc").write_text("made while it runs")

    assert len(set(names)) == 2 * len(files)
    assert home_name(1_000, today=date(2026, 11, 22), root=tmp_path) == names[-1]


def test_the_same_seed_makes_the_same_talk(tmp_path: Path, made: tuple[Talk, Service]):
    """So that two runs compare."""
    assert make_home(tmp_path, wordings=1_000, seed=3) == made[0]


def test_a_server_that_refuses_what_is_published_is_not_waited_for(tmp_path: Path):
    """Its reason is told at once, and not after ten minutes that something takes long."""
    shelf = Shelf(tmp_path / "rewrites")
    files = rewrite_files(rewrite("play madona", "play madonna"))
    shelf.publish(shelf.write(files | {PROOF_FILE: b"{}"}).number)

    with pytest.raises(NotServing, match=r"must serve what is published in its home; it refuses: .*proof"), serving(tmp_path):
        pass


def test_the_shares_are_those_of_the_evaluation():
    """Half passes, a fifth are table hits, a quarter needs a look, a twentieth is a customer's own."""
    assert SHARES == {"good": 0.5, "table": 0.2, "encoder": 0.25, "own": 0.05}
    assert sum(SHARES.values()) == pytest.approx(1)


def test_percentiles_are_those_of_the_sorted():
    """The median of an odd number is its middle; the 99th of a hundred is next to the greatest."""
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(each) for each in range(1, 1_001)], 0.99) == pytest.approx(990, abs=1)
    assert percentile([], 0.5) is None


def test_what_too_few_requests_cannot_tell_is_not_told():
    """A thousandth of a hundred requests is nobody."""
    rows = {each.metric: each.value for each in percentile_rows("50/s", [1.0] * 100)}

    assert rows == {"p50_ms": 1.0, "p95_ms": 1.0, "p99_ms": 1.0, "p999_ms": None}


def test_a_rate_tells_errors_and_what_was_late():
    """What passed through for want of time is no error, and is counted."""
    loaded = Loaded([("good", 0.001, "target_offered"), ("encoder", 0.025, "deadline")], {"TimeoutError": 1}, 2.0)

    rows = {(each.row, each.metric): each.value for each in rate_rows("50/s", loaded, asked=3)}

    assert (rows["50/s", "errors"], rows["50/s", "late"], rows["50/s", "per_s"]) == (1, 1, 1.0)


def test_a_stall_is_charged_to_all_who_stand_behind_it(tmp_path: Path):
    """Open loop: requests are sent when they are due though nobody is answered yet, and their wait counts from then."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = threading.Thread(target=_answer_all_at_the_end, args=(listening, 20), daemon=True)
        server.start()
        asks = [{"kind": "good", "raw": "GET / HTTP/1.1\r\nHost: x\r\n\r\n"}] * 20
        plan = tmp_path / "plan.json"
        plan.write_text(json.dumps({"host": "127.0.0.1", "port": listening.getsockname()[1], "rate": 100, "asks": asks}))

        told = run_child(LOAD, [str(plan)], folder=tmp_path).told
        server.join()

    assert (len(told["took"]), told["errors"]) == (20, {})
    # Nobody was answered before the last was sent, 0.19 s behind the first.
    assert max(took for _, took, _ in told["took"]) >= 0.19


def test_answers_that_are_none_are_errors(tmp_path: Path):
    """A refusal or a closed door is counted by what it was."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    plan = tmp_path / "plan.json"
    asks = [{"kind": "good", "raw": "GET / HTTP/1.1\r\nHost: x\r\n\r\n"}] * 3
    plan.write_text(json.dumps({"host": "127.0.0.1", "port": port, "rate": 100, "asks": asks}))

    told = run_child(LOAD, [str(plan)], folder=tmp_path).told

    assert (told["took"], told["errors"]) == ([], {"ConnectionRefusedError": 3})


def _answer_all_at_the_end(listening: socket.socket, callers: int) -> None:
    waiting = [listening.accept()[0] for _ in range(callers)]
    for each in waiting:
        each.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        each.close()
