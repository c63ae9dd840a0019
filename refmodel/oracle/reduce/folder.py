"""From a whole recording's folder to that of a reduced one, which appears once it is judged as the whole one is."""

import tempfile
from collections import Counter
from pathlib import Path

from attrs import frozen

from refmodel.oracle.readers.compression import beside, open_input
from refmodel.oracle.recording import judge_recording
from refmodel.oracle.reduce import qemu, xen
from refmodel.oracle.reduce.packing import base_of, write_packed
from refmodel.oracle.verdict import Verdict
from refmodel.oracle.xen import looks_like_xen
from refmodel.unusable import Unusable

__all__ = ["Reduced", "differences", "reduce_recording"]

_QEMU_MAGIC = b"QEVM"


@frozen
class Reduced:
    """What became of a recording: each file's bytes before and after, and what is judged otherwise.

    With `differences` nothing was written.
    """

    verdict: Verdict
    """The whole recording's."""
    sizes: dict[str, tuple[int, int]]
    differences: tuple[str, ...] = ()


def reduce_recording(source: Path, target: Path) -> Reduced:
    """Reduce the recording in the folder `source` into the new folder `target`.

    Raises `Unusable` for a folder that has no recording of QEMU or Xen, or one that cannot be judged, and for a target
    that is there. A recording without the source's memory may be unusable to the oracle for that, and is reduced.
    """
    if not source.is_dir():
        raise Unusable(str(source), "no folder", "a folder with a recording")
    if target.exists() or not target.absolute().parent.is_dir():
        raise Unusable(str(target), "it exists, or its parent does not", "a new folder in one that exists")
    stream = beside(source, "stream.bin", "stream")
    if stream is None:
        raise Unusable(str(source), "no stream in this folder", "stream or stream.bin (.zst, .xz, .gz)")
    with open_input(str(stream)) as opened:
        start = opened.peek(64)
    if start.startswith(_QEMU_MAGIC):
        planned, memory = qemu.plan_of, "truth.json"
    elif looks_like_xen(start):
        planned, memory = xen.plan_of, "src.mem"
    else:
        raise Unusable(str(stream), "no known format", "a stream of QEMU or Xen")
    verdict = judge_recording(str(source))
    if verdict.verdict == "unusable" and (beside(source, memory) or not verdict.checked):
        raise Unusable(str(source), f"it cannot be judged ({verdict.reason})", "a recording that the oracle can judge")
    with tempfile.TemporaryDirectory(prefix=".reduce-", dir=target.absolute().parent) as made:
        written = Path(made) / "recording"
        written.mkdir()
        sizes = {}
        for path, make in planned(source, stream).items():
            packed = written / f"{base_of(path)}.xz"
            with open_input(str(path)) as opened:
                write_packed(packed, make(opened))
            sizes[packed.name] = (path.stat().st_size, packed.stat().st_size)
        found = differences(verdict, judge_recording(str(written)))
        if not found:
            written.rename(target)
    return Reduced(verdict, sizes, found)


def differences(whole: Verdict, reduced: Verdict) -> tuple[str, ...]:
    """What of two verdicts differs: the verdict, the findings (rule and page), how often each rule was checked."""
    found = []
    if whole.verdict != reduced.verdict:
        found.append(f"{whole.verdict}, reduced {reduced.verdict} ({reduced.reason or 'it has findings'})")
    here, there = (Counter((f.rule, f.block, f.pfn) for f in each.findings) for each in (whole, reduced))
    for what, more in (("lost", here - there), ("new", there - here)):
        found += [f"finding {what}: {rule}, {block} {pfn}" for rule, block, pfn in more]
    before, after = ({each.rule: each.count for each in verdict.checked} for verdict in (whole, reduced))
    for rule in sorted(before.keys() | after.keys()):
        if before.get(rule) != after.get(rule):
            found.append(f"{rule}: checked {before.get(rule, 0)} times, reduced {after.get(rule, 0)}")
    return tuple(found)
