"""``refmodel machines``: the named machines, and the parts that any machine may have."""

import sys

import click
import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from refmodel.compose import BASES, CHOICES, chosen
from refmodel.parts import PARTS
from refmodel.variants import VARIANTS

__all__ = ["machines"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON, and nothing else.")
def machines(as_json: bool) -> None:
    """List the machines and the parts that they are made of.

    Wherever a machine is asked for, parts may be added to one that has a name: --machine seed+grants. A part takes the
    place of the one with the same role. docs/machines.md builds a machine that no one has.
    """
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(_plain(), option=orjson.OPT_INDENT_2) + b"\n")
        return
    console = Console(highlight=False)
    named = Table(box=SIMPLE_HEAD, pad_edge=False)
    named.add_column("machine", no_wrap=True)
    named.add_column("what it is")
    named.add_column("parts")
    for name, choice in BASES.items():
        named.add_row(name, choice.summary, ", ".join(part.name for part in chosen(name)[1]))
    console.print(named)
    parts = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("part", "contract", "role"):
        parts.add_column(heading, no_wrap=True)
    parts.add_column("what it does")
    parts.add_column("wrong", justify="right")
    for part in sorted(PARTS.values(), key=lambda part: (part.contract.value, part.role, part.name)):
        parts.add_row(part.name, part.contract.value, part.role, part.summary, str(len(_wrong(part.cls))))
    console.print(parts)


def _wrong(part: type[object]) -> list[str]:
    """The wrong variants of the part itself."""
    return [v.name for v in VARIANTS.values() if not v.sound and issubclass(v.patch, part)]


def _plain() -> dict[str, object]:
    return {
        "machines": [
            {"name": name, "summary": choice.summary, "parts": [part.name for part in chosen(name)[1]]}
            for name, choice in CHOICES.items()
        ],
        "parts": [
            {
                "name": part.name,
                "contract": part.contract.value,
                "role": part.role or None,
                "summary": part.summary,
                "needs": list(part.needs),
                "variants": _wrong(part.cls),
            }
            for part in PARTS.values()
        ],
    }
