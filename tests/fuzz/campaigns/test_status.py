import json
import os
import sys

import pytest

from fuzz.campaigns.status import STATES, Status
from fuzz.campaigns.worker import place_of, told


class Told(Exception):
    key = "what is the same"
    rule = "a_claim"
    schedule = b"{}"


def lines(descriptor: int) -> list[dict[str, object]]:
    return [json.loads(line) for line in os.read(descriptor, 1 << 16).splitlines()]


def test_each_line_has_the_states_that_are_new() -> None:
    reading, writing = os.pipe()
    status = Status()
    status.met({5, 6})
    assert not status.listening
    status.tell()
    status.listen(writing)
    status.met({6, 7 + STATES})
    status.ran()
    status.tell()
    status.met({5, 6, 7})
    status.again()
    status.tell(found={"key": "k"})
    assert lines(reading) == [
        {"runs": 1, "again": 0, "new": [5, 6, 7]},
        {"runs": 1, "again": 1, "new": [], "found": {"key": "k"}},
    ]
    os.close(reading)
    os.close(writing)


def test_a_process_that_nobody_listens_to_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    status = Status()
    status.listen(writing)
    monkeypatch.setattr(os, "_exit", lambda code: sys.exit(code))
    with pytest.raises(SystemExit):
        status.tell()
    os.close(writing)


def test_what_an_error_says_of_itself_is_told_else_where_it_was_raised() -> None:
    found = told(Told("text"), b"\0\xff")
    assert (found["key"], found["rule"], found["schedule"]) == ("what is the same", "a_claim", "{}")
    assert (found["message"], found["input"]) == ("Told: text", "AP8=")
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("no number")
    place = "test_status.py:test_what_an_error_says_of_itself_is_told_else_where_it_was_raised"
    assert place_of(caught.value) == place
    assert told(caught.value, b"")["key"] == f"ValueError {place}"
    assert told(caught.value, b"")["schedule"] is None
