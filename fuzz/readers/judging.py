"""Whole recordings: any folder is judged, and none is accepted whose stream differs from what the source had.

The second is an oracle for the oracle. ``qemu_pieces`` and ``xen_pieces`` say what each page was sent as last, with no
code of the project's; where a recording is accepted, that must be what the source's memory shows.
"""

import json
import re
from hashlib import sha256
from pathlib import Path

from fuzz.readers import qemu_pieces, qemu_seeds, xen_pieces, xen_seeds
from fuzz.readers.parts import unpack
from fuzz.readers.reading import scratch
from refmodel.oracle.recording import judge_recording
from refmodel.oracle.verdict import Verdict

__all__ = ["WronglyAccepted", "event_file", "qemu_folder", "xen_folder"]

_GIVEN_UP = "given up before the hand-over"
_PACKED = (b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b"\x1f\x8b")


class WronglyAccepted(Exception):
    """The oracle accepts a recording that shows a page lost."""


def _said(verdict: Verdict) -> str:
    """What guides the fuzzer: the rules that were broken, the kinds of reason."""
    rules = " ".join(sorted({found.rule for found in verdict.findings}))
    reason = re.sub(r"\d+|'[^']*'|/\S*/", "#", verdict.reason or "")
    return f"{verdict.verdict} {rules} {reason[:120]}"


def _judged(folder: Path, names: tuple[str, ...], files: list[bytes]) -> Verdict:
    folder.mkdir(exist_ok=True)
    for name, data in zip(names, files, strict=True):
        path = folder / name
        if data:
            path.write_bytes(data)
        else:
            path.unlink(missing_ok=True)
    return judge_recording(str(folder))


def _is_checked(verdict: Verdict, files: list[bytes]) -> bool:
    """Whether the verdict says that pages were compared, and the files can be compared again here."""
    given_up = any(note.startswith(_GIVEN_UP) for note in verdict.notes)
    return verdict.verdict == "accepted" and not given_up and not any(data.startswith(_PACKED) for data in files)


def qemu_folder(data: bytes) -> str:
    """A folder of QEMU."""
    files = unpack(data, len(qemu_seeds.FILES))
    verdict = _judged(scratch() / "qemu", qemu_seeds.FILES, files)
    if not _is_checked(verdict, files):
        return _said(verdict)
    stream, *channels = files[: 1 + qemu_seeds.CHANNELS]
    last = qemu_pieces.last_contents(stream, channels)
    if not files[3]:
        raise WronglyAccepted("accepted without the source's memory")
    for block, pages in json.loads(files[3])["source"].items():
        for pfn, digest in pages.items():
            sent = last.get((block, int(pfn)))
            if sent is not None and sha256(sent).hexdigest()[:16] != digest:
                raise WronglyAccepted(f"pfn {pfn} of {block} was sent last with other bytes than the source had")
    return _said(verdict)


def xen_folder(data: bytes) -> str:
    """A folder of Xen."""
    files = unpack(data, len(xen_seeds.FILES))
    verdict = _judged(scratch() / "xen", xen_seeds.FILES, files)
    if not _is_checked(verdict, files):
        return _said(verdict)
    source = xen_pieces.image_pages(files[1])
    if not source:
        raise WronglyAccepted("accepted without the source's memory")
    for pfn, (kind, sent) in xen_pieces.last_contents(files[0]).items():
        if kind == 0 and sent and source.get(pfn) != (0, sent):
            raise WronglyAccepted(f"pfn {pfn} was sent last with other bytes than the source had")
    return _said(verdict)


def event_file(data: bytes) -> str:
    """An event file through the judge. Without stores, what a page was sent as last is what the source had."""
    path = scratch() / "events.ndjson"
    path.write_bytes(data)
    verdict = judge_recording(str(path))
    if not _is_checked(verdict, [data]):
        return _said(verdict)
    last: dict[tuple[str, int], str] = {}
    had: dict[tuple[str, int], str] = {}
    for line in data.splitlines():
        event = json.loads(line) if line.strip() else {"event": ""}
        page = (str(event.get("block")), int(event.get("pfn") or 0))
        if event["event"] == "store":
            return _said(verdict)
        if event["event"] == "send":
            last[page] = event["digest"]
        elif event["event"] == "memory" and event["side"] == "source":
            had[page] = event["digest"]
    if lost := [page for page, digest in had.items() if last.get(page) != digest]:
        raise WronglyAccepted(f"pfn {lost[0][1]} of {lost[0][0]} was sent last with other bytes than the source had")
    return _said(verdict)
