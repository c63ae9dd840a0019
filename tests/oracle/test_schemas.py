"""The published schemas: what the commands print keeps to them, and wrong documents do not."""

import copy
import io
import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from proofs.command import prove
from refmodel.oracle.command import oracle
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.events_file import read_events
from refmodel.recordings import RECORDINGS
from refmodel.rows import Row
from refmodel.schedules.schedule import load, loads
from refmodel.search.command import search
from refmodel.unusable import Unusable
from refmodel.variants import VARIANTS
from tests.oracle.recorded import EVENTS, event_file

checking = import_module("refmodel.cli.check")
ROOT = Path(__file__).parents[2]
SCHEMAS = {path.name.split(".")[0]: json.loads(path.read_text()) for path in (ROOT / "docs/schemas").glob("*.json")}
REGISTRY: Registry[Any] = Registry().with_resources(
    [(schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()]
)
SCHEDULES = sorted((ROOT / "tests/schedules").rglob("*.json"))


def faults(name: str, document: object) -> list[str]:
    validator = Draft202012Validator(SCHEMAS[name], registry=REGISTRY)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def printed(command: Any, *arguments: str, given: bytes | None = None) -> Any:
    return json.loads(CliRunner().invoke(command, arguments, input=given).stdout)


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_one_of_draft_2020_12(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"{name}.schema.json"


def test_there_is_a_schema_for_everything_that_machines_read() -> None:
    assert set(SCHEMAS) == {"verdict", "event", "schedule", "rules", "check", "prove", "doctor", "tap", "lab"}


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_the_verdict_on_each_bundled_recording_keeps_to_its_schema(recording: Any) -> None:
    assert faults("verdict", printed(oracle, str(recording.path), "--json")) == []


@pytest.mark.parametrize("arguments", [[], ["--page", "ram:0"], ["--require", "the-stream-is-whole"]])
@pytest.mark.parametrize("sent", ["a", "b"])
def test_each_kind_of_verdict_keeps_to_its_schema(arguments: list[str], sent: str) -> None:
    verdict = printed(oracle, "-", "--json", *arguments, given=event_file(sent))
    assert faults("verdict", verdict) == []
    assert faults("verdict", printed(oracle, "-", "--json", given=b"rubbish")) == []


@pytest.mark.parametrize("sent", ["a", "b"])
def test_what_explains_a_verdict_comes_with_schedules_of_the_schema(sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: VARIANTS[name] for name in ("no-final-harvest", "no-flush")}
    monkeypatch.setattr("refmodel.oracle.explaining.VARIANTS", few)
    verdict = printed(oracle, "-", "--json", "--explain", given=event_file(sent))
    assert faults("verdict", verdict) == []
    witnesses = [by["witness"] for each in verdict["explanations"] for by in each["explained_by"]]
    assert witnesses
    assert [faults("schedule", witness) for witness in witnesses] == [[]] * len(witnesses)


@pytest.mark.parametrize("line", EVENTS, ids=lambda line: line["event"])
def test_what_the_reader_of_events_takes_keeps_to_the_schema(line: dict[str, Any]) -> None:
    assert len(list(read_events(source(line)))) == 1
    assert faults("event", line) == []


def source(line: object) -> ByteSource:
    return ByteSource(io.BytesIO(json.dumps(line).encode()), "a file")


WRONG_EVENTS = [
    {"event": "halt"},
    {"pfn": 1},
    {"event": "pause", "why": 1},
    {"event": "send", "block": "ram", "pfn": "1", "digest": "x"},
    {"event": "send", "block": "ram", "pfn": True, "digest": "x"},
    {"event": "send", "block": "ram", "digest": "x"},
    {"event": "memory", "side": "both", "block": "ram", "pfn": 1, "digest": "x"},
    {"event": "begin", "version": 1, "blocks": {"ram": 1}},
    {"event": "begin", "version": 1, "blocks": [{"name": "ram", "pages": 1, "size": 4096}]},
    [],
]


@pytest.mark.parametrize("line", WRONG_EVENTS, ids=str)
def test_what_the_reader_of_events_refuses_the_schema_refuses(line: object) -> None:
    with pytest.raises(Unusable):
        list(read_events(source(line)))
    assert faults("event", line)


def test_every_stored_schedule_keeps_to_its_schema() -> None:
    assert len(SCHEDULES) > 50
    for path in SCHEDULES:
        load(path)
        assert faults("schedule", json.loads(path.read_text())) == [], path.name


def set_at(*path: str | int, value: object) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        if value is DROPPED:
            del document[path[-1]]
        else:
            document[path[-1]] = value

    return change


DROPPED = object()
WRONG_SCHEDULES = [
    set_at("format", value="schedule"),
    set_at("version", value=2),
    set_at("machine", value=DROPPED),
    set_at("sizes", "cpu", value=0),
    set_at("sizes", "cpu", value=DROPPED),
    set_at("rounds", value=-1),
    set_at("actions", 0, value="begin"),
    set_at("actions", 0, value={"cpu": 0}),
    set_at("broken", value={"claim": 7}),
]


@pytest.mark.parametrize("change", WRONG_SCHEDULES)
def test_a_wrong_schedule_is_refused_by_reader_and_schema(change: Callable[[Any], None]) -> None:
    schedule = json.loads((ROOT / "tests/schedules/variants/no-flush.json").read_text())
    change(schedule)
    assert faults("schedule", schedule)
    with pytest.raises(Unusable):
        loads(json.dumps(schedule).encode(), "a schedule")


WRONG_VERDICTS = [
    set_at("version", value=2),
    set_at("verdict", value="fine"),
    set_at("verdict", value="accepted"),
    set_at("findings", value=[]),
    set_at("findings", 0, "contracts", value=["luck"]),
    set_at("findings", 0, "block", value=DROPPED),
    set_at("findings", 0, "classes", value=["7"]),
    set_at("findings", 0, "because", value="of it"),
    set_at("findings", 0, "last_record", "digest", value=DROPPED),
    set_at("reason", value="none"),
    set_at("checked", 0, "count", value=0),
    set_at("comment", value=""),
]


@pytest.mark.parametrize("change", WRONG_VERDICTS)
def test_a_wrong_verdict_is_refused_by_its_schema(change: Callable[[Any], None]) -> None:
    verdict = printed(oracle, "-", "--json", given=event_file("b"))
    changed = copy.deepcopy(verdict)
    change(changed)
    assert faults("verdict", changed)


def test_the_list_of_rules_keeps_to_its_schema_and_a_nameless_rule_does_not() -> None:
    rules = printed(oracle, "--rules", "--json")
    assert faults("rules", rules) == []
    del rules[0]["name"]
    assert faults("rules", rules)
    assert faults("rules", [])


def test_what_the_check_prints_keeps_to_its_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    def parts() -> Iterator[tuple[str, Iterator[Row]]]:
        yield "oracle", checking.judged()
        yield "fuzz", iter([Row("fuzz", "a thing", "not run", True, 0.0)])

    monkeypatch.setattr(checking, "parts", parts)
    monkeypatch.setattr(checking, "RECORDINGS", RECORDINGS[:2])
    rows = printed(checking.check, "--json")
    assert len(rows["rows"]) == 3
    assert faults("check", rows) == []
    rows["rows"][0]["ok"] = not rows["rows"][0]["ok"]
    assert bool(faults("check", rows)) == rows["ok"]
    rows["rows"][0]["seconds"] = "1"
    assert faults("check", rows)


@pytest.mark.parametrize(
    "arguments",
    [["--only", "abort"], ["--only", "abort", "--cross-check"], ["--variant", "no-flush", "--only", "abort"]],
)
def test_what_the_prover_prints_keeps_to_its_schema(arguments: list[str]) -> None:
    proof = printed(prove, "--json", *arguments)
    assert faults("prove", proof) == []
    for change in (
        set_at("records", 0, "verdict", value="likely"),
        set_at("totals", "slowest", value=None),
        set_at("records", value=[]),
    ):
        changed = copy.deepcopy(proof)
        change(changed)
        assert faults("prove", changed)


def test_the_schedule_that_the_search_prints_keeps_to_its_schema() -> None:
    found = printed(search, "--variant", "no-flush", "--json")
    assert faults("schedule", found["schedule"]) == []
