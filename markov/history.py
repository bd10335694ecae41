"""What became of the rewrites that were served: what it bars, and what it keeps. Between the records (`trials`) and the miner.

Knows how a record bears on candidates; how records are judged is `standing`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from markov.candidate import Bar, Candidate, Declined, Weighed
from markov.engine import Engine
from markov.sparing import Apart
from markov.standing import MARGIN, Bounds, Judged, Standing, judged_as, learnt_by_assistant, pair_of, standings
from markov.trials import newest_day, read_records
from resay.dialogue.rewrite import Place, Rewrite
from resay.dialogue.text import canonical
from resay.store.tables import DAY, TEXT


@dataclass(frozen=True, slots=True)
class History:
    """What became of the rewrites that were served, and of their sources where they were not."""

    standings: Mapping[Judged, Standing]
    learnt: frozenset[tuple[str, Place]]
    """Sources that the assistant does well on as they are said, and where."""
    live: Sequence[Rewrite]
    customers_min: int

    def judged(self, weighed: Weighed) -> Weighed:
        """The candidate, declined where what is known of it, or of its source, speaks against it."""
        candidate = weighed.candidate
        standing = self.standings.get(judged_as(candidate.source, candidate.place, candidate.wording))
        if (candidate.source, candidate.place) in self.learnt:
            return replace(weighed, declined=Declined.LEARNT)
        return replace(weighed, declined=Declined.BLOCKED) if standing and standing.barred else weighed

    def with_proven(
        self, chosen: Sequence[tuple[float, Rewrite]], weighed: Sequence[Weighed], row_of: Callable[[Candidate], Rewrite]
    ) -> list[tuple[float, Rewrite]]:
        """What was chosen, and of the live table what has proven itself and was not; it yields only to what promises clearly more."""
        by_source = {(each.source, each.place): (gain, each) for gain, each in chosen}
        candidates = [each.candidate for each in weighed]
        fresh = {judged_as(each.source, each.place, each.wording): each for each in candidates}
        for each in self.live:
            standing, source = self.standings[pair_of(each)], (each.source, each.place)
            rival = by_source.get(source)
            if not standing.vouched(self.customers_min) or source in self.learnt or (rival and rival[1].rewrite_id == each.rewrite_id):
                continue
            if rival is None or rival[1].success_as_rewritten < standing.rewritten.mean + MARGIN:
                row = row_of(fresh[pair_of(each)]) if pair_of(each) in fresh else each
                row = replace(row, success_as_said=standing.said.mean, success_as_rewritten=standing.rewritten.mean)
                by_source[source] = (standing.rewritten.mean - standing.said.mean, row)
        return [by_source[source] for source in sorted(by_source)]


def read_history(engine: Engine, bar: Bar, rewrites: Sequence[Rewrite], *, apart: Sequence[Apart] = ()) -> History:
    """What became of what was served anywhere; wordings that came to mean something else are left with the engine as table `renewed`.

    Rewrites that hold in one place alone are judged there (`split`), and cohorts that are kept `apart` by what they say (`sparing`).
    """
    live = [each for each in rewrites if not each.place.is_split_off]
    served = {(text, each.prompt_kind) for each in live for text in (each.source, canonical(each.target))}
    # Elsewhere a source may well succeed as it is said: what is served here is not to be measured by it.
    spared = [(each.source, each.prompt_kind, room, "") for each in live for room in each.not_rooms]
    spared += [(each.source, each.prompt_kind, "", device_type) for each in live for device_type in each.not_device_types]
    records = read_records(engine, served, customers_min=bar.floors.customers_min, spared=spared, apart=apart)
    bounds = Bounds(newest_day(engine), bar.source_success_max, bar.target_success_min)
    learnt = {(pair[0], Place(pair[1])) for pair, record in records.items() if not pair[2] and learnt_by_assistant(record, bounds)}
    judged = standings(records, [(each.source, each.prompt_kind, each.target) for each in live], bounds)
    needless = {(each.source, Place(each.kind)) for each in judged.values() if each.needless}
    # The last change of a wording counts.
    renewed = {
        each[:2]: each[2] for each in sorted((each.source, each.kind, each.changed_on) for each in judged.values() if each.changed_on)
    }
    said, kind = ([each[place] for each in renewed] for place in (0, 1))
    columns = {"said": pa.array(said, TEXT), "kind": pa.array(kind, TEXT), "since": pa.array(list(renewed.values()), DAY)}
    engine.load("renewed", pa.table(columns))
    return History({pair: each for pair, each in judged.items()}, frozenset(learnt | needless), live, bar.floors.customers_min)
