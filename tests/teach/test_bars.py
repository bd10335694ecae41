"""Bars are as low as what they must keep out allows."""

from __future__ import annotations

from resay.teach.bars import Bars, Reading, choose_bars


def taught(*chances: float, right: bool = True) -> list[Reading]:
    """Teachings."""
    return [Reading(chance, teaches=True, right=right) for chance in chances]


def talk(*chances: float) -> list[Reading]:
    """What teaches nothing."""
    return [Reading(chance, teaches=False, right=False) for chance in chances]


def test_what_is_misread_holds_hardly_ever():
    """One in a hundred, and no more; from there on down it is asked."""
    bars = choose_bars(taught(*[0.9] * 97) + taught(0.8, 0.6, 0.4, right=False) + talk(*[0.05] * 70, *[0.2] * 30))

    assert bars == Bars(sure=0.6, guess=0.2)


def test_ordinary_talk_is_hardly_ever_held_and_seldom_asked_about():
    """The bar for what holds lies above nearly all of it, the other above most."""
    bars = choose_bars(taught(*[0.99] * 100) + talk(*[0.1] * 80, *[0.3] * 18, 0.6, 0.7))

    assert bars == Bars(sure=0.6, guess=0.1)


def test_where_nothing_goes_wrong_all_holds():
    """There is nothing to be asked."""
    assert choose_bars(taught(0.9)) == Bars(0.0, 0.0)
