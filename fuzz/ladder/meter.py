"""What one measurement counts: runs, model steps, CPU seconds; and how it ends, whatever engine it is in."""

import json
import os
import time
from typing import TYPE_CHECKING, Never

if TYPE_CHECKING:
    from fuzz.run import Course

__all__ = ["Meter"]


class Meter:
    """Counts from ``begin`` on; the process ends at a finding, or when the budget of CPU seconds is spent.

    CPU seconds, because the machine may be busy; steps are those that the model took, of all runs so far. The answer is
    a line of JSON on a descriptor of its own, as libFuzzer writes where it likes.
    """

    def __init__(self, budget: float, descriptor: int, most_runs: int = 0) -> None:
        self._budget = budget
        self._descriptor = descriptor
        self._most_runs = most_runs
        self._begun = 0.0
        self.runs = self.steps = 0

    def begin(self) -> None:
        """Everything is imported and prepared."""
        self._begun = time.process_time()

    @property
    def seconds(self) -> float:
        return time.process_time() - self._begun

    def ran(self, course: "Course", steps: int | None = None) -> None:
        """A run is over, for which so many steps were taken: all of its own, unless said. May not return."""
        self.runs += 1
        self.steps += len(course.actions) if steps is None else steps
        if course.finding is not None or self.seconds >= self._budget or self.runs == self._most_runs:
            self.end(course.finding.rule if course.finding else None)

    def end(self, rule: str | None) -> Never:
        """Say how it went, and end the process here: no engine need be asked to stop."""
        fields = {"rule": rule, "runs": self.runs, "steps": self.steps, "seconds": round(self.seconds, 3)}
        os.write(self._descriptor, json.dumps(fields).encode() + b"\n")
        os._exit(0)
