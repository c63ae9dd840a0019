"""A recording: a stream or an event file, or a folder with a stream and what was recorded beside it.

Which files of a folder are read stands at the head of ``qemu.recording`` and ``xen.recording``; an event file in a
folder is ``events.ndjson``. Each may be plain or ``.zst``, ``.xz``, ``.gz``. Nothing else in a folder is read, nor its
name. ``REGISTRY`` lists the formats.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import evolve

from refmodel.oracle.evidence import Evidence
from refmodel.oracle.explaining import THE_RULE, explained, find_unexplained
from refmodel.oracle.formats import Format, Opened
from refmodel.oracle.judge import Judge
from refmodel.oracle.qemu.recording import judge_qemu, looks_like_qemu
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import beside, open_input
from refmodel.oracle.readers.events_file import looks_like_events, read_events
from refmodel.oracle.summary import verdict_of
from refmodel.oracle.truth import read_truth
from refmodel.oracle.verdict import AskedPage, Checked, Finding, Unchecked, Verdict
from refmodel.oracle.xen import judge_xen, looks_like_xen
from refmodel.unusable import Unusable

__all__ = ["FORMATS", "REGISTRY", "judge_recording"]


def _judge_xen(opened: Opened) -> Verdict:
    name = opened.source.name
    if opened.memory:
        raise Unusable(name, "a truth beside a stream of Xen", "memory images (src.mem, dst.mem) in its folder")
    if name == "-":
        raise Unusable("-", "a stream of Xen on standard input", "a file or a folder")
    return judge_xen(opened.folder or Path(name), opened.judge)


def _judge_events(opened: Opened) -> Evidence:
    if opened.memory:
        raise Unusable(opened.source.name, "a truth beside an event file", "memory events in the file itself")
    for event in read_events(opened.source):
        opened.judge.take(event)
    return Evidence(opened.judge)


REGISTRY: tuple[Format, ...] = (
    Format("qemu", looks_like_qemu, judge_qemu, "a stream of QEMU"),
    Format("xen", looks_like_xen, _judge_xen, "a stream of Xen"),
    Format("events", looks_like_events, _judge_events, "an event file"),
)
"""Every format; the first that an input looks like is taken."""

FORMATS = tuple(known.name for known in REGISTRY)


def judge_recording(
    path: str,
    kind: str | None = None,
    truth: str | None = None,
    *,
    explain: bool = False,
    require: Sequence[str] = (),
    page: tuple[str, int] | None = None,
    watch: Callable[[str], None] = lambda what: None,
) -> Verdict:
    """The verdict on a file, a folder or ``-`` (standard input); unusable input is a verdict too.

    ``explain``: search for schedules that explain what was seen of each page. ``require``: rules that must be checked;
    one that could not be is a finding. ``page``: the story of this page is wanted in any case.
    """
    try:
        verdict = _judge(path, kind, truth, page, explain, watch)
    except Unusable as error:
        return Verdict("unusable", reason=str(error))
    return _required(verdict, require)


def _judge(
    path: str,
    kind: str | None,
    truth: str | None,
    page: tuple[str, int] | None,
    explain: bool,
    watch: Callable[[str], None],
) -> Verdict:
    folder: Path | None = None
    name = path
    if path != "-" and Path(path).is_dir():
        folder = Path(path)
        found = beside(folder, "stream", "stream.bin", "events.ndjson")
        if found is None:
            expected = "stream, stream.bin or events.ndjson (.zst, .xz, .gz)"
            raise Unusable(path, "no recording in this folder", expected)
        name = str(found)
        if truth is None and (known := beside(folder, "truth.json")):
            truth = str(known)
    memory = read_truth(truth) if truth else []
    judge = Judge(name)
    with open_input(name) as source:
        found_out = _format(source, kind).judge(Opened(source, folder, memory, judge, page))
    told: tuple[str, ...] = ()
    if isinstance(found_out, Verdict):
        verdict = found_out
    else:
        verdict, told = _explained(found_out, explain, watch), found_out.asked
    return verdict if page is None else _asked(verdict, judge, page, told)


def _format(source: ByteSource, kind: str | None) -> Format:
    if kind is not None:
        return next(known for known in REGISTRY if known.name == kind)
    start = source.peek(64)
    for known in REGISTRY:
        if known.looks_like(start):
            return known
    begins = start[:8].hex(" ") or "with nothing"
    expected = " or ".join(known.what for known in REGISTRY)
    raise Unusable(source.name, f"no known format (it begins {begins})", expected)


def _asked(verdict: Verdict, judge: Judge, place: tuple[str, int], told: tuple[str, ...]) -> Verdict:
    """The verdict with the story of the page that was asked for."""
    if verdict.verdict == "unusable" and judge.begin is None:
        return verdict
    page = judge.pages.find(*place)
    if page is None:
        blocks = ", ".join(f"{name} (0 to {pages - 1})" for name, pages in judge.pages.blocks.items())
        raise Unusable("--page", f"no page {place[1]} of block {place[0]}", f"a page of {blocks or 'a block'}")
    story = told or judge.story_of(page)
    return evolve(verdict, asked=AskedPage(page.block, page.pfn, page.last_record, page.source, page.target, story))


def _explained(evidence: Evidence, explain: bool, watch: Callable[[str], None]) -> Verdict:
    """The verdict with what explains the pages, where that was asked for and no page was sent once more an epoch."""
    judge = evidence.judge
    if not explain or judge.has_checkpoint:
        verdict = verdict_of(evidence)
        why = Unchecked(THE_RULE.name, "checkpoints are taken" if explain else f"needs {THE_RULE.needs}")
        return evolve(verdict, unchecked=(*verdict.unchecked, why))
    found = explained(judge.pages.seen(), watch)
    find_unexplained(judge, found, {(each.block, each.pfn) for each in (*judge.findings, *evidence.findings)})
    verdict = verdict_of(evidence)
    decided = sum(len(each.pages) for each in found if each.is_decided)
    checked, unchecked = verdict.checked, verdict.unchecked
    if decided:
        checked = (*checked, Checked(THE_RULE.name, decided, THE_RULE.sentence))
    if not decided or not all(each.is_decided for each in found):
        unchecked = (
            *unchecked,
            Unchecked(THE_RULE.name, "the search was cut off at its bound, or had nothing to go on"),
        )
    return evolve(
        verdict,
        checked=checked,
        unchecked=unchecked,
        notes=(*verdict.notes, *(each.sentence for each in found)),
        explanations=tuple(each.as_json() for each in found),
    )


def _required(verdict: Verdict, require: Sequence[str]) -> Verdict:
    """The verdict with a finding for each rule that had to be checked and could not be."""
    checked = {each.rule for each in verdict.checked} | {each.rule for each in verdict.findings}
    why = {each.rule: each.why for each in verdict.unchecked}
    missing = tuple(
        Finding(rule, (), f"required, and could not be checked: {why.get(rule, 'the recording has nothing for it')}", 0)
        for rule in require
        if rule not in checked
    )
    if not missing or verdict.verdict == "unusable":
        return verdict
    return evolve(verdict, verdict="violation", findings=(*verdict.findings, *missing))
