"""The schedule file: a machine, its sizes, and the actions from its initial state, as JSON (version 1).

    {"format": "refmodel-schedule", "version": 1, "machine": "seed", "variant": "NAME" or null,
     "sizes": {"pfn": 2, "vpn": 2, "cpu": 2, "word": 1, "value": 2}, "rounds": 2,
     "actions": [{"step": "guest_store", "cpu": 0, "vpn": 1, "word": 0, "value": 1}, ...],
     "broken": {"claim": "...", "at": {"page": 0}, "after": 7} or null,
     "noticed": {"what": "...", "after": 20} or null}

``rounds`` is how many rounds the policy may start after the first. ``after`` counts actions. The start state is the
machine's initial state in which all that is free is 0. A version changes when an old reader would misread a file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from attrs import frozen

from refmodel.language import Action, Specification
from refmodel.language.sorts import domain
from refmodel.machines import machine
from refmodel.migration import AnyMachine
from refmodel.unusable import Unusable, shown

__all__ = ["Broken", "Noticed", "Schedule", "dumps", "load", "loads", "save"]

_VERSION = 1
_LARGEST = 64
"""The largest size of a sort that a schedule may ask for: a schedule is an example, not a guest."""
_MOST_BYTES = 64 << 20
_FIELDS = {"format", "version", "machine", "variant", "sizes", "rounds", "actions", "broken", "noticed"}


@frozen
class Broken:
    """The first claim that does not hold: its name, where, and after how many actions."""

    claim: str
    at: Mapping[str, int]
    after: int


@frozen
class Noticed:
    """What the guest sees that it must not, and after how many actions."""

    what: str
    after: int


@frozen
class Schedule:
    """A schedule; ``actions`` start at the machine's initial state."""

    machine: str
    variant: str | None
    sizes: Mapping[str, int]
    rounds: int
    actions: tuple[Action, ...]
    broken: Broken | None = None
    noticed: Noticed | None = None

    def specification(self) -> AnyMachine:
        """The machine, or its wrong variant, that the schedule is of."""
        return machine(self.machine, self.variant)

    def start(self) -> Any:
        """The state in which it begins."""
        state = self.specification().start(self.sizes)
        return state.but(rounds=state.rounds.but(left=self.rounds))


def _action_json(spec: Specification[Any], action: Action) -> dict[str, Any]:
    names = [name for name, _ in spec.steps[action.step].parameters]
    return {"step": action.step, **dict(zip(names, action.arguments, strict=True))}


def dumps(schedule: Schedule) -> bytes:
    """The schedule as JSON, an action a line."""
    spec = schedule.specification()
    broken, noticed = schedule.broken, schedule.noticed
    head = {
        "format": "refmodel-schedule",
        "version": _VERSION,
        "machine": schedule.machine,
        "variant": schedule.variant,
        "sizes": dict(schedule.sizes),
        "rounds": schedule.rounds,
    }
    tail = {
        "broken": broken and {"claim": broken.claim, "at": dict(broken.at), "after": broken.after},
        "noticed": noticed and {"what": noticed.what, "after": noticed.after},
    }
    fields = [f"  {orjson.dumps(k).decode()}: {orjson.dumps(v).decode()}" for k, v in head.items()]
    actions = ",\n".join(f"    {orjson.dumps(_action_json(spec, a)).decode()}" for a in schedule.actions)
    fields.append(f'  "actions": [\n{actions}\n  ]')
    fields += [f"  {orjson.dumps(k).decode()}: {orjson.dumps(v).decode()}" for k, v in tail.items()]
    return ("{\n" + ",\n".join(fields) + "\n}\n").encode()


def save(schedule: Schedule, path: Path) -> None:
    """Write the schedule whole or not at all."""
    draft = path.with_name(f".{path.name}.part")
    draft.write_bytes(dumps(schedule))
    draft.replace(path)


def load(path: Path) -> Schedule:
    """Read a schedule; Unusable, with file and field, for anything else."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise Unusable(str(path), error.strerror or str(error), "a readable schedule file") from None
    if len(data) > _MOST_BYTES:
        raise Unusable(str(path), f"longer than {_MOST_BYTES} bytes", "a schedule")
    return loads(data, str(path))


def loads(data: bytes, where: str) -> Schedule:
    """Parse a schedule; ``where`` names it in errors."""
    try:
        fields = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Unusable(f"{where}: line {error.lineno}", f"no JSON ({error.msg})", "a schedule") from None
    if not isinstance(fields, dict) or fields.get("format") != "refmodel-schedule":
        raise Unusable(where, "no schedule", 'an object with "format": "refmodel-schedule"')
    if unknown := sorted(set(fields) - _FIELDS):
        raise Unusable(where, f"fields {shown(unknown)}", f"only {sorted(_FIELDS)}")
    if fields.get("version") != _VERSION:
        raise Unusable(f"{where}: version", shown(fields.get("version")), f"{_VERSION}, the version read here")
    name, variant = _field(fields, where, "machine", str), _field(fields, where, "variant", str, None)
    try:
        spec = machine(name, variant)
    except Unusable as error:
        raise Unusable(f"{where}: {error.where}", error.what, error.expected) from None
    sizes = _sizes(_field(fields, where, "sizes", dict), spec, where)
    rounds = _field(fields, where, "rounds", int)
    if rounds < 0:
        raise Unusable(f"{where}: rounds", str(rounds), "0 or more")
    listed = _field(fields, where, "actions", list)
    actions = tuple(_action(spec, sizes, a, f"{where}: action {i}") for i, a in enumerate(listed, 1))
    broken, noticed = _field(fields, where, "broken", dict, None), _field(fields, where, "noticed", dict, None)
    return Schedule(
        name,
        variant,
        sizes,
        rounds,
        actions,
        None if broken is None else _broken(spec, broken, f"{where}: broken"),
        None if noticed is None else _noticed(noticed, f"{where}: noticed"),
    )


_REQUIRED = object()


def _field(fields: Mapping[str, Any], where: str, name: str, kind: type, default: Any = _REQUIRED) -> Any:
    value = fields.get(name)
    if value is None and default is not _REQUIRED:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Unusable(f"{where}: {name}", shown(value), f"a JSON value of Python's type {kind.__name__}")
    return value


def _sizes(given: Mapping[str, Any], spec: Specification[Any], where: str) -> dict[str, int]:
    names = set(spec.sorts)
    for name, size in given.items():
        if name not in names or type(size) is not int or not 1 <= size <= _LARGEST:
            raise Unusable(f"{where}: sizes", f"{name}: {shown(size)}", f"{sorted(names)}, each from 1 to {_LARGEST}")
    if missing := names - set(given):
        raise Unusable(f"{where}: sizes", f"none for {sorted(missing)}", "a size for each sort")
    return dict(given)


def _action(spec: Specification[Any], sizes: Mapping[str, int], given: Any, where: str) -> Action:
    if not isinstance(given, dict) or not isinstance(given.get("step"), str):
        raise Unusable(where, shown(given), 'an object with a "step"')
    step = spec.steps.get(given["step"])
    if step is None:
        raise Unusable(where, f"no step {shown(given['step'])}", f"one of {', '.join(spec.steps)}")
    names = [name for name, _ in step.parameters]
    if set(given) != {"step", *names}:
        raise Unusable(where, f"arguments {shown(sorted(set(given) - {'step'}))}", f"{step.name} takes {names}")
    arguments = []
    for name, sort in step.parameters:
        value = given[name]
        kind = bool if sort.name == "flag" else int
        if type(value) is not kind or value not in domain(sort, sizes):
            raise Unusable(where, f"{name}: {shown(value)}", f"a {sort.name} of {list(domain(sort, sizes))}")
        arguments.append(value)
    return Action(step.name, tuple(arguments))


def _broken(spec: Specification[Any], given: Mapping[str, Any], where: str) -> Broken:
    claim = _field(given, where, "claim", str)
    if claim not in spec.claims:
        raise Unusable(where, f"no claim {shown(claim)}", "the name of a claim of the machine")
    return Broken(claim, _field(given, where, "at", dict), _field(given, where, "after", int))


def _noticed(given: Mapping[str, Any], where: str) -> Noticed:
    return Noticed(_field(given, where, "what", str), _field(given, where, "after", int))
