"""A verdict for people, on one screen: what was found, the story of a page of each rule, what was and was not checked.

Plain text that wraps with a hanging indent, as it is read in pipes and in logs too.
"""

from collections.abc import Iterable
from itertools import groupby
from textwrap import wrap

from rich.console import Console
from rich.text import Text

from refmodel.oracle.catalogue import CLASSES, fixes_of
from refmodel.oracle.verdict import AskedPage, Checked, Finding, LastRecord, Unchecked, Verdict

__all__ = ["show"]

_MOST_ROWS = 8
_MOST_CLASSES = 6
_MOST_FIXES = 4
_NARROWEST = 40
_STYLE = {"accepted": "bold green", "violation": "bold red", "unusable": "bold yellow"}


def show(verdict: Verdict, path: str, console: Console) -> None:
    """Print the verdict."""
    _Screen(console).show(verdict, path)


class _Screen:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[tuple[str | None, int | None]] = set()
        """Pages whose story is on the screen already."""
        self._shown: set[tuple[str, ...]] = set()
        """Pages whose table is."""
        self._classes: set[str] = set()

    def _line(self, text: str, indent: int = 0, style: str = "", lead: int = 0) -> None:
        """A line, wrapped at words; `lead` of its first characters have the style, or all."""
        width = max(self._console.width, _NARROWEST)
        start = len(text) - len(text.lstrip())
        parts = wrap(
            text.lstrip(),
            width,
            initial_indent=" " * start,
            subsequent_indent=" " * indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for number, part in enumerate(parts or [""]):
            line = Text(part)
            if style and not (lead and number):
                line.stylize(style, 0, lead or None)
            self._console.print(line, soft_wrap=True)

    def show(self, verdict: Verdict, path: str) -> None:
        self._line(f"{verdict.verdict}  {verdict.reason or path}", 2, _STYLE[verdict.verdict], len(verdict.verdict))
        if verdict.asked is not None:
            self._asked(verdict.asked, verdict.findings)
        else:
            for group in _by_rule(verdict.findings).values():
                self._rule(group)
        self._line("")
        for (count, of), alike in groupby(verdict.checked, lambda one: (one.count, one.of)):
            times = "once" if count == 1 else f"{count:,} times"
            tags = f" ({', '.join(of)})" if of else ""
            self._line(f"  checked    {_names(alike)}: {times}{tags}", 13)
        for why, left in groupby(verdict.unchecked, lambda one: one.why):
            self._line(f"  unchecked  {_names(left)}: {why}", 13, "dim")
        for note in verdict.notes:
            self._line(f"  note       {note}", 13)

    def _rule(self, findings: list[Finding]) -> None:
        first = findings[0]
        self._line("")
        times = f" ({len(findings)} times)" if len(findings) > 1 else ""
        self._line(f"{first.rule}{times}: {first.message}", 2, "bold", len(first.rule))
        if first.contracts:
            contracts = sorted({contract for finding in findings for contract in finding.contracts})
            self._line(f"contracts still possible: {', '.join(contracts)}", 2)
        self._pages([finding for finding in findings if finding.pfn is not None])
        self._story(first.block, first.pfn, first.story)
        self._looks_like(first.classes)

    def _asked(self, page: AskedPage, findings: tuple[Finding, ...]) -> None:
        self._line("")
        mine = [finding for finding in findings if (finding.block, finding.pfn) == (page.block, page.pfn)]
        for finding in mine:
            self._line(f"{finding.rule}: {finding.message}", 2, "bold", len(finding.rule))
            self._line(f"contracts still possible: {', '.join(sorted(finding.contracts))}", 2)
        if not mine:
            self._line(f"nothing was found of {page.block} {page.pfn}")
        self._line(f"last record: {_record(page.last_record)}" + _digest(page.last_record))
        for side, digest in (("source", page.source), ("target", page.target)):
            self._line(f"{side} has: {digest or 'not known'}")
        self._story(page.block, page.pfn, page.story)
        self._looks_like(mine[0].classes if mine else ())

    def _story(self, block: str | None, pfn: int | None, story: tuple[str, ...]) -> None:
        if not story or (block, pfn) in self._told:
            return
        self._told.add((block, pfn))
        unit = "" if story[0].startswith("event") else ", in ms since the migration began"
        self._line(f"the story of {block} {pfn}{unit}:", 2)
        for line in story:
            self._line(f"  {line}", 16 if unit else 4)

    def _looks_like(self, classes: tuple[str, ...]) -> None:
        """The likeliest classes of the catalogue, and commits that fixed such a thing elsewhere, one each."""
        if self._classes.issuperset(classes):
            return
        self._classes.update(classes)
        more = len(classes) - _MOST_CLASSES
        names = [f"{name} {CLASSES[name].title}" for name in classes[:_MOST_CLASSES]]
        rest = f"; {more} more are possible (--json)" if more > 0 else ""
        self._line(f"looks like, likeliest first: {', '.join(names)}{rest}", 2)
        for name, source in fixes_of(classes)[:_MOST_FIXES]:
            self._line(f"  {name} fixed in {source.where} [{source.tag}]: {source.what}", 6)

    def _pages(self, findings: list[Finding]) -> None:
        """A line a page: where its last record stands, what that carried, and what either side had."""
        places = tuple(f"{finding.block} {finding.pfn}" for finding in findings)
        if not places or places in self._shown:
            if places:
                self._line(f"of the same {len(places)} page{'s' * (len(places) > 1)}")
            return
        self._shown.add(places)
        rows = [("page", "last record", "carried", "source has", "target has")]
        for finding, place in zip(findings[:_MOST_ROWS], places, strict=False):
            last = finding.last_record
            same = last is not None and last.digest == finding.target
            target = "the same" if same else finding.target or ""
            rows.append((place, _record(last), last.digest if last else "", finding.source or "", target))
        used = [column for column in range(5) if any(row[column] for row in rows[1:])]
        if all(row[4] in ("", "the same") for row in rows[1:]) and 4 in used:
            used.remove(4)
        sizes = [max(len(row[column]) for row in rows) for column in used]
        for number, row in enumerate(rows):
            cells = (row[column].ljust(size) for column, size in zip(used, sizes, strict=True))
            self._line_as_it_is("  " + "  ".join(cells).rstrip(), "" if number else "dim")
        if left := findings[_MOST_ROWS:]:
            self._line(f"  and {len(left)} more: {_ranges(left)}", 4)

    def _line_as_it_is(self, text: str, style: str) -> None:
        self._console.print(Text(text, style), soft_wrap=True)


def _names(rules: Iterable[Checked | Unchecked]) -> str:
    """Rules of which the same is to be said."""
    return ", ".join(rule.rule for rule in rules)


def _record(last: LastRecord | None) -> str:
    if last is None:
        return "never sent"
    at = f" at {last.offset:#x}" if last.offset is not None else ""
    return f"{last.kind}{at}, {'paused' if last.after_pause else 'live'}"


def _digest(last: LastRecord | None) -> str:
    return f", carried {last.digest}" if last else ""


def _by_rule(findings: tuple[Finding, ...]) -> dict[tuple[str, str], list[Finding]]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.message), []).append(finding)
    return groups


def _ranges(findings: list[Finding]) -> str:
    """The pages in short, e.g. pc.ram 3 to 7, 9."""
    told = []
    pages = sorted({(finding.block or "", finding.pfn or 0) for finding in findings})
    for block, group in groupby(pages, key=lambda page: page[0]):
        pfns = [pfn for _, pfn in group]
        runs = [list(run) for _, run in groupby(enumerate(pfns), key=lambda pair: pair[1] - pair[0])]
        spans = [f"{run[0][1]} to {run[-1][1]}" if len(run) > 1 else f"{run[0][1]}" for run in runs]
        told.append(f"{block} {', '.join(spans)}")
    return "; ".join(told)
