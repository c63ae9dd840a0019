"""Findings of a campaign as files: a schedule, or the input that a target did not survive and a JSON beside it."""

import base64
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from attrs import define, field, frozen

from fuzz.campaigns.identity import Identity
from fuzz.campaigns.normal import key_of
from fuzz.campaigns.store import name_of, read_input, write_atomically
from refmodel.schedules.schedule import load
from refmodel.unusable import Unusable

__all__ = ["Findings", "Reported", "reported"]

_FORMAT, _VERSION = "refmodel-fuzz-finding", 1
_NEEDED = ("kind", "rule", "key", "input", "sha1")


@frozen
class Reported:
    """A finding as a worker tells it."""

    kind: str
    """``finding``, or how the process ended: ``timeout``, ``crash``, ``memory``."""
    rule: str
    key: str
    """The same for findings that show the same fault."""
    message: str
    input: bytes = field(repr=False)
    schedule: bytes | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """All of it, for when it cannot be written."""
        given = base64.b64encode(self.input).decode()
        return f"{self.rule}: {self.message}\n{self.schedule.decode() if self.schedule else 'base64 ' + given}"


def reported(fields: Mapping[str, Any]) -> Reported:
    """As it is read from a status line."""
    schedule = fields["schedule"]
    return Reported(
        fields["kind"],
        fields["rule"],
        fields["key"],
        fields["message"],
        base64.b64decode(fields["input"]),
        schedule and schedule.encode(),
    )


@define
class Findings:
    """Those in a folder, one for each key. What could not be written yet waits in ``unwritten``."""

    folder: Path
    identity: Identity
    paths: dict[str, Path] = field(factory=dict)
    rules: dict[Path, str] = field(factory=dict)
    errors: list[str] = field(factory=list)
    unwritten: dict[str, Reported] = field(factory=dict)
    deadly: set[str] = field(factory=set)
    """The names of inputs that have ended a worker."""

    def read(self) -> list[Unusable]:
        """Take in what the folder holds, and say what is wrong with files that cannot be read; they stay."""
        errors = []
        for path in sorted(self.folder.glob("*.json"), key=_age):
            try:
                key, rule = self._read(path)
            except Unusable as error:
                errors.append(error)
            else:
                self.paths.setdefault(key, path)
                self.rules[path] = "noticed" if self.identity.judge == "guest" else rule
        return errors

    def _read(self, path: Path) -> tuple[str, str]:
        """Its key and its rule."""
        beside = describe(path)
        if beside is not None:
            if beside["kind"] != "finding":
                self.deadly.add(beside["sha1"])
            return beside["key"], beside["rule"]
        schedule = load(path)
        return key_of(schedule), schedule.broken.claim if schedule.broken else "noticed"

    def add(self, found: Reported) -> bool:
        """Keep a finding; False where there is the same already. OSError where it cannot be written: it waits then."""
        if found.key in self.paths or found.key in self.unwritten:
            return False
        self.unwritten[found.key] = found
        self.write()
        return True

    def write(self) -> None:
        """Write what waits. OSError where that cannot be."""
        for key, found in list(self.unwritten.items()):
            path = self._written(found)
            del self.unwritten[key]
            self.paths[key], self.rules[path] = path, found.rule

    def _written(self, found: Reported) -> Path:
        of = self.identity.variant or self.identity.machine or self.identity.target
        what = re.sub(r"\W+|_", "-", found.rule)[:40].strip("-")
        parts = [re.sub(r"[^\w+-]", "-", of), *([found.kind] if found.kind != "finding" else []), what]
        stem = "-".join([*parts, sha256(found.key.encode()).hexdigest()[:8]])
        path = self.folder / f"{stem}.json"
        if found.schedule is not None:
            write_atomically(path, found.schedule)
            return path
        write_atomically(self.folder / stem, found.input)
        fields = {
            "format": _FORMAT,
            "version": _VERSION,
            "target": self.identity.target,
            "machine": self.identity.machine or None,
            "variant": self.identity.variant,
            "kind": found.kind,
            "rule": found.rule,
            "key": found.key,
            "message": found.message,
            "input": stem,
            "sha1": name_of(found.input),
        }
        write_atomically(path, orjson.dumps(fields, option=orjson.OPT_INDENT_2) + b"\n")
        return path


def _age(path: Path) -> tuple[int, Path]:
    """For an order in time; a link to nowhere has none."""
    return path.lstat().st_mtime_ns, path


def describe(path: Path) -> dict[str, Any] | None:
    """What stands beside an input; None for a schedule. Unusable for neither."""
    try:
        fields = orjson.loads(read_input(path))
    except (OSError, orjson.JSONDecodeError) as error:
        raise Unusable(str(path), str(error), "a finding") from None
    if not isinstance(fields, dict) or fields.get("format") != _FORMAT:
        return None
    if fields.get("version") != _VERSION or not all(isinstance(fields.get(name), str) for name in _NEEDED):
        raise Unusable(str(path), "no finding as they are written here", f'"version": {_VERSION}, {", ".join(_NEEDED)}')
    return fields
