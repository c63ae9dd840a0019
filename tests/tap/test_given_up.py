"""A migration that is given up under way hands nothing over: what the source's monitor says, or that none does."""

import json
from asyncio import StreamReader, StreamWriter
from pathlib import Path
from typing import Any

import pytest

from refmodel.fast.images import Image
from refmodel.fast.inputs import opens
from refmodel.oracle.readers.qemu_command_records import Command, CommandKind
from refmodel.tap.address import Address
from refmodel.tap.gate import Gate
from refmodel.tap.given import Bytes
from refmodel.tap.plan import Told
from tests.oracle.qemu_writer import encode
from tests.tap.ends import RAM, STREAM, TAIL_AT, Source, Target, tapped
from tests.tap.test_breaks import UNDESCRIBED
from tests.tap.test_channels import MAIN, ONE, ZERO, multifd
from tests.tap.test_channels import RAM as BESIDE
from tests.tap.test_channels import TAIL_AT as MAIN_TAIL_AT
from tests.tap.test_postcopy import RAM as SWITCH_RAM
from tests.tap.test_postcopy import STREAM as SWITCH
from tests.tap.test_source import Monitor, monitored

HALF = len(STREAM) // 2
LEFT = "given-up-the-guest-runs-on"


class Says(Monitor):
    """A monitor of a QEMU whose migration is in such a state, and its guest in such a one; the last of each stays."""

    def __init__(self, states: list[str], guests: list[str]) -> None:
        super().__init__(RAM)
        self.states, self.guests, self.asked = states, guests, 0

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        if command["execute"] == "query-migrate":
            self.asked += 1
            return {"return": {"status": self.states[0] if len(self.states) == 1 else self.states.pop(0)}}
        if command["execute"] == "query-status":
            guest = self.guests[0] if len(self.guests) == 1 else self.guests.pop(0)
            return {"return": {"status": guest, "running": guest == "running", "singlestep": False}}
        return super().answer(command)


def breaks_off(stream: bytes) -> Source:
    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(stream)
        await writer.drain()
        writer.close()

    return source


def given_up(folder: Path, says: Says, stream: bytes = STREAM[:HALF], **more: Any) -> tuple[Told, Target]:
    pytest.importorskip("qemu.qmp", reason="the extra lab")
    with monitored(folder / "qmp", says):
        return tapped(folder, breaks_off(stream), ram=RAM, monitor=Address(str(folder / "qmp")), patience=2.0, **more)


@pytest.mark.parametrize("state", ["cancelled", "failed"])
@pytest.mark.parametrize("at", [HALF, TAIL_AT + 2000, len(UNDESCRIBED)], ids=["live", "stopped", "without its end"])
def test_a_migration_that_is_given_up_is_accepted_when_the_source_runs_on(tmp_path: Path, at: int, state: str) -> None:
    told, target = given_up(tmp_path, Says([state], ["running"]), STREAM[:at], record=tmp_path / "kept")
    assert told.status == 0, told
    assert told.verdict is not None
    assert told.verdict.notes == ("given up before the hand-over: the source runs on, the target never ran",)
    assert "the-stream-is-whole" not in {checked.rule for checked in told.verdict.checked}
    assert LEFT in {checked.rule for checked in told.verdict.checked}
    assert not target.runs
    assert STREAM[:at].startswith(target.came)
    assert not (tmp_path / "kept" / "truth.json").exists()
    assert json.loads((tmp_path / "kept" / "result.json").read_text())["verdict"]["verdict"] == "accepted"


def test_it_is_waited_for_until_the_guest_runs(tmp_path: Path) -> None:
    says = Says(
        ["cancelling", "cancelling", "cancelled"], ["finish-migrate", "finish-migrate", "postmigrate", "running"]
    )
    told, _ = given_up(tmp_path, says, abort=True)
    assert told.status == 0, told
    assert says.asked == 4


def test_a_guest_that_stays_stopped_is_found_and_not_cut(tmp_path: Path) -> None:
    told, _ = given_up(tmp_path, Says(["failed"], ["postmigrate"]), STREAM[: TAIL_AT + 2000], abort=True)
    assert told.status == 1
    assert told.verdict is not None
    assert [found.rule for found in told.verdict.findings] == [LEFT]
    assert told.target != "cut"


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (Says(["cancelled"], ["paused"]), "the guest is paused"),
        (Says(["active"], ["running"]), "the migration is active"),
        (Says([], ["running"]), "it was not said how the migration ended"),
    ],
)
def test_where_nobody_can_tell_there_is_no_verdict(tmp_path: Path, says: Says, why: str) -> None:
    told, _ = given_up(tmp_path, says)
    assert told.status == 2
    assert told.verdict is not None
    assert why in str(told.verdict.reason)


def test_one_that_is_complete_without_its_end_marker_is_what_it_was(tmp_path: Path) -> None:
    told, target = given_up(tmp_path, Says(["completed"], ["postmigrate"]), UNDESCRIBED)
    assert target.came == UNDESCRIBED
    assert told.status == 1
    assert [found.rule for found in told.verdict.findings] == ["the-stream-is-whole"] if told.verdict else False


def test_damage_is_damage_whatever_the_monitor_says(tmp_path: Path) -> None:
    says = Says(["cancelled"], ["running"])
    told, _ = given_up(tmp_path, says, STREAM[:HALF] + b"\xff" * 4096)
    assert (told.status, says.asked) == (1, 0)


def test_after_the_switch_to_post_copy_nobody_is_asked(tmp_path: Path) -> None:
    says = Says(["failed"], ["running"])
    (tmp_path / "mine").write_bytes(SWITCH_RAM)
    image = Image("r", str(tmp_path / "mine"), opens(str(tmp_path / "mine")))
    told, _ = given_up(tmp_path, says, SWITCH[:-40], images=lambda loop: [image])
    assert (told.status, says.asked) == (1, 0)


def test_with_channels_it_is_the_same(tmp_path: Path) -> None:
    pytest.importorskip("qemu.qmp", reason="the extra lab")
    main, channels, monitor = MAIN[:MAIN_TAIL_AT], (ZERO[:-50], ONE[:-50]), Address(str(tmp_path / "qmp"))
    with monitored(tmp_path / "qmp", Says(["cancelled"], ["running"])):
        told, _ = multifd(tmp_path, channels, main=main, ram=BESIDE, monitor=monitor)
    assert told.status == 0, told


def test_without_a_monitor_nothing_was_handed_over_in_a_live_round(tmp_path: Path) -> None:
    told, target = tapped(tmp_path, breaks_off(STREAM[:HALF]), ram=RAM, abort=True)
    assert (told.status, told.source) == (2, "closed")
    assert told.verdict is not None
    assert told.verdict.reason == f"the stream ended in a live round after {HALF} bytes: nothing was handed over"
    assert told.verdict.notes == ("with --qmp the source is asked whether its guest runs on",)
    assert not target.runs


def test_without_a_monitor_what_breaks_off_after_the_stop_may_have_been_handed_over(tmp_path: Path) -> None:
    told, _ = tapped(tmp_path, breaks_off(UNDESCRIBED), ram=RAM)
    assert told.status == 1


def returning() -> bytes:
    """A whole stream of a source that waits for the target's word."""
    at = STREAM.index(b"\1\0\0\0\2\3ram")
    return STREAM[:at] + encode(Command(0, 0, CommandKind.OPEN_RETURN_PATH)) + STREAM[at:]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The judge comes to the end once the source has closed the wire, and the guest has written on there."""
    ended = Bytes.end

    def ends(self: Bytes) -> None:
        (tmp_path / "ram").write_bytes(bytes(len(RAM)))
        ended(self)

    monkeypatch.setattr(Bytes, "end", ends)
    monkeypatch.setattr(Gate, "tail_is_whole", False)


@pytest.mark.usefixtures("held")
def test_a_source_that_is_cancelled_while_its_tail_is_held_keeps_the_guest(tmp_path: Path) -> None:
    """All of the stream is here, and the target could start; the guest runs on, and is no longer what was sent."""
    says = Says(["cancelling", "cancelled"], ["running"])
    told, target = given_up(tmp_path, says, returning(), record=tmp_path / "kept")
    assert told.status == 0, told
    assert told.target == "cut"
    assert told.passed <= TAIL_AT + 5
    assert not target.came.endswith(STREAM[-10:])
    assert told.verdict is not None
    assert "the source runs on" in told.verdict.notes[0]
    assert not (tmp_path / "kept" / "truth.json").exists()


@pytest.mark.usefixtures("held")
def test_one_that_was_cancelled_and_stands_still_is_found(tmp_path: Path) -> None:
    told, _ = given_up(tmp_path, Says(["cancelled"], ["finish-migrate"]), returning())
    assert [found.rule for found in told.verdict.findings] == [LEFT] if told.verdict else False
    assert told.status == 1


@pytest.mark.usefixtures("held")
def test_where_nobody_is_asked_it_is_said_that_it_may_have_run_on(tmp_path: Path) -> None:
    told, target = tapped(tmp_path, breaks_off(returning()), ram=RAM)
    assert target.came == returning()
    assert told.status == 1
    assert any("its guest ran on while it was compared" in failure for failure in told.failures)


def test_a_source_that_has_died_is_no_reason_to_keep_the_guest_from_the_target(tmp_path: Path) -> None:
    told, target = tapped(tmp_path, breaks_off(returning()), ram=RAM, monitor=Address(str(tmp_path / "none")))
    assert target.came == returning()
    assert told.status == 0, told
