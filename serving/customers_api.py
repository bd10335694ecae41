"""`/v1/customers/{id}`: everything that is held of one customer, and their forgetting, with the receipt."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fastapi import APIRouter, Path, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from resay.dialogue.codec import ID_CHARS_MAX
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from serving.customers.export import held
from serving.customers.forget import forget
from serving.customers.stores import Stores
from serving.service import Service
from serving.wire import REFUSALS, Fault

_UNAVAILABLE: dict[int | str, dict[str, object]] = {
    503: {"model": Fault, "description": "A store cannot be written; ask again, it goes on."}
}

_Customer = Path(min_length=1, max_length=ID_CHARS_MAX, description="The customer, as turns name them.")


class StoreLine(BaseModel):
    """What became of one store."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    store: str
    """Which: a table of the lake, the generations, the books, the lab's files."""
    found: int
    """Rows of the customer that were there; of generations, how many were taken off."""
    left: int
    """Rows that are left: 0."""
    remark: str
    signature: str
    """HMAC-SHA256 of this line and the head, by the home's receipt key."""


class OutsideLine(BaseModel):
    """What lies where Resay only reads: for the operator to delete."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    source: str
    """A topic or a file."""
    records: int
    """Of this customer, that were landed from it."""
    first: str
    """Event time of the first."""
    last: str
    positions: dict[str, tuple[int, int]]
    """By partition, where the first and the last of them stood."""
    signature: str


class ForgottenReceipt(BaseModel):
    """The signed receipt of a forgetting."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    form: str
    mark: str
    """SHA-256 of salt, a zero byte and the customer's id: what Resay keeps to know whom not to take in again."""
    salt: str
    until: str
    """Event time up to which nothing of the customer is taken in again."""
    finished_at: str
    stores: list[StoreLine]
    outside: list[OutsideLine]


class Forgot(BaseModel):
    """What was done."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    receipts: list[ForgottenReceipt]
    """One; two where customers are hashed, for rows from before that."""


def customer_routes(service: Service) -> APIRouter:
    """The routes of `/v1/customers`."""
    router = APIRouter()
    responses = {**REFUSALS, **_UNAVAILABLE}

    @router.get(
        "/v1/customers/{customer_id:path}",
        operation_id="export_customer",
        summary="Everything held of a customer, JSON lines.",
        responses={**responses, 200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}, "description": "A row a line."}},
        response_class=Response,
    )
    async def export_customer(customer_id: str = _Customer) -> Response:
        return StreamingResponse(_lines(service, customer_id), media_type="application/x-ndjson")

    @router.delete(
        "/v1/customers/{customer_id:path}",
        operation_id="forget_customer",
        summary="Forget a customer in every store; answers when it is done.",
        responses=responses,
    )
    async def forget_customer(customer_id: str = _Customer) -> Forgot:
        return await run_in_threadpool(_forget, service, customer_id)

    return router


def stores_of(service: Service) -> Stores:
    """Where a service's customers lie."""
    settings = service.settings
    return Stores(settings.home, Lake(settings.lake), service.books, Shelf(settings.rewrites), service.pseudonym)


def _lines(service: Service, customer_id: str) -> Iterator[str]:
    for row in held(stores_of(service), customer_id):
        yield json.dumps(row, ensure_ascii=False) + "\n"


def _forget(service: Service, customer_id: str) -> Forgot:
    stores, now = stores_of(service), service.clock()
    receipts = [ForgottenReceipt.model_validate_json(forget(stores, each, now=now)) for each in stores.ids(customer_id)]
    return Forgot(receipts=receipts)
