"""What became of the rewrites that were served: what it bars, and what it keeps. Between the records (`trials`) and the miner.

Knows how a record bears on candidates; how records are judged is `standing`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from markov.candidate import Bar, Candidate, Declined, Weighed
from markov.engine import Engine
from markov.standing import MARGIN, Bounds, Standing, learnt_by_assistant, pair_of, standings
from markov.trials import Pair, newest_day, read_records
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.text import canonical
from resay.store.tables import DAY, TEXT


@dataclass(frozen=True, slots=True)
class History:
    """What became of the rewrites that were served, and of their sources where they were not."""

    standings: Mapping[Pair, Standing]
    learnt: frozenset[tuple[str, str]]
    """Sources that the assistant does well on as they are said."""
    live: Sequence[Rewrite]
    customers_min: int

    def judged(self, weighed: Weighed) -> Weighed:
        """The candidate, declined where what is known of it, or of its source, speaks against it."""
        standing = self.standings.get((*weighed.source, weighed.candidate.wording))
        if weighed.source in self.learnt:
            return replace(weighed, declined=Declined.LEARNT)
        return replace(weighed, declined=Declined.BLOCKED) if standing and standing.barred else weighed

    def with_proven(
        self, chosen: Sequence[tuple[float, Rewrite]], weighed: Sequence[Weighed], row_of: Callable[[Candidate], Rewrite]
    ) -> list[tuple[float, Rewrite]]:
        """What was chosen, and of the live table what has proven itself and was not; it yields only to what promises clearly more."""
        by_source = {(each.source, each.prompt_kind): (gain, each) for gain, each in chosen}
        fresh = {(*each.source, each.candidate.wording): each.candidate for each in weighed}
        for each in self.live:
            standing, source = self.standings[pair_of(each)], (each.source, each.prompt_kind)
            rival = by_source.get(source)
            if not standing.vouched(self.customers_min) or source in self.learnt or (rival and rival[1].rewrite_id == each.rewrite_id):
                continue
            if rival is None or rival[1].success_as_rewritten < standing.rewritten.mean + MARGIN:
                row = row_of(fresh[pair_of(each)]) if pair_of(each) in fresh else each
                row = replace(row, success_as_said=standing.said.mean, success_as_rewritten=standing.rewritten.mean)
                by_source[source] = (standing.rewritten.mean - standing.said.mean, row)
        return [by_source[source] for source in sorted(by_source)]


def read_history(engine: Engine, bar: Bar, live: Sequence[Rewrite]) -> History:
    """What became of what was served; wordings that came to mean something else are left with the engine as table `renewed`."""
    served = {(text, each.prompt_kind) for each in live for text in (each.source, canonical(each.target))}
    records = read_records(engine, served, customers_min=bar.floors.customers_min)
    bounds = Bounds(newest_day(engine), bar.source_success_max, bar.target_success_min)
    learnt = {pair[:2] for pair, record in records.items() if not pair[2] and learnt_by_assistant(record, bounds)}
    judged = standings(records, map(pair_of, live), bounds)
    needless = {(each.source, each.kind) for each in judged.values() if each.needless}
    # The last change of a wording counts.
    renewed = {
        each[:2]: each[2] for each in sorted((each.source, each.kind, each.changed_on) for each in judged.values() if each.changed_on)
    }
    said, kind = ([each[place] for each in renewed] for place in (0, 1))
    columns = {"said": pa.array(said, TEXT), "kind": pa.array(kind, TEXT), "since": pa.array(list(renewed.values()), DAY)}
    engine.load("renewed", pa.table(columns))
    return History(judged, frozenset(learnt | needless), live, bar.floors.customers_min)
