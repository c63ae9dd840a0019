"""The project's own event files: NDJSON, one event a line, ``{"event": "send", "block": "pc.ram", "pfn": 3, ...}``.

The fields are those of the classes in ``refmodel.oracle.events``; the first line is a ``begin`` with ``"version": 1``.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, get_args

import orjson
from attrs import asdict, fields
from cattrs import ClassValidationError, Converter, transform_error
from cattrs.gen import make_dict_structure_fn

from refmodel.oracle.events import Begin, Block, Event, OfCheckpoints, OfHandOver, OfPages, OfResidue, Round
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.unusable import Unusable, shown

__all__ = ["dumps", "event_of", "lines_of", "looks_like_events", "read_events"]

_CLASSES: dict[str, type[Event]] = {
    cls.__name__.lower(): cls
    for cls in (Begin, Round, *get_args(OfPages), *get_args(OfHandOver), *get_args(OfCheckpoints), *get_args(OfResidue))
}
_LONGEST_LINE = 1 << 20


def _exactly(kind: type) -> Any:
    def structure(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{shown(value)} is no {kind.__name__}")
        return value

    return structure


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    for kind in (int, str, bool):
        converter.register_structure_hook(kind, _exactly(kind))
    for cls in (*_CLASSES.values(), Block):
        hook = make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True)
        converter.register_structure_hook(cls, hook)
    return converter


_CONVERTER = _converter()


def dumps(events: Iterable[Event]) -> bytes:
    """The events as a file: one a line, what is not known left out."""
    return b"".join(_line(event) for event in events)


def _line(event: Event) -> bytes:
    known = {name: value for name, value in asdict(event).items() if value is not None}
    return orjson.dumps({"event": type(event).__name__.lower(), **known}) + b"\n"


def looks_like_events(start: bytes) -> bool:
    """Whether an input that begins so is an event file."""
    return start.lstrip()[:1] == b"{"


def lines_of(source: ByteSource) -> Iterator[bytes]:
    """The lines of the input; a line is held only up to its limit."""
    rest = b""
    number = 1
    while piece := source.read_some(1 << 16):
        rest += piece
        *whole, rest = rest.split(b"\n")
        yield from whole
        number += len(whole)
        if len(rest) > _LONGEST_LINE:
            raise Unusable(f"{source.name}: line {number}", f"over {_LONGEST_LINE} bytes long", "one event a line")
    if rest:
        yield rest


def read_events(source: ByteSource) -> Iterator[Event]:
    """The events of the file; Unusable, with the line, for anything else."""
    for number, line in enumerate(lines_of(source), 1):
        if not line.strip():
            continue
        where = f"{source.name}: line {number}"
        try:
            given = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise Unusable(where, f"no JSON ({error.msg})", "one event, as a JSON object") from None
        yield event_of(given, where)


def event_of(given: Any, where: str) -> Event:
    """The event of a line that was parsed, whose ``event`` is taken out of it; Unusable for anything else."""
    kind = given.pop("event", None) if isinstance(given, dict) else None
    cls = _CLASSES.get(kind) if isinstance(kind, str) else None
    if cls is None:
        name = json.dumps(kind) if kind is None or isinstance(kind, str) else shown(kind)
        raise Unusable(where, f"no event {name}", f'an "event" of {", ".join(_CLASSES)}')
    try:
        return _CONVERTER.structure(given, cls)
    except (ClassValidationError, TypeError, ValueError, KeyError) as error:
        expected = ", ".join(field.name for field in fields(cls))
        raise Unusable(where, "; ".join(transform_error(error)), f"{kind} with {expected or 'no fields'}") from None
