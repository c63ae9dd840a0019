"""What a recorder would have seen of a schedule: accepted of the right machine, and what goes wrong is told."""

import io
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from fuzz.run import Runner
from refmodel.cli.root import root
from refmodel.language import Action
from refmodel.oracle.events import (
    Abort,
    Acknowledge,
    Activate,
    Begin,
    Block,
    Commit,
    Destroy,
    Discard,
    Done,
    Event,
    Memory,
    Pause,
    Release,
    Round,
    Send,
    Store,
)
from refmodel.oracle.observed import judged, observed, without_contents
from refmodel.oracle.observer import Observer
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.events_file import dumps, read_events
from refmodel.schedules.schedule import Schedule, load
from refmodel.variants import VARIANTS
from tests.fuzz.drawn import MANY, inputs, runner

STORED = Path(__file__).parents[1] / "schedules"
ONE = {"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 3}


Steps = str | tuple[Any, ...]


def done(*steps: Steps, sizes: dict[str, int] = ONE, variant: str | None = None) -> list[Event]:
    actions = tuple(Action(step) if isinstance(step, str) else Action(step[0], step[1:]) for step in steps)
    [events] = observed(Schedule("bare", variant, sizes, 1, actions))
    return list(events)


def sent(words: int = 1, page: int = 0) -> list[Steps]:
    return [("transfer_clear", page), *(("transfer_read", word) for word in range(words)), ("transfer_done",)]


MAPPED: list[Steps] = [("guest_map", 0, 0, True, False), ("mmu_walk", 0, 0)]
END: list[Steps] = [("send_registers", 0), "send_table", "commit", "acknowledge", "activate"]


def test_a_plain_suspend_is_seen_event_by_event() -> None:
    start: list[Steps] = ["begin", "send_configuration", *MAPPED, ("guest_store", 0, 0, 0, 2)]
    events = done(*start, "pause", "final_harvest", *sent(), *END, ("target_store", 0, 0, 1))
    assert events == [
        Begin(1, (Block("ram", 1),), "all"),
        Store("ram", 0, "2"),
        Pause(),
        Round(),
        Send("ram", 0, "2"),
        Commit(),
        Acknowledge(),
        Memory("source", "ram", 0, "2"),
        Memory("target", "ram", 0, "2"),
        Activate(),
        Store("ram", 0, "1", "target"),
    ]
    assert judged([events]).verdict == "accepted"


def test_a_page_is_sent_when_its_last_word_was_read() -> None:
    start: list[Steps] = ["begin", "send_configuration", *MAPPED, ("guest_store", 0, 0, 1, 2)]
    events = done(*start, "pause", "final_harvest", *sent(2), sizes={**ONE, "word": 2})
    assert [event for event in events if isinstance(event, Send)] == [Send("ram", 0, "0-2")]
    assert events[-2:] == [Memory("source", "ram", 0, "0-2"), Memory("target", "ram", 0, "0-2")]
    assert judged([events]).reason == "the events end before the target runs or the migration is given up"


def test_an_abort_ends_it_and_tells_no_memory() -> None:
    events = done("begin", "pause", "abort")
    assert events == [Begin(1, (Block("ram", 1),), "all"), Pause(), Abort()]
    assert judged([events]).verdict == "accepted"
    assert done("begin", "abort")[-1] == Abort()


def test_the_source_is_looked_at_before_it_is_discarded() -> None:
    start: list[Steps] = ["begin", "send_configuration", "pause", "final_harvest", *sent(), *END[:-1]]
    events = done(*start, "discard_source", "activate")
    held = Memory("source", "ram", 0, "0"), Memory("target", "ram", 0, "0")
    assert events[-6:] == [Commit(), Acknowledge(), held[0], Destroy(), held[1], Activate()]
    assert judged([events]).verdict == "accepted"


def test_of_a_source_that_runs_or_is_gone_nothing_is_known() -> None:
    early: list[Steps] = ["begin", "send_configuration", "pause", "final_harvest", *sent(), *END[:-2]]
    events = done(*early, "acknowledge", "activate", variant="discard-at-commit")
    assert not any(isinstance(event, Memory) and event.side == "source" for event in events[events.index(Commit()) :])
    assert [found.rule for found in judged([events]).findings] == ["the-source-is-kept-until-the-target-has-the-guest"]


def test_registers_that_are_not_the_guests_are_no_context() -> None:
    start: list[Steps] = [
        "begin",
        "send_configuration",
        ("guest_compute", 0, 1),
        "pause",
        "final_harvest",
        *sent(),
        *END,
    ]
    assert Commit(True) in done(*start)
    events = done(*start, variant="registers-not-sent")
    assert Commit(False) in events
    assert [found.rule for found in judged([events]).findings] == ["one-side-runs"]


def test_what_happens_before_the_migration_is_no_event() -> None:
    events = done(*MAPPED, ("guest_store", 0, 0, 0, 1), "begin")
    assert [type(event) for event in events] == [Begin]
    assert observed(Schedule("bare", None, ONE, 1, (Action("guest_compute", (0, 1)),))) == ()
    assert judged([]).reason == "no migration begins"


def followed(runs: Runner, data: bytes, which: int) -> Observer:
    """A random run of a machine, watched to its end."""
    sizes, _ = runs.head(bytes([which]))
    parts = runs.parts(sizes)
    m = start = parts.start.but(rounds=parts.start.rounds.but(left=2))
    observer = Observer(runs.spec, start)
    for action, after in parts.decoder.walk(start, data):
        observer.take(m, action, after)
        m = after
    observer.end(m)
    return observer


BY_CONTENTS = {"bare+delta-cache"}
"""Machines that send nothing of a page that is as the target has it, whatever was stored: order does not tell."""


@pytest.mark.parametrize("contents", [True, False])
@pytest.mark.parametrize("name", [*MANY, "needless-resend"])
def test_right_machines_are_accepted(name: str, contents: bool) -> None:
    """Any interleaving, to its end; without contents by the order of stores and sends."""
    if name in BY_CONTENTS and not contents:
        return
    runs = runner(name, claims=False) if name in VARIANTS else runner(claims=False, on=name)
    verdicts = Counter[str]()
    for number, data in enumerate(inputs(31, 16, steps=96)):
        for events in followed(runs, data, number % 4).recordings:
            verdict = judged([events if contents else without_contents(events)])
            assert not verdict.findings
            kinds = {type(event) for event in events}
            is_over = Abort in kinds or (Activate in kinds and (Discard not in kinds or Done in kinds))
            assert verdict.verdict == ("accepted" if is_over else "unusable")
            verdicts[verdict.verdict] += 1
    assert verdicts["accepted"] > 4


def test_each_migration_is_a_recording_of_its_own() -> None:
    found = [followed(runner(claims=False, on="bare+second-hop"), data, 1) for data in inputs(31, 16, steps=96)]
    two = next(observer.recordings for observer in found if len(observer.recordings) > 1)
    assert all(isinstance(events[0], Begin) for events in two)
    assert all(sum(isinstance(event, Begin) for event in events) == 1 for events in two)


def test_what_the_guest_gives_up_is_told() -> None:
    steps = ("begin", "send_configuration", ("enter_shadow", 0), "start_rounds", ("release_page", 0))
    actions = tuple(Action(step) if isinstance(step, str) else Action(step[0], step[1:]) for step in steps)
    [events] = observed(Schedule("bare+free-hints", None, ONE, 1, actions))
    assert events[1:] == (Release("ram", 0),)


@pytest.mark.parametrize("path", sorted((STORED / "every_path").glob("*.json")), ids=lambda path: path.stem)
def test_no_path_of_the_right_machine_gives_a_finding(path: Path) -> None:
    assert not judged(observed(load(path))).findings


def test_what_is_written_is_read_again() -> None:
    [events] = observed(load(STORED / "variants" / "no-flush.json"))
    assert tuple(read_events(ByteSource(io.BytesIO(dumps(events)), "events"))) == events


def ran(*arguments: str | Path, given: bytes | None = None) -> Result:
    return CliRunner().invoke(root, [str(argument) for argument in arguments], input=given, standalone_mode=False)


def test_one_command_shows_what_the_oracle_says(tmp_path: Path) -> None:
    schedule, out = STORED / "variants" / "no-flush.json", tmp_path / "e.ndjson"
    found = ran("replay", schedule, "--events", out)
    assert "violation of the-last-store-arrives, pfn 0" in " ".join(found.stdout.split())
    assert "the-last-store-arrives: what was sent of the page last" in " ".join(ran("oracle", out).stdout.split())
    told = orjson.loads(ran("replay", schedule, "--events", out, "--json").stdout)
    assert told["oracle"] == {"verdict": "violation", "rule": "the-last-store-arrives"}
    assert ran("replay", schedule, "--events", "-").stdout_bytes == out.read_bytes()


def test_events_that_cannot_be_written_are_unusable(tmp_path: Path) -> None:
    found = ran("replay", STORED / "variants" / "no-flush.json", "--events", tmp_path)
    assert "directory" in str(found.exception)
    fields = orjson.loads((STORED / "variants" / "no-flush.json").read_bytes())
    nothing = tmp_path / "nothing.json"
    nothing.write_bytes(orjson.dumps({**fields, "actions": [], "broken": None, "noticed": None}))
    assert "begins no migration" in str(ran("replay", nothing, "--events", "-").exception)
