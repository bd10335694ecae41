"""Risk is told by words of the state and of the target; in doubt it is high."""

import pytest

from resay.dialogue.rewrite import Risk
from resay.dialogue.risk import RiskWords, risk_of
from resay.dialogue.text import canonical


@pytest.mark.parametrize(
    ("state", "target"),
    [
        ('|HassTurnOn|{"name":"front door lock"}', "lock the front door"),
        ('|HassTurnOn|{"device_class":"garage","domain":"cover"}', "open it"),
        ("alarm_control_panel|arm_away|", "i am leaving"),
        ("shop|Purchase|", "get me that"),
        ("?|unlock the door|", "unlock the door"),
        ('|HassTurnOff|{"name":"all","domain":"light"}', "lights out"),
        ("light|off|", "turn off everything"),
        ("|HassCancelAllTimers|", "stop the timers"),
        ('|HassTurnOn|{"name":"oven"}', "start it"),
        ("", "turn the iron on"),
        ("", "leave the stove on"),
        ("", "call 911"),
        ("", "dial 112"),
        ("", "get me an ambulance"),
        ("|CancelPolicy|", "cancel my insurance"),
        ("", "set up transfers to bob"),
    ],
)
def test_what_lets_in_burns_pays_or_reaches_everything_is_of_high_risk(state, target):
    """Doors, locks, alarms, calls for help, what burns, payments and the whole house are high, by the state's words or the target's."""
    assert risk_of(state, target) is Risk.HIGH


@pytest.mark.parametrize(
    ("state", "target"),
    [
        ('|HassTurnOn|{"name":"floor lamp"}', "turn on the floor lamp"),
        ('smart_home|HassTurnOn|{"name":"floor lamp"}', "turn on the floor lamp"),
        ("music|play|", "play madonna"),
        ("|HassStartTimer|", "set a timer for five minutes"),
        ("|HassSetVolume|", "turn it up"),
    ],
)
def test_lamps_music_and_timers_are_of_low_risk(state, target):
    """What is seen or heard at once and easily undone is low."""
    assert risk_of(state, target) is Risk.LOW


def test_looking_at_a_door_is_of_low_risk():
    """An intent that only reads does nothing wrong when it is wrong."""
    state = '|HassGetState|{"name":"front door","state":"locked"}'

    assert risk_of(state, "is the front door locked") is Risk.LOW


def test_a_risky_deed_is_high_though_the_intent_reads():
    """An assistant that reads "unlock" as a question today may not do so tomorrow."""
    assert risk_of('|HassGetState|{"name":"front door"}', "unlock the front door") is Risk.HIGH


def test_lists_can_be_replaced():
    """Another language brings its own words."""
    german = RiskWords(deeds=frozenset({canonical("öffne")}))

    assert risk_of("|Open|", "Öffne die Haustür", lists=german) is Risk.HIGH


def test_words_inside_words_do_not_count():
    """Whole words are compared: "clock" holds "lock", and "wallpaper" holds "all"."""
    assert risk_of("|SetClock|", "show the clock on the wallpaper") is Risk.LOW
