"""Being told to forget: "forget what I taught you", "forget movie night". Knows wordings; decides nothing of what else may be meant.

A request to forget something that was never taught (a list, an alarm) is none of ours, and goes on to the assistant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from resay.dialogue.teaching import State, Taught
from resay.dialogue.text import canonical

_LEAD = r"(?:(?:ok|okay|hey|please|now|well|no|oh|actually|can you|could you|would you|will you|you can|i want you to|i'd like you to) )*"
_DROP = r"(?:forget|unlearn|delete|drop|erase|remove|wipe)(?: about)?"
_TAIL = r"(?: (?:please|again|now|thanks|thank you|ok|okay|any ?more))*"
_WHAT = r"(?:everything|all|whatever|what|anything|all the things|the things|all of what|all the words|my words|the words)(?: that)?"
_ALL = re.compile(
    rf"{_LEAD}{_DROP} {_WHAT}(?: (?:i|we)(?:'ve| have| had)?)?(?: ever)? (?:taught|told|teach)(?: to)? you{_TAIL}"
    rf"|{_LEAD}{_DROP} (?:all |all of )?my teachings{_TAIL}"
)
_NAMED = (
    r"(?:(?:the |my )?(?:word|words|phrase|name|command|shortcut|nickname) |what (?:i|we) (?:said|taught you|told you) about |"
    r"what (?:i|we) mean by |that )?"
)
_ONE = re.compile(rf"{_LEAD}{_DROP} {_NAMED}(?P<words>.+?)(?: means .+| is .+)?{_TAIL}")


def told_to_forget(utterance: str, rows: Sequence[Taught]) -> tuple[Taught, ...]:
    """Those of a customer's teachings that an utterance asks to be forgotten; none where it asks for nothing of the kind."""
    said = canonical(utterance)
    standing = tuple(each for each in rows if each.state is State.TAUGHT)
    if _ALL.fullmatch(said):
        return standing
    one = _ONE.fullmatch(said)
    if one is None:
        return ()
    named = {one["words"], *_without_article(one["words"])}
    return tuple(each for each in standing if named & {each.words, *_without_article(each.words)})


def _without_article(words: str) -> tuple[str, ...]:
    first, _, rest = words.partition(" ")
    return (rest,) if rest and first in {"the", "my", "our", "a", "an"} else ()
