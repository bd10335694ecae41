"""What people put in place of mined rewrites, on its way into the next table: with the figures of today, and checked like all the rest."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from markov.draft import Draft, figured, stub
from markov.facts import read_facts
from markov.verify import Rules
from resay.commands.settings import Settings
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.text import canonical
from resay.store.books import Books
from resay.store.edits import Edit, EditBooks
from resay.store.lake import Lake


def edits_in(settings: Settings) -> list[Edit]:
    """The edits of a home.

    Raises: BooksUnavailable.
    """
    with closing(Books(settings.books)) as books:
        return EditBooks(books).all()


def with_edits(lake: Lake, mined: Sequence[Rewrite], edits: Sequence[Edit], rules: Rules) -> list[Rewrite]:
    """Mined rewrites with edits among them: a person's word stands for its words, and before whatever would chain with it."""
    if not edits:
        return list(mined)
    drafts = [Draft(each.rewrite.source, each.rewrite.target, each.rewrite.place, each.allowed) for each in edits]
    with lake.connect() as connection:
        facts = read_facts(connection, map(stub, drafts))
    ours = [each.rewrite for each in figured(drafts, facts, rules)]
    said, put = {each.source for each in ours}, {canonical(each.target) for each in ours}
    words = {(each.source, each.place) for each in ours}
    chained = [each for each in mined if each.source in put or canonical(each.target) in said]
    kept = [each for each in mined if (each.source, each.place) not in words and each not in chained]
    return sorted([*kept, *ours], key=lambda each: (each.source, each.prompt_kind, each.room, each.device_type))
