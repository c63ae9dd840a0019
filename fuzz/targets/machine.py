"""Does every interleaving of a machine's steps keep its claims, and the promise?

    python fuzz/targets/machine.py [--machine NAME] [--variant NAME] [libFuzzer flags] [corpus folder]

e.g. ``python fuzz/targets/machine.py -max_total_time=60 corpus/``. A finding is shrunk, written as a schedule to the
folder of ``--findings``, and ends the process as a crash, as libFuzzer expects.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Never

__all__ = ["Found", "main"]

_EVERY_SECONDS = 0.2
"""How often the status is written: a line of JSON with the runs, the abstract states met, and the seconds so far."""


class Found(Exception):
    """A run broke a claim, or let the guest notice; the message names the stored schedule."""


def _arguments(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Our own options, from the command line or the environment, and libFuzzer's."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    environment = os.environ
    parser.add_argument("--machine", default=environment.get("REFMODEL_FUZZ_MACHINE"))
    parser.add_argument("--variant", default=environment.get("REFMODEL_FUZZ_VARIANT") or None)
    parser.add_argument("--feedback", choices=("state", "edges", "both"), default="state")
    parser.add_argument("--judge", choices=("claims", "guest"), default="claims")
    parser.add_argument("--findings", type=Path, default=Path(environment.get("REFMODEL_FUZZ_FINDINGS", ".")))
    parser.add_argument("--status-fd", type=int)
    return parser.parse_known_args(list(argv))


class _Status:
    """Tells the parent process how far we are; nothing without one."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._begun = self._told = time.monotonic()
        self.runs = 0
        self.states: set[int] = set()

    def ran(self) -> None:
        self.runs += 1
        if time.monotonic() - self._told > _EVERY_SECONDS:
            self.tell()

    def tell(self, **more: Any) -> None:
        """Write a line at once."""
        self._told = time.monotonic()
        if self._descriptor is None:
            return
        fields = {"runs": self.runs, "states": len(self.states), "seconds": self._told - self._begun, **more}
        try:
            os.write(self._descriptor, json.dumps(fields).encode() + b"\n")
        except OSError:  # nobody listens any more; the findings are files anyway
            self._descriptor = None


def _target(atheris: Any, options: argparse.Namespace) -> Callable[[bytes], None]:
    """The function of one input."""
    # Imported late, so that edges can be instrumented on the way.
    if options.feedback == "state":
        from refmodel.machines import machine
    else:
        with atheris.instrument_imports(include=["refmodel"]):
            from refmodel.machines import machine
    from fuzz.counters import counters
    from fuzz.feedback import abstraction_of
    from fuzz.findings import keep
    from fuzz.run import Runner
    from fuzz.shrink import shrink
    from refmodel.state import Machine
    from refmodel.variants import VARIANTS

    known = VARIANTS.get(options.variant)
    name = options.machine or (known.machine if known else "seed")
    runner = Runner(machine(name, options.variant), claims=options.judge == "claims")
    abstract = abstraction_of(runner.spec)
    status = _Status(options.status_fd)
    many, count = counters(atheris)
    feed = options.feedback != "edges"

    def one_input(data: bytes) -> None:
        met: set[int] = set()

        def visit(m: Machine) -> None:
            met.add(hash(abstract(m)) % many)

        finding = runner.run(data, visit).finding
        if feed:
            for state in met:  # each once a run: how often a state is met says nothing new
                count(state)
        status.states |= met
        status.ran()
        if finding is not None:
            path = keep(shrink(runner, finding), name, options.variant, options.findings)
            status.tell(finding=str(path), rule=finding.rule)
            raise Found(f"{finding.rule}: {path}")

    return one_input


def main(argv: Sequence[str]) -> Never:
    """Fuzz with these arguments (the first is the program). Ends the process: 0 none found, 77 found, 2 unusable."""
    from refmodel.unusable import Unusable

    options, for_libfuzzer = _arguments(argv[1:])
    try:
        import atheris
    except ImportError:
        print(
            "refmodel: fuzzing needs atheris (Linux x86-64, CPython 3.11 to 3.13): pip install 'refmodel[fuzz]'",
            file=sys.stderr,
        )
        sys.exit(2)
    try:
        one_input = _target(atheris, options)
    except Unusable as error:
        print(f"refmodel: {error}", file=sys.stderr)
        sys.exit(2)
    from fuzz.decode import HEAD, RECORD
    from fuzz.mix import MOST_STEPS
    from fuzz.mutate import mutated

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        return mutated(bytes(data), most, seed, atheris.Mutate)

    if options.feedback != "state":
        one_input = atheris.instrument_func(one_input)
    ours = [f"-max_len={HEAD + RECORD * MOST_STEPS}", "-len_control=0"]  # before theirs: the last one counts
    atheris.Setup([argv[0], *ours, *for_libfuzzer], one_input, custom_mutator=mutator)
    atheris.Fuzz()
    sys.exit(0)


if __name__ == "__main__":
    main(sys.argv)
