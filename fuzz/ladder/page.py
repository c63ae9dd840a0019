"""The page of results: each command's table in a section of its own, which is made anew and leaves the rest alone."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

__all__ = ["write"]


def write(page: Path, section: str, command: str, day: date, have: int, wanted: int, rows: Sequence[str]) -> None:
    """Put the rows between the section's marks, with what made them. ValueError where the page lacks the marks."""
    text = page.read_text()
    part = "" if have == wanted else f" So far {have} of {wanted} measurements."
    body = "\n".join((f"`{command}`, {day}.{part}", "", *rows))
    begin, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    pattern = re.compile(f"(?<={re.escape(begin)}\n).*?(?={re.escape(end)})", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{page} has no section {section}")
    draft = page.with_suffix(".draft")
    draft.write_text(pattern.sub(lambda _: body + "\n", text))
    draft.replace(page)
