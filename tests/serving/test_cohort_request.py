"""`POST /v1/rewrite` for customers of a cohort that a rewrite spares, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from resay.store.artifact import Shelf
from tests.builders import rewrite, rewrite_files
from tests.serving.conftest import Serve, client_of, question


@pytest.fixture
def asking(tmp_path: Path, serve: Serve) -> Iterator[httpx.Client]:
    """A client of a service whose one rewrite spares a cohort."""
    shelf = Shelf(tmp_path / "rewrites")
    shelf.publish(shelf.write(rewrite_files(rewrite(not_cohorts=("en-GB",)))).number)
    with closing(client_of(serve(tmp_path))) as client:
        yield client


def test_a_request_names_the_cohorts_of_its_customer(asking: httpx.Client):
    """Of one that is spared the words go on unchanged; where none is named, as for all others."""
    told = {
        cohorts: asking.post("/v1/rewrite", json=question(cohorts=list(cohorts))).json()
        for cohorts in ((), ("en-US",), ("en-GB",), ("new", "en-GB"))
    }
    silent = asking.post("/v1/rewrite", json=question()).json()

    assert {cohorts: answer["utterance"] for cohorts, answer in told.items()} == {
        (): "play madonna",
        ("en-US",): "play madonna",
        ("en-GB",): "play madona",
        ("new", "en-GB"): "play madona",
    }
    assert (silent["utterance"], told["en-GB",]["reason"]) == ("play madonna", "no_candidate")


@pytest.mark.parametrize(
    ("cohorts", "sentence"),
    [(["x"] * 65, "at most 64 items"), (["x" * 257], "at most 256 characters"), ([5], "valid string"), ("en-GB", "valid tuple")],
)
def test_cohorts_that_cannot_be_are_told(asking: httpx.Client, cohorts: object, sentence: str):
    """422 and what is wrong."""
    reply = asking.post("/v1/rewrite", json=question(cohorts=cohorts))

    assert (reply.status_code, sentence in reply.json()["detail"]) == (422, True), reply.text
