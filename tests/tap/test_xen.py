"""A tap of Xen between real processes: a sender as xl is one, the tap, and a receiver; the stream is a recording's."""

import json
import lzma
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from refmodel.oracle.recording import judge_recording
from tests.oracle.xen import xen_guest as guest
from tests.oracle.xen.xen_writer import good
from tests.started import REFMODEL
from tests.tap.ends import RELAXED
from tests.tap.receiver import BANNER, LEAVE, READY, REPORT

RECORDED = Path(__file__).parents[2] / "refmodel/recordings/xen_idle"
ROOT = Path(__file__).parents[2]
TAP = f"{sys.executable} -c 'from refmodel.cli import main; main()' tap"


@cache
def recorded() -> tuple[bytes, bytes]:
    """The stream and the source's memory of a real migration."""
    return tuple(lzma.decompress((RECORDED / f"{name}.xz").read_bytes()) for name in ("stream.bin", "src.mem"))  # type: ignore[return-value]


FILES = good().files()
STREAM, MEMORY = FILES["stream.bin"], FILES["src.mem"]
LOST = MEMORY.replace(guest.suspended()[guest.HOT], guest.text("stored and never sent"))


@frozen
class Ended:
    """What a sender saw: whether it may have the target unpaused, or has to resume its own domain."""

    status: int
    told: dict[str, Any]
    is_ready: bool
    is_reported: bool
    resumes: bool
    is_unpaused: bool
    came: bytes


def xl(
    folder: Path,
    options: str,
    how: str = "well",
    sent: int | None = None,
    pause: float = 0.0,
    stream: bytes = STREAM,
) -> Ended:
    """As xl does: the transport is a command of the shell. Of the stream only so much is sent, with a pause in it."""
    receiver = f"{sys.executable} -m tests.tap.receiver {folder} {len(stream)} {how}"
    process = subprocess.Popen(
        ["sh", "-c", f"exec {TAP} --xen --json {options} -- {receiver}"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    is_ready = is_reported = False
    stuck = threading.Timer(RELAXED, process.kill)
    stuck.start()
    try:
        assert process.stdout.read(len(BANNER)) == BANNER
        body = stream[:-LEAVE][:sent]
        process.stdin.write(body[: len(body) // 3])
        process.stdin.flush()
        time.sleep(pause)
        process.stdin.write(body[len(body) // 3 :])
        process.stdin.flush()
        if sent is None:
            is_ready = process.stdout.read(len(READY)) == READY
        if is_ready:
            process.stdin.write(stream[-LEAVE:])
            process.stdin.flush()
            is_reported = process.stdout.read(len(REPORT) + 1) == REPORT + b"\0"
    except BrokenPipeError:
        pass
    with suppress(BrokenPipeError):
        process.stdin.close()
    errors = process.stderr.read() if process.stderr else b""
    out = process.stdout.read()
    status = process.wait(30)
    stuck.cancel()
    for end in (process.stdout, process.stderr):
        if end is not None:
            end.close()
    assert out == b"", errors
    unpaused = (folder / "unpaused").exists()
    came = (folder / "came").read_bytes() if (folder / "came").exists() else b""
    return Ended(status, json.loads(errors), is_ready, is_reported, not is_ready, unpaused, came)


def ram(folder: Path, data: bytes = MEMORY) -> str:
    (folder / "src.mem").write_bytes(data)
    return f"--source-ram {folder / 'src.mem'}"


@pytest.mark.parametrize("is_real", [False, True])
def test_a_right_migration_passes_both_ways_and_is_compared_before_the_domain_runs(
    is_real: bool, tmp_path: Path
) -> None:
    stream, memory = recorded() if is_real else (STREAM, MEMORY)
    ended = xl(tmp_path, ram(tmp_path, memory), stream=stream)
    assert ended.status == 0, ended.told
    assert ended.is_reported
    assert ended.is_unpaused
    assert ended.came == stream[:-LEAVE]
    assert ended.told["lost_writes"] == "compared"
    assert ended.told["ends"] == {"source": "closed", "target": "closed"}


@pytest.mark.parametrize(("options", "seconds"), [("", 0.8), (" --silence 1.5", 2.2)])
def test_the_reply_that_the_receiver_is_ready_is_held_until_the_memory_was_compared(
    options: str, seconds: float, tmp_path: Path
) -> None:
    fifo = tmp_path / "fifo"
    subprocess.run(["mkfifo", str(fifo)], check=True)

    def dumps() -> None:
        with fifo.open("wb") as file:  # once the judge asks for it
            asked.append(time.monotonic())
            time.sleep(seconds)  # also longer than ends may be silent: they are not, they wait
            assert not (tmp_path / "unpaused").exists()
            file.write(MEMORY)

    asked: list[float] = []
    dumping = threading.Thread(target=dumps)
    dumping.start()
    ended = xl(tmp_path, f"--source-ram {fifo}{options}")
    dumping.join()
    assert asked
    assert ended.status == 0
    assert ended.is_unpaused
    assert ended.told["bytes"]["held"] == len(READY)
    assert ended.told["added_downtime_ms"] > 500


def test_a_lost_write_is_named_and_the_migration_goes_on(tmp_path: Path) -> None:
    ended = xl(tmp_path, ram(tmp_path, LOST))
    assert ended.status == 1
    assert [(found["rule"], found["pfn"]) for found in ended.told["verdict"]["findings"]] == [
        ("the-last-store-arrives", guest.HOT)
    ]
    assert ended.is_unpaused


def test_with_abort_the_sender_never_hears_ready_and_resumes_its_domain(tmp_path: Path) -> None:
    ended = xl(tmp_path, ram(tmp_path, LOST) + " --abort-on-violation")
    assert ended.status == 1
    assert ended.told["ends"]["target"] == "cut"
    assert ended.resumes
    assert not ended.is_unpaused


def test_with_abort_a_right_migration_is_not_cut(tmp_path: Path) -> None:
    ended = xl(tmp_path, ram(tmp_path) + " --abort-on-violation")
    assert ended.status == 0
    assert ended.is_unpaused


def test_without_memory_nothing_is_held_and_lost_writes_are_unchecked(tmp_path: Path) -> None:
    ended = xl(tmp_path, "")
    assert ended.status == 2
    assert ended.is_unpaused
    assert ended.told["lost_writes"] == "unchecked"
    assert ended.told["added_downtime_ms"] is None


def test_memory_that_is_not_there_when_the_stream_ends_harms_nobody(tmp_path: Path) -> None:
    ended = xl(tmp_path, f"--source-ram {tmp_path / 'none'} --abort-on-violation")
    assert ended.status == 2
    assert ended.is_unpaused
    assert str(tmp_path / "none") in ended.told["verdict"]["reason"]


def test_a_judge_that_is_too_slow_is_left_behind(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"  # nobody writes to it
    subprocess.run(["mkfifo", str(fifo)], check=True)
    ended = xl(tmp_path, f"--source-ram {fifo} --abort-on-violation --patience 0.5")
    assert ended.is_unpaused
    assert ended.told["failures"] == ["no verdict of the judge: a reply was held for 0.5 s"]
    assert ended.status == 2


def test_a_sender_that_is_gone_leaves_a_receiver_that_does_not_run(tmp_path: Path) -> None:
    ended = xl(tmp_path, ram(tmp_path), sent=50_000)
    assert not ended.is_unpaused
    assert ended.came == STREAM[:50_000]
    assert ended.told["ends"]["source"] == "closed"
    assert ended.status == 2
    assert "the sender gave no leave to unpause" in ended.told["verdict"]["reason"]


def test_a_receiver_that_is_gone_is_told_to_the_sender(tmp_path: Path) -> None:
    ended = xl(tmp_path, ram(tmp_path), "dies")
    assert ended.resumes
    assert ended.status == 2
    assert ended.told["ends"]["target"] in ("lost", "closed")


def test_a_receiver_that_is_slow_gets_everything(tmp_path: Path) -> None:
    ended = xl(tmp_path, ram(tmp_path), "slow")
    assert ended.status == 0
    assert ended.is_unpaused


def test_a_receiver_that_is_silent_is_given_up_if_that_is_wanted(tmp_path: Path) -> None:
    ended = xl(tmp_path, ram(tmp_path) + " --silence 0.7", "silent")
    assert ended.resumes
    assert ended.status == 2
    assert "silent" in ended.told["ends"].values()


def test_a_sender_that_is_slow_is_waited_for(tmp_path: Path) -> None:
    ended = xl(tmp_path, ram(tmp_path), pause=0.7)
    assert ended.status == 0


def test_a_sender_that_is_silent_is_given_up_if_that_is_wanted(tmp_path: Path) -> None:
    ended = xl(tmp_path, ram(tmp_path) + " --silence 0.5", pause=3)
    assert ended.resumes
    assert not ended.is_unpaused
    assert ended.told["ends"]["source"] == "silent"


def test_a_recording_is_one_for_the_oracle(tmp_path: Path) -> None:
    ended = xl(tmp_path, ram(tmp_path) + f" --record {tmp_path / 'kept'}")
    assert ended.status == 0
    assert (tmp_path / "kept/stream").read_bytes() == STREAM
    assert judge_recording(str(tmp_path / "kept")).verdict == "accepted"


@pytest.mark.parametrize(
    ("command", "given", "said"),
    [
        ("/nonexistent/ssh", None, b"/nonexistent/ssh: No such file"),
        ("true", __file__, b"standard input or output that is no pipe"),
        ("true", "/dev/null", b"standard input or output that is no pipe"),
    ],
)
def test_what_cannot_begin_is_refused_without_a_traceback(command: str, given: str | None, said: bytes) -> None:
    tap = [*REFMODEL, "tap", "--xen", "--", command]
    with Path(given or os.devnull).open("rb") as file:
        ended = subprocess.run(
            tap, stdin=file if given else subprocess.PIPE, capture_output=True, cwd=ROOT, timeout=30, check=False
        )
    assert ended.returncode == 2
    assert said in ended.stderr
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
def test_interrupted_at_any_moment_it_leaves_no_receiver(part: float, sent: signal.Signals, tmp_path: Path) -> None:
    receiver = [sys.executable, "-m", "tests.tap.receiver", str(tmp_path), str(len(STREAM)), "silent"]
    process = subprocess.Popen(
        [*REFMODEL, "tap", "--xen", "--", *receiver],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(sent, signal.SIG_DFL),  # the tests may run in the background
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.read(len(BANNER)) == BANNER
        process.stdin.write(STREAM[: int(part * len(STREAM))])
        process.stdin.flush()
        process.send_signal(sent)
        assert process.wait(20) == 130
    assert not [line for line in map(_command, Path("/proc").glob("[0-9]*/cmdline")) if str(tmp_path).encode() in line]


def _command(path: Path) -> bytes:
    with suppress(OSError):
        return path.read_bytes()
    return b""
