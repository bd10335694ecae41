"""Voices in a log: whoever is misheard alike stands together, the same each time, and nobody where there is too little to tell."""

from __future__ import annotations

from random import Random

from markov.voices import voices_of


def misheard(voices: int = 4, each: int = 15, own: int = 30) -> list[tuple[int, str, int]]:
    """Customers of some voices: most of what is misheard of them is misheard of their voice alone, and some of everyone."""
    rng = Random(11)
    told = []
    for customer in range(voices * each):
        texts = rng.sample([f"voice {customer % voices} text {number}" for number in range(own)], 15)
        texts += rng.sample([f"anybody {number}" for number in range(20)], 4)
        told += [(customer, text, rng.choice((1, 1, 2))) for text in texts]
    return told


def test_customers_who_are_misheard_alike_stand_together():
    """Four voices are found again, though the log names none."""
    found = voices_of(misheard())

    assert len(found) == 60
    assert {len({found[customer] for customer in range(voice, 60, 4)}) for voice in range(4)} == {1}
    assert len(set(found.values())) == 4


def test_the_order_of_the_log_does_not_matter():
    """The same talk, told in another order, gives the same groups."""
    told = misheard()
    turned = list(told)
    Random(3).shuffle(turned)

    assert voices_of(turned) == voices_of(told)


def test_of_few_customers_no_voices_are_told_apart():
    """Nineteen customers are no four voices."""
    assert voices_of(misheard(voices=1, each=19)) == {}


def test_where_nobody_is_misheard_as_anybody_else_nothing_is_told():
    """Texts of one customer each say nothing of who sounds alike."""
    assert voices_of([(customer, f"text {customer} {number}", 1) for customer in range(40) for number in range(5)]) == {}
    assert voices_of([]) == {}


def test_where_all_are_misheard_alike_there_are_no_voices():
    """Texts that everybody shares tell nobody apart."""
    assert voices_of([(customer, f"text {number}", 1) for customer in range(40) for number in range(12)]) == {}


def test_fewer_kinds_of_customers_than_voices_are_that_many_groups():
    """Two kinds, each misheard in the very same way, are two groups and no error."""
    found = voices_of([(customer, f"kind {customer % 2} text {number}", 1) for customer in range(40) for number in range(12)])

    assert len(set(found.values())) == 2
    assert {found[customer] for customer in range(0, 40, 2)}.isdisjoint(found[customer] for customer in range(1, 40, 2))
