"""From the log of a night to leanings: which wordings mean something else where and when they are said, learnt and checked."""

from __future__ import annotations

from collections.abc import Sequence

from markov.duckdb_engine import DuckDBEngine
from markov.leanings import said_so
from markov.leanings_proof import check_leanings
from markov.verify import Rules
from resay.dialogue.leaning import Leaning
from resay.dialogue.wording import Wording
from resay.store.reading import Connection


def learn_leanings(connection: Connection, wordings: Sequence[Wording], rules: Rules) -> list[Leaning]:
    """The leanings of these wordings, by text and prompt kind; tables of `heard_wordings` must be there.

    Raises: StepFailed.
    """
    # Here and not above: SciPy's statistics take half a second to load, and most commands learn nothing.
    from rewrite_online.fit_leanings import fit_leanings

    known = {(each.text, each.prompt_kind): each.state for each in wordings}
    turns = said_so(DuckDBEngine(connection), connection, customers_min=rules.customers_min)
    found = fit_leanings({key: turns[key] for key in turns.keys() & known.keys()}, known, customers_min=rules.customers_min)
    return check_leanings(connection, found, wordings=wordings, rules=rules) if found else []
