"""A schedule as a picture: one row a step, one column a page, and where a claim breaks and the guest notices.

It fits 80 columns, and says as much without colour as with it.
"""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from refmodel.migration import AnyMachine
from refmodel.schedules.phrases import phrase, who
from refmodel.schedules.replay import Moment
from refmodel.schedules.schedule import Schedule

__all__ = ["LEGEND", "narrate", "page_state"]

LEGEND = "o owed  d dirty  p protected  h in hand  ! differs at the target"
_MOST_PAGES = 4
"""Pages that have a column; a schedule of more shows those that it touches first."""


def page_state(spec: AnyMachine, m: Any, page: int) -> str:
    """The page at a glance: one letter each for what holds, a dot for what does not."""
    words = m.source.memory.shape[1]
    differs = any(m.source.memory[page, word] != m.target.memory[page, word] for word in range(words))
    holds = (
        ("o", m.rounds.to_send[page]),
        ("d", m.log.dirty[page]),
        ("p", not spec.permits(m, page)),
        ("h", spec.in_hand(m, page)),
        ("!", differs),
    )
    return "".join(letter if true else "." for letter, true in holds)


def _shown(spec: AnyMachine, moments: Sequence[Moment], pages: int) -> list[int]:
    """The pages to show: all if they fit, else those whose state changes first."""
    if pages <= _MOST_PAGES:
        return list(range(pages))
    shown: list[int] = []
    for moment in moments:
        for page in range(pages):
            changed = page_state(spec, moment.before, page) != page_state(spec, moment.after, page)
            everywhere = moment.action.step == "begin"
            if changed and not everywhere and page not in shown:
                shown.append(page)
    return sorted((shown or list(range(pages)))[:_MOST_PAGES])


def narrate(schedule: Schedule, moments: Sequence[Moment]) -> Table:
    """The table of a replayed schedule. The first broken claim and the first thing noticed are marked."""
    spec = schedule.specification()
    name = f"{schedule.machine} / {schedule.variant}" if schedule.variant else schedule.machine
    table = Table(title=name, title_justify="left", caption=LEGEND, caption_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("who", no_wrap=True)
    table.add_column("what", overflow="fold", ratio=1)
    pages = _shown(spec, moments, schedule.sizes["pfn"])
    for page in pages:
        table.add_column(f"pfn {page}", no_wrap=True)
    broken = noticed = False
    for moment in moments:
        what = Text(phrase(spec, moment.before, moment.action))
        style = None
        if moment.broken and not broken:
            broken, style = True, "red"
            for found in moment.broken:
                at = ", ".join(f"{name} {i}" for name, i in found.at.items())
                sentence = spec.claims[found.claim].sentence
                what.append(f"\n>> BROKEN: {sentence}{f' ({at})' if at else ''}", style="bold red")
        if moment.noticed and not noticed:
            noticed, style = True, "red"
            what.append(f"\n>> NOTICED: {moment.noticed}", style="bold red")
        states = [page_state(spec, moment.after, page) for page in pages]
        table.add_row(str(moment.number), who(spec, moment.action), what, *states, style=style)
    return table
