"""A machine out of parts: a class made of theirs, over a state made of theirs. Nothing is copied."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from attrs import field, fields_dict, frozen, has

from refmodel.language.specification import left_out
from refmodel.loading import loaded
from refmodel.migration import AnyMachine, Migration
from refmodel.parts import PARTS, Part
from refmodel.seed import Bare, Seed
from refmodel.state import Machine
from refmodel.unusable import Unusable, nearest, shown

__all__ = ["BARE", "BASES", "CHOICES", "Choice", "build", "chosen", "compose", "patched"]


@frozen
class Choice:
    """A named machine: its parts, and the parameters that they take from its class."""

    name: str
    parts: tuple[str, ...]
    summary: str
    parameters: Mapping[str, Any] = field(factory=dict)


_KVM_QEMU = (
    *("second-stage", "manual-protect", "qemu-rounds", "memory-slots"),
    *("hypervisor-writes", "device-writes", "free-hints", "zero-pages", "failures"),
)

CHOICES: Mapping[str, Choice] = {
    choice.name: choice
    for choice in (
        Choice(
            "seed",
            Seed.parts,
            "shadow paging as the seed text tells it, protect at transfer",
        ),
        Choice(
            "xen",
            (
                *("always-shadowed", "protect-at-harvest", "leaf-by-leaf", "xen-rounds", "deferred-pages"),
                *("hypervisor-writes", "grants", "two-clients", "log-allocation", "populate-on-demand", "failures"),
            ),
            "Xen as of 2022 (4.17): shadows blown at each harvest, the toolstack's rounds and deferred pages",
        ),
        Choice(
            "xen-2005",
            ("shadowed-for-migration", "protect-at-harvest", "xen-2005-rounds", "guest-tables", "failures"),
            "Xen as of NSDI'05: page tables in guest memory; pages dirty again are skipped, or fixed in the last round",
        ),
        Choice(
            "kvm-qemu",
            _KVM_QEMU,
            "KVM and QEMU as of 2023 (8.1): the bitmap cleared by chunks at the send, zero pages, a downtime limit",
        ),
        Choice(
            "kvm-qemu-multifd",
            (*_KVM_QEMU, "channels"),
            "kvm-qemu with multifd: pages go by reference to channels without order",
        ),
        Choice(
            "kvm-qemu-xbzrle",
            (*_KVM_QEMU, "delta-cache"),
            "kvm-qemu with xbzrle: a queue, on which only what has changed of a page goes",
        ),
        Choice(
            "postcopy",
            (*_KVM_QEMU, "postcopy"),
            "kvm-qemu that switches to post-copy: the guest runs at the target while pages are owed",
        ),
        Choice(
            "kvm-qemu-ring",
            (
                *("second-stage", "dirty-ring", "backup-bitmap", "qemu-rounds", "memory-slots", "hypervisor-writes"),
                *("zero-pages", "failures"),
            ),
            "the same with a dirty ring for each vCPU, and a backup bitmap for writers that have none",
        ),
        Choice(
            "remus",
            ("always-shadowed", "protect-at-harvest", "xen-rounds", "hypervisor-writes", "checkpoints", "failures"),
            "Remus on Xen: after the first, checkpoint follows checkpoint; the target takes over if the source dies",
        ),
    )
}
"""The named machines."""

BARE = Choice("bare", Bare.parts, "what every machine has, without failures, to look at parts on one by one: bare+PART")
"""No machine of anybody's."""
BASES: Mapping[str, Choice] = {**CHOICES, BARE.name: BARE}
"""What parts may be added to."""
_WRITTEN: Mapping[str, type[AnyMachine]] = {"bare": Bare, "seed": Seed}
"""Those whose class is written out, for the reader."""


def chosen(name: str) -> tuple[Choice, tuple[Part, ...]]:
    """The named machine that ``name`` begins with, and its parts with those that ``+PART`` adds, in their order.

    Unusable where a machine or part is not there (with the nearest name), or displaces what another part refines.
    """
    base, *more = name.split("+")
    if base not in BASES:
        raise Unusable("machine", f"no machine {shown(base)}", nearest(base, CHOICES))
    found: dict[str, Part] = {}
    todo = [*BASES[base].parts, *more]
    while todo:
        wanted = todo.pop(0)
        if wanted not in PARTS:
            raise Unusable("machine", f"no part {shown(wanted)}", nearest(wanted, PARTS, "refmodel machines"))
        part = PARTS[wanted]
        if part.role:
            found = {n: other for n, other in found.items() if other.role != part.role}
        found[wanted] = part
        todo += [need for need in part.needs if need not in found]
    for refining, needed in ((part, PARTS[need]) for part in found.values() for need in part.needs):
        if not any(issubclass(other.cls, needed.cls) for other in found.values()):
            instead = next(other.name for other in found.values() if other.role == needed.role)
            raise Unusable("machine", f"{refining.name!r} beside {instead!r}", f"{needed.name!r}, which it refines")
    return BASES[base], tuple(part for part in PARTS.values() if part.name in found)


@cache
def compose(name: str) -> type[AnyMachine]:
    """The class of the machine ``name``: a named one, or one with further parts, as in ``seed+PART``.

    ``FILE.py:NAME`` is a machine of one's own, made with ``build`` (or a subclass of one) under that name in a file.
    """
    if ":" in name:
        made = loaded(name)
        made.__reduce__ = lambda self: (_again, (name, None, None))  # type: ignore[method-assign]
        return made
    if name in _WRITTEN:
        return _WRITTEN[name]
    choice, parts = chosen(name)
    return build(name, parts, choice.parameters)


def build(name: str, parts: Iterable[Part], parameters: Mapping[str, Any] | None = None) -> type[AnyMachine]:
    """A machine of these parts: of two that refine one thing the first has the last word.

    ``parameters`` become attributes of its class.
    """
    parts = tuple(parts)
    bases = tuple(part.cls for part in parts)
    named = {"parts": tuple(part.name for part in parts), **(parameters or {})}
    return _made(name, (*bases, Migration), _state_of(name, parts), named, None)


_PATCHED: dict[tuple[str, str, type[Any]], type[AnyMachine]] = {}


def patched(name: str, variant: str, patch: type[Any]) -> type[AnyMachine]:
    """The machine with one function replaced.

    Unusable where it lacks the part that the patch is of, a part whose state the patched function speaks of, or the
    step that is patched.
    """
    if (name, variant, patch) in _PATCHED:
        return _PATCHED[name, variant, patch]
    machine = compose(name)
    of = patch.__bases__[0]
    if not issubclass(machine, of):
        raise Unusable("variant", f"{variant!r} on {name!r}", f"a machine with the part {of.__name__}")
    if lacking := _fields_of_state(patch) - set(fields_dict(machine.state)):
        raise Unusable("variant", f"{variant!r} on {name!r}", f"a machine whose state has {', '.join(sorted(lacking))}")
    if gone := left_out(machine) & set(vars(patch)):
        raise Unusable("variant", f"{variant!r} on {name!r}", f"a machine with {', '.join(sorted(gone))}")
    made = _made(name, (patch, machine), machine.state, {}, variant, patch.__name__)
    _PATCHED[name, variant, patch] = made
    return made


def _fields_of_state(patch: type[Any]) -> set[str]:
    """What the patch's own type says of the state: the fields of its variable's bound, as in ``MigrationRounds[S]``."""
    variables = [variable for base in vars(patch).get("__orig_bases__", ()) for variable in base.__parameters__]
    bounds = [cls for variable in variables for cls in variable.__bound__.__mro__ if has(cls)]
    return {name for cls in bounds for name in fields_dict(cls)}


def _made(
    name: str,
    bases: tuple[type[Any], ...],
    state: Any,
    parameters: Mapping[str, Any],
    variant: str | None,
    called: str = "",
) -> type[AnyMachine]:
    def reduced(self: Any) -> Any:
        return _again, (name, variant, None if variant is None else bases[0])

    fields = {"state": state, "__reduce__": reduced, "__doc__": bases[0].__doc__, **parameters}
    made: type[AnyMachine] = type(called or _called(name), bases, fields)
    return made


def _again(name: str, variant: str | None, patch: type[Any] | None) -> AnyMachine:
    """A machine in another process."""
    return compose(name)() if variant is None or patch is None else patched(name, variant, patch)()


def _state_of(name: str, parts: Sequence[Part]) -> type[Machine]:
    mixed = tuple(dict.fromkeys(part.state for part in parts if part.state is not Machine))
    bases = tuple(one for one in mixed if not any(other is not one and issubclass(other, one) for other in mixed))
    by: dict[str, type[Machine]] = {}
    for one in dict.fromkeys(each for state in bases for each in state.__mro__ if issubclass(each, Machine)):
        for field_name in vars(one).get("__annotations__", ()):
            if field_name in by:
                first, second = (next(p.name for p in parts if issubclass(p.state, s)) for s in (by[field_name], one))
                raise Unusable("machine", f"{second!r} beside {first!r}", f"one of them: both keep {field_name!r}")
            by[field_name] = one
    made: type[Machine] = frozen(slots=False)(type(f"{_called(name)}State", bases or (Machine,), {}))
    return made


def _called(name: str) -> str:
    return "".join(word.capitalize() for word in re.split(r"[^a-zA-Z0-9]+", name))
