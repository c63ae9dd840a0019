"""The store log: what the plugin logs is sorted by the source's trace; with a real QEMU the store rules are checked."""

from pathlib import Path

import orjson
import pytest

from refmodel.lab.storelog import build_plugin, takes_plugins, written
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.qemu_stores import read_stores
from refmodel.oracle.recording import judge_recording
from refmodel.unusable import Unusable

from .needed import needs_qemu
from .test_qemu import lab

TRACE = (
    "7@100.000000:migrate_set_state new state setup\n"
    "7@100.500000:vm_state_notify running 0 reason 7 (finish-migrate)\n"
    "7@101.000000:migrate_set_state new state completed\n"
)
LOG = [
    (1, 99.0, 5, 99.1),
    (2, 99.2, 6, 99.3),
    (3, 99.4, 5, 99.5),  # page 5 again: this run is its last before the migration
    (4, 99.9, 7, 100.1),  # begins before it, and ends in it
    (5, 100.2, 5, 100.3),
    (6, 101.5, 5, 101.6),  # the guest runs on at the source: of no migration
]


def test_runs_are_sorted_into_before_and_during(tmp_path: Path) -> None:
    (tmp_path / "src.trace").write_text(TRACE)
    rows = (f"{n},{int(begun * 1e9)},{page},0,4,1,{int(last * 1e9)},ff\n" for n, begun, page, last in LOG)
    log = tmp_path / "src.stores"
    log.write_text("".join(rows))
    written(tmp_path, log)
    with (tmp_path / "writes.csv").open("rb") as file:
        found = [(stores.during, stores.pfn, stores.first) for stores in read_stores(ByteSource(file, "writes.csv"))]
    assert [(during, pfn) for during, pfn, _ in found] == [(False, 6), (False, 5), (True, 7), (True, 5)]
    assert found[1][2] == int(99.4 * 1e9)
    assert not log.exists()


def test_a_qemu_without_plugins_is_refused(tmp_path: Path) -> None:
    qemu = tmp_path / "qemu"
    qemu.write_text("#!/bin/sh\necho '-plugin: invalid option' >&2; exit 1\n")
    qemu.chmod(0o755)
    assert not takes_plugins(str(qemu))
    assert not takes_plugins(str(tmp_path / "none"))
    with pytest.raises(Unusable, match="without plugins"):
        build_plugin(str(qemu), tmp_path)


@needs_qemu
@pytest.mark.skipif(not takes_plugins("qemu-system-x86_64"), reason="this QEMU takes no plugins")
def test_with_a_store_log_its_rules_are_checked_and_a_store_after_the_stop_is_found(tmp_path: Path) -> None:
    status, [outcome] = lab("plain", "--store-log", "--keep", str(tmp_path))
    assert status == 0, outcome
    folder = tmp_path / "plain"
    verdict = judge_recording(str(folder))
    rules = {each.rule: each.count for each in verdict.checked}
    assert rules["no-store-after-the-stop"] > 100
    assert rules["the-last-record-is-not-older-than-the-last-store"] > 100
    assert "counted-dirty-pages-are-possible" in rules
    assert orjson.loads((folder / "result.json").read_bytes())["verdict"]["verdict"] == "accepted"

    log = (folder / "writes.csv").read_text().splitlines()
    kind, n, begun, pfn, *rest = log[-1].split(",")
    rest[3] = str(int(rest[3]) + 50_000_000)
    (folder / "writes.csv").write_text("\n".join([*log[:-1], ",".join((kind, n, begun, pfn, *rest))]) + "\n")
    assert "no-store-after-the-stop" in {found.rule for found in judge_recording(str(folder)).findings}
