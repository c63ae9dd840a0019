"""A question under libFuzzer: the main function of its file in ``fuzz/targets``."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Never

from fuzz.engine import engine, program

__all__ = ["fuzz"]

_MOST_STEPS = 64
"""A longer schedule takes long to ask about, and shows little more."""


def fuzz(name: str, argv: Sequence[str]) -> Never:
    """Fuzz with libFuzzer's arguments (the first is the program). Ends the process: 0 none found, 77 found, 2 unusable.

    An empty corpus folder is begun with random schedules. What crashes is stored by libFuzzer, where
    ``-artifact_prefix`` says.
    """
    options, for_libfuzzer = _arguments(argv[1:])
    atheris = engine()
    from fuzz.campaigns.status import STATUS
    from fuzz.counters import counters
    from fuzz.decode import HEAD, RECORD
    from fuzz.mutate import mutated, seeds
    from fuzz.questions.question import TAIL, Disagreement, known_machine, with_tail
    from fuzz.questions.table import QUESTIONS
    from refmodel.machines import own_machine
    from refmodel.unusable import Unusable

    machine = options.machine or own_machine(options.variant)
    try:
        known_machine(machine, options.variant)
    except Unusable as error:
        print(f"refmodel: {error}", file=sys.stderr)
        sys.exit(2)
    question = QUESTIONS[name](machine, options.variant)
    many, count = counters(atheris)

    def one_input(data: bytes) -> None:
        try:
            reached = question.ask(data)
        except Disagreement as found:
            if not STATUS.listening:  # else the campaign keeps it, and the run goes on
                print(f"refmodel: {name}: {found}", file=sys.stderr)
            raise
        STATUS.met(reached)
        for number in {feature % many for feature in reached}:
            count(number)

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        return with_tail(bytes(data), most, seed, lambda steps, room: mutated(steps, room, seed, atheris.Mutate))

    most = HEAD + RECORD * _MOST_STEPS + TAIL
    folders = [Path(argument) for argument in for_libfuzzer if not argument.startswith("-")]
    if folders and folders[0].is_dir() and not any(folders[0].iterdir()):
        for number, data in enumerate(seeds(1)):
            (folders[0] / f"seed-{number:02}").write_bytes(data[:most])
    ours = [f"-max_len={most}", "-len_control=0"]  # before theirs: the last one counts
    atheris.Setup([program(argv[0], vars(options)), *ours, *for_libfuzzer], one_input, custom_mutator=mutator)
    atheris.Fuzz()
    sys.exit(0)


def _arguments(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Our own options, from the command line or the environment, and libFuzzer's."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--machine", default=os.environ.get("REFMODEL_FUZZ_MACHINE"))
    parser.add_argument("--variant", default=os.environ.get("REFMODEL_FUZZ_VARIANT") or None)
    return parser.parse_known_args(list(argv))
