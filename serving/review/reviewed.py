"""Drafts of people over HTTP and on the page: checked, and published where they can be proven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

from fastapi import HTTPException

from markov.publish import NoSuchGeneration, Unproven
from resay.dialogue.rewrite import Rewrite
from resay.store.artifact import Shelf
from resay.store.edits import EditBooks
from resay.store.events import Event
from resay.store.lake import Lake
from serving.review.blocking import block_all
from serving.review.drafting import Home, NothingLive, Word, edited, take_drafts, try_drafts
from serving.review.files import UnreadableRules, rules_of
from serving.review.going_back import go_back
from serving.review.telling import checked_json
from serving.rules_wire import Edited, Imported, Why
from serving.service import Service

T = TypeVar("T")


class Reviewed:
    """What people do about the table itself."""

    def __init__(self, service: Service) -> None:
        """Of one service."""
        self._service = service

    def edit(self, rewrite: Rewrite, asked: Edited) -> dict[str, object]:
        """Put another target in place of a rewrite's."""
        draft = edited(rewrite, asked.target, allowed=asked.allow_risky)
        word = Word(asked.by, asked.why, self._service.clock())
        done = self._held(lambda home: take_drafts(home, [draft], word, replaced=rewrite.rewrite_id))
        (told,) = checked_json(done.checked, [draft])
        if done.generation is None:
            raise HTTPException(422, told["refused"] or "the table could not be proven with it; was the lake changed meanwhile?")
        return {"edited": rewrite.rewrite_id, "generation": done.generation, **told}

    def unedit(self, rewrite_id: str, why: Why) -> dict[str, object]:
        """Let learning propose again what it finds."""
        event = Event(self._service.clock(), rewrite_id, "unedited", why.by, why.why)
        if not EditBooks(self._service.books).undo(rewrite_id, event):
            raise HTTPException(404, "edit must be one that stands; there is none of this id; was it taken back already?")
        return {"unedited": rewrite_id}

    def go_back(self, number: int, why: Why) -> dict[str, object]:
        """Make an older generation live again, as far as it can still be proven."""
        word = Word(why.by, why.why, self._service.clock())
        try:
            back = self._held(lambda home: go_back(home, word, number))
        except NoSuchGeneration as error:
            raise HTTPException(404, str(error)) from error
        except Unproven as error:
            raise HTTPException(422, str(error)) from error
        return {"restored": number, **asdict(back)}

    def take_in(self, imported: Imported) -> dict[str, object]:
        """Take rules in, or only try them."""
        now = self._service.clock()
        try:
            asked = rules_of([each.model_dump() for each in imported.rules], allowed=imported.allow_risky)
        except UnreadableRules as error:
            raise HTTPException(422, str(error)) from error
        word = Word(imported.by, imported.why, now, "imported")
        if imported.dry_run:
            tried = self._held(lambda home: try_drafts(home, asked.drafts, now=now)) if asked.drafts else None
            return {"generation": None, "blocked": 0, "rules": checked_json(tried, asked.drafts) if tried else []}
        blocked = block_all(self._service.review, asked.blocked, word)
        done = self._held(lambda home: take_drafts(home, asked.drafts, word)) if asked.drafts else None
        rules = checked_json(done.checked, asked.drafts) if done else []
        return {"generation": done.generation if done else None, "blocked": blocked, "rules": rules}

    def _held(self, act: Callable[[Home], T]) -> T:
        settings = self._service.settings
        try:
            return act(Home(Shelf(settings.rewrites), Lake(settings.lake), self._service.books))
        except NothingLive as error:
            raise HTTPException(409, str(error)) from error
