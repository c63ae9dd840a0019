"""Does every interleaving of a machine's steps keep its claims, and the promise?

    python fuzz/targets/machine.py [--machine NAME] [--variant NAME] [libFuzzer flags] [corpus folder]

e.g. ``python fuzz/targets/machine.py -max_total_time=60 corpus/``. A finding is shrunk, written as a schedule to the
folder of ``--findings``, and ends the process as a crash, as libFuzzer expects.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never

from fuzz.engine import engine, program

if TYPE_CHECKING:
    from fuzz.guidance import Guide
    from fuzz.run import Finding

__all__ = ["Found", "main"]


class Found(Exception):
    """A run broke a claim, or let the guest notice: the rule, the schedule, and a key that says which are the same."""

    def __init__(self, rule: str, schedule: bytes, key: str, where: str) -> None:
        super().__init__(f"{rule}: {where}")
        self.rule = rule
        self.schedule = schedule
        self.key = key


def _arguments(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Our own options, from the command line or the environment, and libFuzzer's."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    environment = os.environ
    parser.add_argument("--machine", default=environment.get("REFMODEL_FUZZ_MACHINE"))
    parser.add_argument("--variant", default=environment.get("REFMODEL_FUZZ_VARIANT") or None)
    parser.add_argument("--feedback", choices=("state", "edges", "both"), default="state")
    parser.add_argument("--judge", choices=("claims", "guest"), default="claims")
    parser.add_argument("--findings", type=Path, default=Path(environment.get("REFMODEL_FUZZ_FINDINGS", ".")))
    return parser.parse_known_args(list(argv))


def _target(atheris: Any, options: argparse.Namespace) -> "tuple[Guide, Callable[[bytes], None]]":
    """What guides the runs, and the function of one input."""
    # Imported late, so that edges can be instrumented on the way.
    if options.feedback == "state":
        from refmodel.machines import machine, own_machine
    else:
        with atheris.instrument_imports(include=["refmodel"]):
            from refmodel.machines import machine, own_machine
    from fuzz.campaigns.normal import Known, in_normal_order, key_of
    from fuzz.campaigns.status import STATUS
    from fuzz.campaigns.worker import told
    from fuzz.findings import as_schedule, keep
    from fuzz.guidance import Guide
    from fuzz.run import Runner
    from fuzz.shrink import shrink
    from refmodel.schedules.schedule import dumps

    name = options.machine or own_machine(options.variant)
    runner = Runner(machine(name, options.variant), claims=options.judge == "claims")
    guide = Guide(atheris, runner, options.feedback != "edges")
    seen = Known()

    def one_input(data: bytes) -> None:
        course, met, _ = guide.follow(data)
        finding = course.finding
        STATUS.met(met)
        if finding is None:
            return
        if STATUS.listening and seen.explains(finding):
            STATUS.again()
            return
        if STATUS.listening:
            STATUS.tell(draft=told(found(finding, "not shrunk"), bytes(data)))
        small = in_normal_order(runner, shrink(runner, finding))
        seen.add(small)
        if STATUS.listening:  # the campaign keeps it
            raise found(small, f"{len(small.actions)} steps")
        raise found(small, str(keep(small, name, options.variant, options.findings)))

    def found(finding: "Finding", where: str) -> Found:
        schedule = as_schedule(finding, name, options.variant)
        return Found(finding.rule, dumps(schedule), key_of(schedule), where)

    return guide, one_input


def main(argv: Sequence[str]) -> Never:
    """Fuzz with these arguments (the first is the program). Ends the process: 0 none found, 77 found, 2 unusable."""
    from refmodel.unusable import Unusable

    options, for_libfuzzer = _arguments(argv[1:])
    atheris = engine()
    try:
        guide, one_input = _target(atheris, options)
    except Unusable as error:
        print(f"refmodel: {error}", file=sys.stderr)
        sys.exit(2)
    from fuzz.guidance import FLAGS

    if options.feedback != "state":
        one_input = atheris.instrument_func(one_input)
    guide.set_up([program(argv[0], vars(options)), *FLAGS, *for_libfuzzer], one_input)
    atheris.Fuzz()
    sys.exit(0)


if __name__ == "__main__":
    main(sys.argv)
