"""The hook over HTTP: what it says is believed if it has the form of a turn, and anything else changes nothing."""

from __future__ import annotations

import socket
import threading

import pytest

from markov.versions import Asked, NotTold
from resay.commands.understand_url import ANSWER_BYTES_MAX, NoUrl, UrlUnderstanding
from resay.dialogue.turn import Context
from tests.commands.nlu_hook import hook, reading

ASKED = Asked("lights on in the den", "which_lamp", Context(room="den", device_type="speaker"))


def test_the_question_and_the_answer_are_parts_of_a_turn():
    """What a turn names so is asked and answered under the same names; what is empty is left out."""
    with hook(lambda _: reading("LightOn", area="den")) as nlu:
        read = UrlUnderstanding(nlu.url).understand(ASKED)

    assert read.state == '|LightOn|{"area":"den"}'
    assert nlu.asked == [
        {"text": "lights on in the den", "prompt": {"kind": "which_lamp"}, "context": {"room": "den", "device_type": "speaker"}}
    ]


def test_no_interpretation_is_an_answer():
    """It does not understand."""
    with hook(lambda _: reading(None)) as nlu:
        assert UrlUnderstanding(nlu.url).understand(ASKED).state == ""


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((500, b"oops"), "answered 500"),
        ((302, b""), "answered 302"),
        ((204, b""), "something else"),
        ((200, b"<html>"), "something else"),
        ((200, b"{}"), "something else"),
        ((200, b'{"interpretations": null}'), "something else"),
        ((200, b'{"interpretations": [{"slots": {}}]}'), "something else"),
        ((200, b'{"interpretations": [], "entities": 3}'), "something else"),
        ((200, b"\xff\xfe"), "something else"),
        ((200, b" " * (ANSWER_BYTES_MAX + 1)), "at most"),
    ],
)
def test_whatever_else_comes_is_not_told(answer: tuple[int, bytes], why: str):
    """An error page must not retire a rewrite; nor is another address asked."""
    with hook(lambda _: answer) as nlu, pytest.raises(NotTold, match=why) as told:
        UrlUnderstanding(nlu.url).understand(ASKED)

    assert "den" not in str(told.value)
    assert len(nlu.asked) == 1


def test_nobody_there_and_nobody_answering_are_not_told():
    """A closed port, and one that takes the call and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(NotTold, match="must answer within"):
            UrlUnderstanding(f"http://127.0.0.1:{port}/", wait_s=0.2).understand(ASKED)

    with pytest.raises(NotTold, match="ConnectionRefusedError"):
        UrlUnderstanding(f"http://127.0.0.1:{port}/").understand(ASKED)


def test_an_answer_that_drips_in_is_given_up():
    """Each byte comes in time, and all of them never."""
    with socket.create_server(("127.0.0.1", 0)) as dripping:
        ended = threading.Event()

        def drip() -> None:
            connection, _ = dripping.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                while not ended.wait(0.05):
                    try:
                        connection.sendall(b" ")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        with pytest.raises(NotTold, match=r"in time|within"):
            UrlUnderstanding(f"http://127.0.0.1:{dripping.getsockname()[1]}/", wait_s=0.3).understand(ASKED)
        ended.set()
        thread.join()


@pytest.mark.parametrize("url", ["localhost:5005", "file:///etc/passwd", "http://", "ftp://127.0.0.1/"])
def test_only_an_http_address_is_taken(url: str):
    """Said at once, and not when the first rewrite is asked about."""
    with pytest.raises(NoUrl, match="must be an http or https address"):
        UrlUnderstanding(url)
