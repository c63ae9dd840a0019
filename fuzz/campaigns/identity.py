"""What a campaign is, in its ``campaign.json``: to go on with it as another is refused."""

from pathlib import Path
from typing import Any

import attrs
import orjson
from attrs import frozen

from fuzz.campaigns.plan import Plan
from fuzz.campaigns.store import read_input, write_atomically
from fuzz.campaigns.targets import is_of_machines, path_of
from refmodel.machines import machine, own_machine
from refmodel.unusable import Unusable, shown

__all__ = ["Identity", "settled"]

_FORMAT, _VERSION = "refmodel-campaign", 1
FILE = "campaign.json"


@frozen
class Identity:
    """What makes a campaign the one that it is; how long it runs, and with how many workers, may change."""

    target: str
    machine: str
    variant: str | None
    seed: int
    feedback: str
    judge: str

    @classmethod
    def of(cls, plan: Plan) -> "Identity":
        """Of a new one."""
        target = plan.target or "machine"
        on = (plan.machine or own_machine(plan.variant)) if is_of_machines(target) else plan.machine
        seed = 1 if plan.seed is None else plan.seed
        return cls(target, on, plan.variant, seed, plan.feedback or "state", plan.judge or "claims")


def settled(plan: Plan) -> Identity:
    """What the campaign in the plan's folder is: written down now where it is new. Unusable where that cannot be."""
    path = plan.folder / FILE
    if path.exists():
        if not plan.resume:
            raise Unusable(str(plan.folder), "there is a campaign in it already", "--resume, or another folder")
        identity = _read(path)
        _is_as_asked(identity, plan, path)
        _checked(identity)
        return identity
    identity = Identity.of(plan)
    _checked(identity)
    fields = {"format": _FORMAT, "version": _VERSION, **attrs.asdict(identity)}
    write_atomically(path, orjson.dumps(fields, option=orjson.OPT_INDENT_2) + b"\n")
    return identity


def _checked(identity: Identity) -> None:
    path_of(identity.target)
    if is_of_machines(identity.target):
        if identity.machine != "all" or identity.target == "machine":  # of all named ones some targets ask
            machine(identity.machine, identity.variant)
    elif identity.machine or identity.variant:
        raise Unusable(f"target {identity.target}", "a machine or a variant is named", "none: it reads files")


def _read(path: Path) -> Identity:
    try:
        fields: Any = orjson.loads(read_input(path))
    except (OSError, orjson.JSONDecodeError) as error:
        raise Unusable(str(path), str(error), "the description of a campaign, as JSON") from None
    if not isinstance(fields, dict) or (fields.pop("format", None), fields.pop("version", None)) != (_FORMAT, _VERSION):
        raise Unusable(str(path), "no description of a campaign", f'"format": "{_FORMAT}", "version": {_VERSION}')
    names = [each.name for each in attrs.fields(Identity)]
    if sorted(fields) != sorted(names):
        raise Unusable(str(path), f"fields {sorted(fields)}", f"{sorted(names)}")
    for name, value in fields.items():
        if type(value) is not (int if name == "seed" else str) and not (name == "variant" and value is None):
            raise Unusable(f"{path}: {name}", shown(value), "a number for the seed, a text for all else")
    return Identity(**fields)


def _is_as_asked(identity: Identity, plan: Plan, path: Path) -> None:
    for name in ("target", "machine", "variant", "seed", "feedback", "judge"):
        asked, has = getattr(plan, name), getattr(identity, name)
        if asked not in (None, "") and asked != has:
            raise Unusable(f"{path}: {name}", f"{has!r}, and {asked!r} is asked for", "to resume the same campaign")
