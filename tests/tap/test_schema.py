"""What tap, lab and doctor print keeps to the published schemas, and what they never print does not."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from refmodel.cli.root import root
from refmodel.lab.command import row_of
from refmodel.lab.outcome import Outcome
from refmodel.oracle.verdict import Verdict
from refmodel.tap.plan import Told
from tests.oracle.test_schemas import faults
from tests.tap.ends import RAM, tapped


def as_printed(told: Told) -> Any:
    return json.loads(json.dumps(told.as_json()))


@pytest.mark.parametrize("more", [{}, {"ram": RAM}, {"ram": RAM[:-1] + b"\xff", "abort": True}, {"ram": RAM[:4096]}])
def test_what_a_tap_says_keeps_to_its_schema(more: dict[str, Any], tmp_path: Path) -> None:
    told, _ = tapped(tmp_path, **more)
    assert faults("tap", as_printed(told)) == []


def test_what_a_tap_says_without_a_verdict_keeps_to_its_schema() -> None:
    told = Told(failures=["no verdict of the judge: it failed"], source="lost", switched=True)
    assert faults("tap", as_printed(told)) == []


def a_row() -> Any:
    outcome = Outcome("plain", "completed", 1.0, Verdict("accepted"), (), (), None, Told(Verdict("accepted")), Path())
    return [json.loads(json.dumps(row_of(outcome)))]


def test_what_the_lab_prints_keeps_to_its_schema() -> None:
    assert faults("lab", a_row()) == []


def printed_by_the_doctor() -> Any:
    return json.loads(CliRunner().invoke(root, ["doctor", "--json"]).stdout)


def test_what_the_doctor_prints_keeps_to_its_schema() -> None:
    assert faults("doctor", printed_by_the_doctor()) == []


def put(*path: Any, value: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value

    return change


WRONG = [
    ("tap", put("ends", "source", value="gone")),
    ("tap", put("bytes", "came", value=-1)),
    ("tap", put("lost_writes", value="none")),
    ("tap", put("added_downtime_ms", value="3 ms")),
    ("tap", put("verdict", value={"verdict": "accepted"})),
    ("tap", put("verdict", value=None)),  # and no failure
    ("tap", lambda document: document.pop("unchecked")),
    ("tap", put("unchecked", value=None)),  # and nothing was compared
    ("lab", put(0, "tap", value="accepted at last")),
    ("lab", put(0, "status", value="postmigrate")),
    ("lab", put(0, "wrong", value=["7"])),
    ("lab", lambda document: document.clear()),
    ("lab", lambda document: document[0].pop("mistake")),
    ("doctor", put("tools", value=[])),
    ("doctor", put("tools", 0, "found", value=True)),
    ("doctor", put("tools", 0, "path", value="/usr/bin/gcc")),
]


@pytest.mark.parametrize(("name", "change"), WRONG)
def test_what_they_never_print_the_schemas_refuse(name: str, change: Callable[[Any], None]) -> None:
    right = {
        "tap": lambda: as_printed(Told(Verdict("unusable", reason="nothing was compared"))),
        "lab": a_row,
        "doctor": printed_by_the_doctor,
    }[name]()
    assert faults(name, right) == []
    wrong = copy.deepcopy(right)
    change(wrong)
    assert faults(name, wrong)
