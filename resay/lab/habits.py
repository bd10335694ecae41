"""Habits: the rates by which simulated customers talk, each with where it comes from; those marked *made up* have no source.

A world may state its own in `habits.json`, by the names of the fields below. Knows numbers, and no goal, room or word of any home.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from resay.lab.home import broken

HABITS_FILE = "habits.json"

Share = Annotated[float, Meta(ge=0, le=1)]
Factor = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]


class Habits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the customers of a world behave. As it stands: the plain ones."""

    # What they do when a request has failed.
    rephrased_within: tuple[Share, Share, Share] = (0.492, 0.602, 0.644)
    """Share of failed turns that are said again within one, two, three turns (DSTC2, failures that the system did not mend itself)."""
    persistence: Annotated[tuple[tuple[Factor, Share], ...], Meta(min_length=1)] = ((1.0, 1.0),)
    """How much more or less likely than that a customer is to say it again, a factor, and the share of customers who are."""
    patience: Annotated[tuple[tuple[Count, Share], ...], Meta(min_length=1)] = ((2, 0.2), (3, 0.4), (4, 0.25), (6, 0.15))
    """How many tries a customer makes at most. Made up."""
    same_words: Share = 0.316
    """Share of second tries in the same words (DSTC2: 596 of 1,889)."""
    repair_form: Share = 0.33
    """Share of those that open with a repair ("no i said …"). Made up; the recogniser and the NLU fail on all of them."""
    template_wording: Share = 0.8
    """Share of other wordings that are ones which the assistant supports: then about half of all second tries are understood (DSTC2)."""
    knows_wordings: Share = 0.0
    """Share of other wordings that are chosen by how often each works for a voice like theirs, an earlier one again if it is a good one."""
    hopeless: Share = 1.0
    """How much as often as other things what hardly ever works is said again."""
    leaves: Share = 0.5
    """Chance that a customer who gives up a goal ends the session too. Made up."""
    never_mind: Share = 0.1
    """Chance that one who stays says so ("never mind"). Made up."""
    barges_in: Share = 0.06
    """Chance that a customer speaks over a refusal. Made up."""

    # What they do besides: none of it is a rephrase.
    goes_on: Share = 0.35
    """Chance that a customer wants something more in the same session. Made up."""
    same_room: Share = 0.7
    """Chance that the next thing is wanted in the same room. Made up."""
    again: Share = 0.04
    """Chance that a request that worked is made again at once (the volume up, and up). Made up."""
    changed_mind: Share = 0.03
    """Chance that something else is wanted right after a success. Made up."""
    rates: Share = 0.01
    """Chance of explicit feedback to a turn. Made up; in products it is rarer."""
    misjudges: Share = 0.1
    """Share of explicit feedback that is wrong. Made up."""

    # How they put it.
    supported_first: Share = 0.9
    """Share of first tries in supported wordings (EVALUATION, section 2)."""
    favourite: Share = 0.8
    """Share of first tries in a customer's own favourite wording. Made up."""
    noisy: Share = 0.1
    """Share of sessions in home noise (EVALUATION, section 2)."""

    # Own names.
    own_names: Share = 0.0
    """Share of the goals with synonyms for which a customer's favourite outside the templates is one of these. Made up."""
    shared_words: Share = 0.0
    """Share of the synonyms by which different customers mean different things."""
    meanings: Count = 3
    """Things that such words stand for, at most; each customer means one of them. Made up."""

    # What they want, and when.
    goals_spread_weekly: Annotated[float, Meta(ge=0)] = 0.3
    """How far a goal's popularity drifts in a week, on the log scale. Made up."""
    timely: Share = 0.0
    """Share of goals that have their time of day."""
    timely_hours: Annotated[int, Meta(ge=1, le=24)] = 6
    """How long that time is. Made up."""
    untimely: Share = 1.0
    """How much as often such a goal is wanted at other times."""
    states: bool = False
    """Whether what is switched on is on before anyone asks, as the assistant logs it; half of the devices are. Made up."""
    needless: Share = 1.0
    """How much as often a thing is wanted that is so already: the light on, and it is on."""


AS_SHIPPED = Habits()
"""Plain habits: no words are shared, and what is wanted depends on the room alone."""

LIVELY = Habits(
    # Patience is a leaning and no number of tries, so that failures are said again as often as DSTC2's were; above one in the mean, as
    # some sessions end before it comes to that, and what is hopeless is said again less often.
    persistence=((0.85, 0.25), (1.1, 0.5), (1.3, 0.25)),
    patience=((12, 1.0),),
    # Recordings of the same words are too alike and fail again in four of five (DSTC2: 58 %), whatever their customer; the other words must
    # do better than people's (DSTC2: 43 % fail) for second tries to fail in about half (EVALUATION, section 2; DSTC2: 48 %).
    template_wording=0.95,
    knows_wordings=0.7,
    # Made up. Seven goals of `voice_home` work in fewer than one try in five; said again as often as others, they were a fourth of all
    # second tries, and nearly all of these failed. Failures of DSTC2 are of things that the system can do.
    hopeless=0.5,
    own_names=0.8,
    # A fifth of the synonyms (EVALUATION, section 2).
    shared_words=0.2,
    timely=0.5,
    untimely=0.3,
    states=True,
    needless=0.2,
)
"""The habits of the customers of a loop: the same words mean different things to different people, and context says in part what is wanted.

The shares of own names, of time and of states are made up.
"""


def read_habits(folder: Path) -> Habits | None:
    """The habits that a world states; None where it states none.

    Raises: BrokenWorld.
    """
    path = folder / HABITS_FILE
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Habits)
    except (OSError, msgspec.MsgspecError) as error:
        raise broken(path, error) from error
