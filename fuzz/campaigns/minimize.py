"""A campaign's corpus made small: of each feature the shortest input that has it, and no others; by libFuzzer's merge.

What is to go is taken out once all that stays is known, one file after another: whenever this is killed, no feature is
lost. An input at which libFuzzer's process ends, or that cannot be read, stays, as nothing is known of its features.
"""

import re
import subprocess
from collections.abc import Collection
from pathlib import Path

from fuzz.campaigns.folder import Folder, opened
from fuzz.campaigns.identity import FILE
from fuzz.campaigns.merging import program
from fuzz.campaigns.plan import Plan
from fuzz.campaigns.process import environment_of, options_of
from fuzz.campaigns.store import FolderStore
from fuzz.campaigns.targets import path_of
from fuzz.engine import needs_atheris
from refmodel.unusable import Unusable

__all__ = ["minimize"]

_WEIGHED = re.compile(r"^FT (\d+)\b", re.MULTILINE)
"""What libFuzzer's control file says, after the names of all files, of each whose features it knows: its number."""


def minimize(path: Path, timeout: float = 60.0) -> tuple[int, int]:
    """Minimise the corpus of the campaign in a folder: how many inputs it had, and how many it has.

    ``timeout`` is what an input may take, in seconds. Unusable where there is no campaign, another process runs it, it
    cannot be written, or libFuzzer does not come to its end.
    """
    needs_atheris()
    if not (path / FILE).is_file():
        raise Unusable(str(path), "there is no campaign in it", "the folder of a campaign")
    with opened(Plan(path, resume=True)) as folder:
        before = len(folder.names)
        try:
            for name in sorted(folder.names - _to_stay(folder, timeout)):
                (folder.corpus.folder / name).unlink(missing_ok=True)
                folder.names.discard(name)
        except OSError as error:
            raise Unusable(str(path), error.strerror or str(error), "a folder that can be written") from None
        folder.statistics.sessions -= 1  # nothing was fuzzed
        folder.save()
        return before, len(folder.names)


def _to_stay(folder: Folder, timeout: float) -> set[str]:
    at = folder.workers / "minimize"
    kept, given = FolderStore(at / "kept"), FolderStore(at / "given")
    for store in (kept, given):
        store.folder.mkdir(parents=True)
    unread, inputs = set[str](), dict[str, int]()
    for name in folder.names:
        try:
            data = folder.corpus.get(name)
        except Unusable:
            unread.add(name)
        else:
            inputs[given.put(data)] = len(data)
    if not inputs:
        return unread
    # The shortest stays in any case. A target that finds its first folder empty would begin it with inputs of its own.
    kept.put(given.get(min(inputs, key=lambda name: (inputs[name], name))))
    weighed = _merged(folder, at, timeout)
    return unread | kept.names() | (inputs.keys() - weighed)


def _merged(folder: Folder, at: Path, timeout: float) -> Collection[str]:
    """Have libFuzzer put into ``kept`` what it needs of ``given``: the inputs whose features it has come to know."""
    program(at / "program", path_of(folder.identity.target))
    # libFuzzer hands its arguments to a shell as they are: so there are no paths in them.
    flags = ["-merge=1", "-merge_control_file=control", f"-timeout={timeout:.0f}", "-artifact_prefix=left-"]
    command = ["./program", *options_of(folder.identity), *flags, "kept", "given"]
    log = folder.log / "minimize.log"
    environment = dict(environment_of(folder.identity))
    if ":" in folder.identity.machine:  # FILE.py:NAME, which is read from another folder now
        environment["REFMODEL_FUZZ_MACHINE"] = str(Path(folder.identity.machine).absolute())
    with log.open("wb") as output:
        ended = subprocess.run(
            command,
            check=False,
            cwd=at,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
        ).returncode
    try:
        _, _, *lines = (at / "control").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    files = [Path(line).name for line in lines if "/" in line]
    if ended != 0 or not files:
        raise Unusable(str(log), f"libFuzzer's merge ended with {ended}; nothing is taken out", "a merge of all inputs")
    return {files[int(number)] for number in _WEIGHED.findall("\n".join(lines))}
