"""A finding with all its files as one object, so that a store has it whole or not at all."""

import base64
import tempfile
from collections.abc import Iterator
from pathlib import Path

import orjson

from fuzz.campaigns.folder import Folder
from fuzz.campaigns.found import Findings, describe
from fuzz.campaigns.store import write_atomically
from refmodel.unusable import Unusable

__all__ = ["bundles", "taken"]


def bundles(folder: Path) -> Iterator[bytes]:
    """Each finding of a campaign's folder, packed; the same finding is the same bytes everywhere."""
    for path in sorted(folder.glob("*.json")):
        files = {path.name: path.read_bytes()}
        beside = describe(path)
        if beside is not None:
            files[beside["input"]] = (folder / beside["input"]).read_bytes()
        packed = {name: base64.b64encode(data).decode() for name, data in files.items()}
        yield orjson.dumps(packed, option=orjson.OPT_SORT_KEYS)


def taken(folder: Folder, bundle: bytes) -> bool:
    """Keep the finding in a campaign's folder; False where there is the same already. Unusable for no finding."""
    with tempfile.TemporaryDirectory(prefix="refmodel-finding-") as place:
        try:
            files = {Path(name).name: base64.b64decode(data) for name, data in orjson.loads(bundle).items()}
        except (ValueError, AttributeError, TypeError) as error:
            raise Unusable("a finding in the store", str(error), "files packed as JSON") from None
        for name, data in files.items():
            (Path(place) / name).write_bytes(data)
        found = Findings(Path(place), folder.identity)
        for wrong in found.read():
            raise wrong
        new = False
        for key, path in found.paths.items():
            if key in folder.findings.paths:
                continue
            new = True
            for name, data in sorted(files.items(), key=lambda file: file[0].endswith(".json")):
                write_atomically(folder.findings.folder / name, data)
            here = folder.findings.folder / path.name
            folder.findings.paths[key], folder.findings.rules[here] = here, found.rules[path]
        folder.findings.deadly |= found.deadly
        return new
