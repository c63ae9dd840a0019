import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from fuzz.questions.table import QUESTIONS
from fuzz.readers import qemu_pieces, qemu_seeds, xen_pieces, xen_seeds
from fuzz.readers.campaign import Summary, main, run, run_inputs, run_target
from fuzz.readers.coherent import join_channel, join_image, join_xen, split_channel, split_image, split_xen
from fuzz.readers.parts import pack, unpack
from fuzz.readers.table import TARGETS

SCRIPTS = Path(__file__).parents[2] / "fuzz" / "targets"
OTHERS = {"__init__", "machine", *QUESTIONS}
"""Targets that are about no reader."""


def test_pieces_joined_are_the_input_whatever_it_is() -> None:
    chance = Random(7)
    qemu, xen = qemu_seeds.with_channels(), xen_seeds.recordings()[0]
    for pieces, data in (
        (qemu_pieces.stream_pieces, qemu_seeds.postcopy()["stream"]),
        (qemu_pieces.channel_pieces, qemu["stream.mfd0"]),
        (xen_pieces.stream_pieces, xen["stream.bin"]),
        (xen_pieces.image_pieces, xen["src.mem"]),
        (xen_pieces.table_pieces, xen["tables.bin"]),
        (xen_pieces.trace_pieces, xen["trace.bin"]),
    ):
        for _ in range(300):
            assert b"".join(data[piece.start : piece.end] for piece in pieces(data)) == data
            changed = bytearray(data[: chance.randrange(len(data)) + 1])
            if changed:
                changed[chance.randrange(min(len(changed), 200))] = chance.randrange(256)
            data = bytes(changed) if chance.getrandbits(1) else data


def test_what_is_taken_apart_coherently_and_not_changed_is_the_same() -> None:
    xen = xen_seeds.recordings()[0]
    channel = qemu_seeds.with_channels()["stream.mfd0"]
    assert join_xen(split_xen(xen["stream.bin"])) == xen["stream.bin"]
    assert join_image(split_image(xen["src.mem"])) == xen["src.mem"]
    assert join_channel(split_channel(channel)) == channel
    assert unpack(pack([b"a", b"", b"bc"]), 4) == [b"a", b"", b"bc", b""]


def test_the_same_seed_gives_the_same_inputs_and_answers() -> None:
    one, two = (run_target("qemu_stream", 300, "3").answers for _ in range(2))
    assert one == two


def test_a_minute_of_it_visits_every_target() -> None:
    summary = run(6.0, seed=1)
    assert set(summary.inputs) == set(TARGETS)
    assert summary.crashes == {}
    assert summary.seconds < 20
    assert "nothing found" in list(summary.lines())


def test_the_inputs_are_shared_out_over_processes() -> None:
    *_, summary = run_inputs(3000, 1, ("qemu_stores", "xen_times"), jobs=2)
    assert isinstance(summary, Summary)
    assert 3000 <= summary.total <= 3002
    assert summary.inputs["qemu_stores"] > summary.inputs["xen_times"] > 0


def test_the_command_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "one").write_bytes(b"not a log")
    arguments = ["--inputs", "200", "--target", "qemu_stores", "--corpus", str(tmp_path / "corpus")]
    assert main([*arguments, "--findings", str(tmp_path / "found")]) == 0
    assert "200 inputs in" in capsys.readouterr().out
    assert not (tmp_path / "found").exists()


def test_every_target_has_a_script_that_asks_one_question() -> None:
    scripts = {path.stem: path.read_text() for path in SCRIPTS.glob("*.py") if path.stem not in OTHERS}
    assert set(scripts) == set(TARGETS)
    for name, text in scripts.items():
        assert text.partition("\n")[0].endswith("?")
        assert f'fuzz("{name}", sys.argv)' in text


@pytest.mark.usefixtures("atheris")
def test_a_script_runs_with_libfuzzers_flags_and_seeds_its_corpus(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "qemu_stores.py"), "-runs=300", "-seed=1", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-1500:]
    assert (tmp_path / "seed-00").exists()
    assert "Done 300 runs" in done.stderr


@pytest.mark.usefixtures("atheris")
def test_a_script_stores_the_input_that_a_broken_reader_does_not_survive(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(
        "import sys\nfrom fuzz.readers.libfuzzer import fuzz\nimport refmodel.oracle.readers.qemu_stores as reader\n"
        "reader.Stores = lambda *fields: {}[fields]\nfuzz('qemu_stores', sys.argv)\n"
    )
    (tmp_path / "corpus").mkdir()
    command = [sys.executable, str(broken), f"-artifact_prefix={tmp_path}/", "-runs=5000", str(tmp_path / "corpus")]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS.parents[1])}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False, env=environment
    )
    assert done.returncode != 0
    assert "qemu_stores: KeyError" in done.stderr
    assert list(tmp_path.glob("crash-*"))


@pytest.mark.usefixtures("atheris")
@pytest.mark.parametrize("is_killed", [False, True])
def test_a_target_leaves_no_folder_however_it_ends(is_killed: bool, tmp_path: Path) -> None:
    """libFuzzer ends its process without Python's knowledge."""
    command = [sys.executable, str(SCRIPTS / "qemu_folder.py"), f"-runs={-1 if is_killed else 50}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    end, seen = time.monotonic() + 60, False
    with subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path)}, **quiet) as child:  # type: ignore[call-overload]
        while child.poll() is None and time.monotonic() < end:
            if any(tmp_path.glob("refmodel-fuzz-*/qemu")):
                seen = True
                if is_killed:
                    child.kill()
            time.sleep(0.01)
        child.kill()
    while any(tmp_path.glob("refmodel-fuzz-*")) and time.monotonic() < end:
        time.sleep(0.05)
    assert seen
    assert not any(tmp_path.glob("refmodel-fuzz-*"))
