"""A toy format: its reader, its mapping to events, and its entry for the registry."""

import re
from collections.abc import Callable, Iterator

from refmodel.oracle.events import Activate, Begin, Block, Commit, Event, Memory, Pause, Round, Send
from refmodel.oracle.evidence import Evidence
from refmodel.oracle.formats import Format, Opened
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import EarlyEnd
from refmodel.oracle.readers.qemu_lines import text_lines
from refmodel.unusable import Unusable

MAGIC = b"TOYMIG 1\n"
MAPPING: dict[str, tuple[str, Callable[..., Event]]] = {
    "memory": (r"(\w+) (\d{1,9})", lambda name, pages: Begin(1, (Block(name, int(pages)),))),
    "page": (r"(\w+) (\d{1,9}) (\w+)", lambda block, pfn, digest: Send(block, int(pfn), digest)),
    "harvest": ("", Round),
    "stop": ("", Pause),
    "source": (r"(\w+) (\d{1,9}) (\w+)", lambda block, pfn, digest: Memory("source", block, int(pfn), digest)),
    "devices": ("", Commit),
    "run": ("", Activate),
}
"""The toy's names, each with the form of its arguments, mapped to events."""


def read_toy(source: ByteSource) -> Iterator[Event]:
    """The events of a recording; Unusable for a line of no known form, EarlyEnd where it ends before it is over."""
    name = ""
    for number, line in text_lines(source):
        if number == 1:
            continue  # the magic
        name, _, rest = line.partition(" ")
        form, event = MAPPING.get(name, ("(?!)", Round))
        found = re.fullmatch(form, rest, re.ASCII)
        if found is None:
            raise Unusable(f"{source.name}: line {number}", repr(line[:60]), f"one of {', '.join(MAPPING)}")
        yield event(*found.groups())
    if name != "run":
        raise EarlyEnd(source.offset, "recording", "a line: run", "the end of the file")


def judge_toy(opened: Opened) -> Evidence:
    """Give the judge every event; a recording that breaks off is a finding."""
    try:
        for event in read_toy(opened.source):
            opened.judge.take(event)
    except EarlyEnd as error:
        opened.judge.find("the-stream-is-whole", str(error))
    return Evidence(opened.judge)


TOY = Format("toy", lambda start: start.startswith(MAGIC), judge_toy, "a recording of the toy")
