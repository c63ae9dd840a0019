"""A verdict for people: what was found, page by page, and what was and was not checked."""

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from refmodel.oracle.catalogue import CLASSES, fixes_of
from refmodel.oracle.verdict import Finding, Verdict

__all__ = ["show"]

_MOST_ROWS = 60
_MOST_FIXES = 6
_STYLE = {"accepted": "bold green", "violation": "bold red", "unusable": "bold yellow"}


def show(verdict: Verdict, path: str, console: Console) -> None:
    """Print the verdict."""
    style = _STYLE[verdict.verdict]
    console.print(f"[{style}]{verdict.verdict}[/]  {escape(verdict.reason or path)}", soft_wrap=True)
    for (rule, message), findings in _by_rule(verdict.findings).items():
        contracts = sorted({contract for finding in findings for contract in finding.contracts})
        times = f" ({len(findings)} times)" if len(findings) > 1 else ""
        console.print(f"\n[bold]{rule}[/]{times}: {escape(message)}", soft_wrap=True)
        console.print(f"contracts still possible: {', '.join(contracts)}", soft_wrap=True)
        if any(finding.pfn is not None for finding in findings):
            console.print(_pages(findings[:_MOST_ROWS]))
        if findings[0].story:
            console.print(f"the story of {findings[0].block} {findings[0].pfn}:")
            for line in findings[0].story:
                console.print(f"  {escape(line)}", soft_wrap=True)
        _looks_like(findings[0].classes, console)
        if len(findings) > _MOST_ROWS:
            console.print(f"... and {len(findings) - _MOST_ROWS} more (--json has them all)")
    console.print()
    for checked in verdict.checked:
        console.print(f"  checked    {checked.rule}: {checked.count:,} times", soft_wrap=True)
    for unchecked in verdict.unchecked:
        console.print(f"  unchecked  {unchecked.rule}: {escape(unchecked.why)}", soft_wrap=True, style="dim")
    for note in verdict.notes:
        console.print(f"  note       {escape(note)}", soft_wrap=True)


def _looks_like(classes: tuple[str, ...], console: Console) -> None:
    """The classes of the catalogue, and a few of the commits that fixed such a thing elsewhere."""
    if not classes:
        return
    console.print("looks like: " + ", ".join(f"{name} {CLASSES[name].title}" for name in classes), soft_wrap=True)
    for name, source in fixes_of(classes)[:_MOST_FIXES]:
        console.print(f"  {name} fixed in {escape(f'{source.where} [{source.tag}]: {source.what}')}", soft_wrap=True)


def _by_rule(findings: tuple[Finding, ...]) -> dict[tuple[str, str], list[Finding]]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.message), []).append(finding)
    return groups


def _pages(findings: list[Finding]) -> Table:
    """A line a page: where its last record stands, what that carried, and what either side had."""
    table = Table(box=SIMPLE, padding=(0, 1), pad_edge=False)
    columns = ["page", "last record", "carried", "source has"]
    if any(f.target and not (f.last_record and f.last_record.digest == f.target) for f in findings):
        columns.append("target has")
    for column in columns:
        table.add_column(column, overflow="fold")
    for finding in findings:
        record = finding.last_record
        where = "never sent"
        if record is not None:
            at = f" at {record.offset:#x}" if record.offset is not None else ""
            where = f"{record.kind}{at}, {'paused' if record.after_pause else 'live'}"
        page = f"{finding.block} {finding.pfn}" if finding.block else ""
        cells = [page, where, record.digest if record else "", finding.source or "", finding.target or ""]
        table.add_row(*(escape(cell) for cell in cells[: len(columns)]))
    return table
