import importlib
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fuzz.readers import judging, qemu_seeds, xen_seeds
from fuzz.readers.campaign import run_target
from fuzz.readers.limits import Found, answer, bounded_memory
from fuzz.readers.parts import pack
from fuzz.readers.table import TARGETS
from refmodel.oracle.judge import Judge
from refmodel.oracle.verdict import Verdict

STORED = Path(__file__).parent / "reader_inputs"

INSIDE = {
    "qemu_stream": "readers.qemu_stream._read_footer",
    "qemu_multifd": "readers.qemu_multifd.Channels.pages_before",
    "qemu_trace": "readers.qemu_trace._values",
    "qemu_stores": "readers.qemu_stores.Stores",
    "qemu_truth": "truth.Memory",
    "vmdescription": "readers.vmdescription._extent",
    "events": "readers.events_file.event_of",
    "events_json": "readers.events_file.event_of",
    "compressed": "readers.compression._Decompressed.read",
    "xen_stream": "xen.page_data.Batch",
    "xen_image": "xen.memory_image.digest",
    "xen_log": "xen.harvests._bitmap",
    "xentrace": "xen.trace.Fixup",
    "xen_counters": "readers.bytesource.ByteSource.read_rest",
    "xen_tables": "xen.shadow_files.little",
    "xen_registers": "xen.shadow_files.CpuState",
    "xen_times": "xen.arrival.Arrivals",
    "qemu_folder": "qemu.companions.Companions.watch",
    "xen_folder": "xen.story.Story.take",
    "event_file": "judge.Judge._send",
    "fast": "judge.Judge._send",
    "fast_lines": "judge.Judge._send",
    "fast_stream": "readers.qemu_stream._read_footer",
}
"""Something deep inside what each target reads with, to be broken."""


def _inside(name: str) -> tuple[Any, str]:
    """The module or class, and the attribute."""
    if name == "schedules":
        return importlib.import_module("refmodel.schedules.schedule"), "_action"
    *path, attribute = INSIDE[name].split(".")
    owner = path.pop() if path[-1].lstrip("_")[0].isupper() else None
    module = importlib.import_module(".".join(("refmodel.oracle", *path)))
    return (getattr(module, owner) if owner else module), attribute


def _found(name: str, data: bytes) -> str:
    """What is found to be wrong with an input; nothing for none."""
    try:
        answer(TARGETS[name].read, data, seconds=0.1)
    except Found as found:
        return found.key
    return ""


def _raises(*arguments: object, **more: object) -> None:
    raise KeyError("broken on purpose")


def _loops(*arguments: object, **more: object) -> None:
    for _ in itertools.count():
        pass


def _allocates(*arguments: object, **more: object) -> None:
    bytearray(600 << 20)


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_survives_some_thousand_inputs(name: str) -> None:
    summary = run_target(name, 250 * TARGETS[name].share, "tests")
    assert summary.crashes == {}
    assert summary.total == 250 * TARGETS[name].share
    assert len(summary.answers[name]) > 1


@pytest.mark.parametrize(("wrong", "key"), [(_raises, "KeyError"), (_loops, "slow"), (_allocates, "memory")])
@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_that_is_broken_on_purpose_is_noticed(
    name: str, wrong: Callable[..., None], key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*_inside(name), wrong)
    with bounded_memory():
        found = [_found(name, data) for data in TARGETS[name].make()[:8]]
    assert any(what.startswith(key) for what in found), found


def test_a_campaign_goes_on_after_a_finding_and_keeps_the_shortest_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*_inside("qemu_stores"), _raises)
    summary = run_target("qemu_stores", 500, "tests")
    assert summary.total == 500
    [crash] = summary.crashes.values()
    assert crash.key.startswith("KeyError")
    with pytest.raises(Found, match="broken on purpose"):
        answer(TARGETS["qemu_stores"].read, crash.data)


@pytest.mark.parametrize("name", ["qemu_folder", "xen_folder", "event_file"])
def test_an_oracle_that_accepts_everything_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "judge_recording", lambda path: Verdict("accepted"))
    assert any("WronglyAccepted" in key for _, key in run_target(name, 400, "tests").crashes)


@pytest.mark.parametrize("name", ["qemu_folder", "xen_folder", "event_file"])
def test_an_oracle_that_overlooks_what_the_last_store_left_is_noticed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = Judge.find

    def overlooks(self: Judge, rule: str, *arguments: Any, **more: Any) -> None:
        if rule not in ("the-last-store-arrives", "the-target-holds-what-was-sent"):
            find(self, rule, *arguments, **more)

    monkeypatch.setattr(Judge, "find", overlooks)
    if name == "event_file":
        sent, had = b'"pfn":1,"digest":"d1","kind"', b'"pfn":1,"digest":"d9","kind"'
        data = TARGETS[name].make()[0].replace(sent, had)
    else:
        names, first = (qemu_seeds.FILES, "stream") if name == "qemu_folder" else (xen_seeds.FILES, "stream.bin")
        files = qemu_seeds.precopy() if name == "qemu_folder" else xen_seeds.recordings()[1]
        last = files[first].rindex(qemu_seeds.content(6) if name == "qemu_folder" else b"hot 2")
        files = files | {first: files[first][:last] + b"!" + files[first][last + 1 :]}
        data = pack([b"" if each == "before.mem" else files.get(each, b"") for each in names])
    with pytest.raises(Found, match="WronglyAccepted"):
        answer(TARGETS[name].read, data)


@pytest.mark.parametrize("path", sorted(STORED.iterdir()), ids=lambda path: path.name)
def test_an_input_that_once_was_too_much_is_survived(path: Path) -> None:
    name = path.name.rpartition("-")[0]
    assert answer(TARGETS[name].read, path.read_bytes())
