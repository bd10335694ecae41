"""`/v1/teachings`: what a customer taught, from their own sentence or from words and meaning; changed, forgotten, and offered to them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from resay.dialogue.codec import ID_CHARS_MAX, UTTERANCE_CHARS_MAX
from resay.dialogue.teaching import Kind, Origin, State, Taught
from resay.store.teachings import Decide
from resay.teach.forgetting import told_to_forget
from resay.teach.lessons import Answer, Outcome, answer_offer, change, forget, forget_told, must_ask, new_row, offer, teach
from resay.teach.teaching import Extractor, Teaching
from resay.teach.understand import Understanding
from serving.service import Service
from serving.strict_json import StrictJsonRoute
from serving.wire import REFUSALS, Fault

CustomerId = Annotated[str, Query(min_length=1, max_length=ID_CHARS_MAX, description="Whose teachings; pseudonymous.")]
_Text = Annotated[str, Field(min_length=1, max_length=UTTERANCE_CHARS_MAX)]


class _OfCustomer(BaseModel):
    """Whose it is."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, extra="forbid")

    customer_id: str = Field(min_length=1, max_length=ID_CHARS_MAX)
    """Pseudonymous."""


class Lesson(_OfCustomer):
    """What a customer teaches: the sentence in `text`, or `words` and `meaning`."""

    text: _Text | None = None
    """What the customer said: "when I say movie night I mean dim the lights", or "forget movie night"."""
    before: str = Field("", max_length=UTTERANCE_CHARS_MAX)
    """What the same customer said just before it, which "no, I meant …" is about."""
    words: _Text | None = None
    meaning: _Text | None = None
    kind: Literal["request", "name"] = "request"
    """Of `words`: all that is said, or a part of what is said."""
    yes: bool = False
    """Whether the customer was asked by the sentence in `say`, and said yes."""


class Changed(_OfCustomer):
    """Another meaning."""

    meaning: _Text
    yes: bool = False
    """Whether the customer was asked, and said yes."""


class Offer(_OfCustomer):
    """What the assistant would like to ask, after a failure and a rephrase that worked."""

    words: _Text
    meaning: _Text


class Answered(_OfCustomer):
    """What the customer said to an offer."""

    yes: bool


class TeachingTold(BaseModel):
    """A teaching."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    teaching_id: str
    kind: Literal["request", "name"]
    words: str
    meaning: str
    at: datetime
    origin: Literal["customer", "agent"]
    state: Literal["taught", "offered", "dismissed"]
    confirmed: bool
    """Whether the customer was asked, and said yes."""


class LessonTold(BaseModel):
    """What came of it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    outcome: Literal["taught", "known", "asked", "refused", "not_a_teaching", "offered", "not_offered", "dismissed", "forgotten", "unknown"]
    """`asked`: say `say`, and send the same again with `yes` where the customer agrees."""
    say: str = ""
    """One sentence for the customer."""
    objection: str | None = None
    """Why it was refused: form, reserved, same, conflict, chain, cycle, too_many."""
    teaching: TeachingTold | None = None
    against: TeachingTold | None = None
    """The teaching that it contradicts."""


class TeachingsTold(BaseModel):
    """What one customer taught, oldest first."""

    teachings: list[TeachingTold]


class Forgotten(BaseModel):
    """How many teachings and offers were dropped."""

    forgotten: int


_UNKNOWN: dict[int | str, dict[str, object]] = {404: {"model": Fault, "description": "This customer has none of this id."}}


def teaching_routes(service: Service, *, extractor: Extractor | None = None) -> APIRouter:
    """The routes of `/v1/teachings`."""
    router = APIRouter(route_class=StrictJsonRoute)
    lessons = Lessons(service, extractor or Understanding())

    @router.get("/v1/teachings", operation_id="list_teachings", summary="What a customer taught.", responses=REFUSALS)
    async def list_teachings(customer_id: CustomerId) -> TeachingsTold:
        return await run_in_threadpool(lessons.all, customer_id)

    @router.post(
        "/v1/teachings",
        operation_id="teach",
        summary="Take in what a customer teaches; it holds in their very next request, in every replica.",
        responses=REFUSALS,
    )
    async def teach_one(lesson: Lesson) -> LessonTold:
        return await run_in_threadpool(lessons.teach, lesson)

    @router.delete(
        "/v1/teachings", operation_id="forget_teachings", summary="Forget all that a customer taught, offers too.", responses=REFUSALS
    )
    async def forget_all(customer_id: CustomerId) -> Forgotten:
        return await run_in_threadpool(lessons.forget_all, customer_id)

    @router.patch(
        "/v1/teachings/{teaching_id}",
        operation_id="change_teaching",
        summary="Give words another meaning.",
        responses={**REFUSALS, **_UNKNOWN},
    )
    async def change_one(teaching_id: str, changed: Changed) -> LessonTold:
        return await run_in_threadpool(lessons.change, teaching_id, changed)

    @router.delete("/v1/teachings/{teaching_id}", operation_id="forget_teaching", summary="Forget one.", responses={**REFUSALS, **_UNKNOWN})
    async def forget_one(teaching_id: str, customer_id: CustomerId) -> LessonTold:
        return await run_in_threadpool(lessons.forget, teaching_id, customer_id)

    @router.post(
        "/v1/teachings/offers",
        operation_id="offer_teaching",
        summary="May the assistant ask for this now? Once at most, and never again.",
        responses=REFUSALS,
    )
    async def offer_one(offered: Offer) -> LessonTold:
        return await run_in_threadpool(lessons.offer, offered)

    @router.post(
        "/v1/teachings/offers/{teaching_id}",
        operation_id="answer_offer",
        summary="What the customer said to an offer.",
        responses={**REFUSALS, **_UNKNOWN},
    )
    async def answer_one(teaching_id: str, answered: Answered) -> LessonTold:
        return await run_in_threadpool(lessons.answer, teaching_id, answered)

    return router


class Lessons:
    """What may be done with one customer's teachings."""

    def __init__(self, service: Service, extractor: Extractor) -> None:
        """Of one service."""
        self._service = service
        self._extractor = extractor

    def all(self, customer_id: str) -> TeachingsTold:
        """What stands."""
        return TeachingsTold(teachings=[told(each) for each in self._rows(customer_id) if each.state is State.TAUGHT])

    def teach(self, lesson: Lesson) -> LessonTold:
        """Understand a lesson, and take it in; or let go what the customer says is to be forgotten."""
        gone = told_to_forget(lesson.text, self._rows(lesson.customer_id)) if lesson.text is not None else ()
        if gone:
            return self._change(lesson.customer_id, lambda rows: forget_told(rows, gone, yes=lesson.yes))
        found = self._found(lesson)
        if found is None:
            return LessonTold(outcome="not_a_teaching")
        new = self._row(found, Origin.CUSTOMER)
        return self._change(lesson.customer_id, lambda rows: teach(rows, new, must_ask=must_ask(found), yes=lesson.yes))

    def change(self, teaching_id: str, changed: Changed) -> LessonTold:
        """Give words another meaning."""
        now = self._service.clock()
        return self._change(changed.customer_id, lambda rows: change(rows, teaching_id, meaning=changed.meaning, now=now, yes=changed.yes))

    def forget(self, teaching_id: str, customer_id: str) -> LessonTold:
        """Forget one."""
        return self._change(customer_id, lambda rows: forget(rows, teaching_id))

    def forget_all(self, customer_id: str) -> Forgotten:
        """Forget all."""
        return Forgotten(forgotten=self._service.teachings.forget_customer(self._service.pseudonym(customer_id)))

    def offer(self, offered: Offer) -> LessonTold:
        """Whether the assistant may ask."""
        new = self._row(Teaching(Kind.REQUEST, offered.words, offered.meaning), Origin.AGENT)
        return self._change(offered.customer_id, lambda rows: offer(rows, new))

    def answer(self, teaching_id: str, answered: Answered) -> LessonTold:
        """What the customer said to it."""
        now = self._service.clock()
        return self._change(answered.customer_id, lambda rows: answer_offer(rows, teaching_id, yes=answered.yes, now=now))

    def _found(self, lesson: Lesson) -> Teaching | None:
        given = [name for name in ("text", "words", "meaning") if getattr(lesson, name) is not None]
        if given == ["text"] and lesson.text is not None:
            return self._extractor.teaching(lesson.text, before=lesson.before)
        if lesson.words is None or lesson.meaning is None or lesson.text is not None:
            message = f"a teaching must be given as text, or as words and meaning; got {' and '.join(given) or 'neither'}; is one missing?"
            raise HTTPException(422, message)
        return Teaching(Kind(lesson.kind), lesson.words, lesson.meaning)

    def _rows(self, customer_id: str) -> Sequence[Taught]:
        return self._service.teachings.of(self._service.pseudonym(customer_id))

    def _row(self, teaching: Teaching, origin: Origin) -> Taught:
        return new_row(teaching, teaching_id=uuid.uuid4().hex, now=self._service.clock(), origin=origin)

    def _change(self, customer_id: str, decide: Decide[Answer]) -> LessonTold:
        answer = self._service.teachings.change(self._service.pseudonym(customer_id), decide)
        if answer.outcome is Outcome.UNKNOWN:
            raise HTTPException(404, "teaching must be one of this customer's; there is none of this id; was it forgotten already?")
        return lesson_told(answer)


def lesson_told(answer: Answer) -> LessonTold:
    """What came of it, for the wire."""
    refused = answer.refused
    return LessonTold(
        outcome=answer.outcome.value,
        say=answer.say,
        objection=refused.objection if refused else None,
        teaching=told(answer.taught) if answer.taught else None,
        against=told(refused.against) if refused and refused.against else None,
    )


def told(taught: Taught) -> TeachingTold:
    """A row, for the wire."""
    return TeachingTold(
        teaching_id=taught.teaching_id,
        kind=taught.kind.value,
        words=taught.words,
        meaning=taught.meaning,
        at=taught.at,
        origin=taught.origin.value,
        state=taught.state.value,
        confirmed=taught.confirmed_at is not None,
    )
