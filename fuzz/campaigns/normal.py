"""When two findings are the same: the contract that they break, the rule, and the kinds of their steps in order.

Steps that can change places are put in one order first, so that the same loss, met in another interleaving of what
has nothing to do with it, is the same finding.
"""

from hashlib import sha256

import orjson

from fuzz.run import Finding, Runner
from refmodel.migration import AnyMachine
from refmodel.schedules.schedule import Schedule

__all__ = ["Known", "contract_of", "in_normal_order", "key_of"]


def in_normal_order(runner: Runner, finding: Finding) -> Finding:
    """The same finding, neighbouring steps in the order in which the machine declares them wherever that is one too."""
    rank = {step: number for number, step in enumerate(runner.spec.steps)}
    best, moved = finding, True
    while moved:
        moved = False
        for i in range(len(best.actions) - 1):
            one, two = best.actions[i : i + 2]
            if (rank[two.step], two.arguments) < (rank[one.step], one.arguments):
                swapped = (*best.actions[:i], two, one, *best.actions[i + 2 :])
                found = runner.follow(best.sizes, best.rounds, swapped).finding
                if found is not None and found.rule == best.rule and found.actions == swapped:
                    best, moved = found, True
    return best


def contract_of(spec: AnyMachine, rule: str) -> str:
    """The contract that a claim is of; what the guest notices breaks the promise itself."""
    return spec.claims[rule].contract.value if rule in spec.claims else "promise"


def key_of(schedule: Schedule) -> str:
    """The same for schedules that show the same; to be asked of one that is shrunk and in normal order."""
    rule = schedule.broken.claim if schedule.broken else "noticed"
    contract = contract_of(schedule.specification(), rule)
    fields = [schedule.machine, schedule.variant, contract, rule, [action.step for action in schedule.actions]]
    return sha256(orjson.dumps(fields)).hexdigest()[:12]


class Known:
    """Findings of a process, to tell early, before it is shrunk, that a run shows most likely one of them again.

    It does where the kinds of steps of one, of the same rule, are among the run's in order. As that may hide another
    finding, the first, second, fourth, eighth ... run of a rule that looks so is looked into all the same.
    """

    def __init__(self) -> None:
        self._paths: dict[str, list[tuple[str, ...]]] = {}
        self._passed: dict[str, int] = {}

    def explains(self, finding: Finding) -> bool:
        """Whether to take it for a known one."""
        if not any(_is_within(path, finding) for path in self._paths.get(finding.rule, ())):
            return False
        passed = self._passed[finding.rule] = self._passed.get(finding.rule, 0) + 1
        return passed & (passed - 1) != 0

    def add(self, small: Finding) -> None:
        """Remember one that is shrunk."""
        path = tuple(action.step for action in small.actions)
        paths = self._paths.setdefault(small.rule, [])
        if path not in paths:
            paths.append(path)


def _is_within(path: tuple[str, ...], finding: Finding) -> bool:
    steps = iter(action.step for action in finding.actions)
    return all(kind in steps for kind in path)
