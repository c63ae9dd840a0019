"""A target under libFuzzer: the main function of every ``fuzz/targets`` file of a reader."""

import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Never

from fuzz.engine import engine, program

__all__ = ["fuzz"]


def fuzz(name: str, argv: Sequence[str]) -> Never:
    """Fuzz the target with libFuzzer's arguments (the first is the program). Ends the process: 0 none found, 77 found.

    The target's seeds are written to the first corpus folder, if it is empty. The limit of one second is held in the
    process, where the message names the reader's line; ``-timeout`` is for what does not come back to Python at all.
    What crashes is stored by libFuzzer, where ``-artifact_prefix`` says.
    """
    atheris = engine()
    with atheris.instrument_imports(include=["refmodel.oracle", "refmodel.schedules"]):
        from fuzz.readers.table import MOST, TARGETS
    from fuzz.readers.limits import MEGABYTES, Found, answer
    from fuzz.readers.reading import goes_however_it_ends

    target = TARGETS[name]
    seeds = target.make()

    def one_input(data: bytes) -> None:
        try:
            answer(target.read, data)
        except Found as found:
            print(f"refmodel: {name}: {found}", file=sys.stderr)
            raise

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        chance = Random(seed)
        if chance.randrange(8) == 0:
            return bytes(atheris.Mutate(data, most))
        return target.mutated(bytes(data), chance.choice(seeds), chance, min(most, MOST))[:most]

    _begin([Path(argument) for argument in argv[1:] if not argument.startswith("-")], seeds)
    ours = [f"-max_len={len(target.forms) * MOST}", "-len_control=0", "-timeout=10", f"-rss_limit_mb={MEGABYTES}"]
    waiting = goes_however_it_ends()
    atheris.Setup([program(argv[0]), *ours, *argv[1:]], one_input, custom_mutator=mutator)
    atheris.Fuzz()
    waiting.communicate()
    sys.exit(0)


def _begin(given: list[Path], seeds: list[bytes]) -> None:
    folders = [path for path in given if path.is_dir()]
    if folders and not any(folders[0].iterdir()):
        for number, data in enumerate(seeds):
            (folders[0] / f"seed-{number:02}").write_bytes(data)
