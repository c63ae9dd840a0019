"""A campaign: the target in a child process, because libFuzzer owns its process, and what it reports."""

import importlib.util
import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from fuzz.mutate import seeds
from refmodel.machines import machine
from refmodel.unusable import Unusable
from refmodel.variants import VARIANTS

__all__ = ["Plan", "Summary", "needs_atheris", "run_campaign"]

_GRACE = 20.0
"""Seconds after its time at which a child that has not ended is ended by us."""


@frozen
class Plan:
    """What to fuzz, for how long (``seconds``, or ``runs``, whichever comes first), and where to put things."""

    folder: Path
    machine: str = ""
    """By default the variant's own, or the seed machine."""
    variant: str | None = None
    seconds: float = 60.0
    runs: int | None = None
    seed: int = 1
    feedback: str = "state"
    judge: str = "claims"


@frozen
class Summary:
    """How a campaign went; ``states`` counts the abstract states that it met, up to collisions of their hashes."""

    machine: str
    variant: str | None
    seed: int
    seconds: float = 0.0
    runs: int = 0
    states: int = 0
    findings: tuple[Path, ...] = ()
    rule: str | None = None
    """What the finding breaks: a claim's name, or ``noticed``."""

    @property
    def runs_per_second(self) -> float:
        """Runs a second, over the whole campaign."""
        return self.runs / self.seconds if self.seconds else 0.0


def own_machine(variant: str | None) -> str:
    """The machine that a variant is of; the seed machine for none, or one that is not there."""
    return VARIANTS[variant].machine if variant in VARIANTS else "seed"


def needs_atheris() -> None:
    """Unusable, with what to install, when there is no atheris."""
    if importlib.util.find_spec("atheris") is None:
        raise Unusable(
            "fuzz", "atheris is not installed", "pip install 'refmodel[fuzz]' (Linux x86-64, CPython 3.11 to 3.13)"
        )


def run_campaign(plan: Plan, progress: Callable[[Summary], object] = lambda summary: None) -> Summary:
    """Fuzz until the time or the runs are over, or something is found; ``progress`` sees the state now and then.

    The folder holds ``corpus``, ``findings`` and libFuzzer's own ``log``. Unusable when it cannot be written, when
    there is no such machine or variant, or when the child ends as it should not.
    """
    plan = evolve(plan, machine=plan.machine or own_machine(plan.variant))
    machine(plan.machine, plan.variant)
    needs_atheris()
    corpus, findings, log = plan.folder / "corpus", plan.folder / "findings", plan.folder / "log"
    try:
        corpus.mkdir(parents=True, exist_ok=True)
        findings.mkdir(exist_ok=True)
        if not any(corpus.iterdir()):
            for number, data in enumerate(seeds(plan.seed)):
                (corpus / f"seed-{number:02}").write_bytes(data)
        output = log.open("wb")
    except OSError as error:
        raise Unusable(str(plan.folder), error.strerror or str(error), "a folder that can be written") from None
    summary = Summary(plan.machine, plan.variant, plan.seed)
    reading, writing = os.pipe()
    with output, os.fdopen(reading, "rb", buffering=0) as pipe:
        command = _command(plan, corpus, findings, writing)
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=(writing,))
        os.close(writing)
        try:
            summary = _followed(pipe, summary, progress, time.monotonic() + plan.seconds + _GRACE)
            status = child.wait(_GRACE)
        finally:  # also when the user interrupts, or the child hangs
            child.kill()
            child.wait()
    return _judged(summary, status, log)


def _command(plan: Plan, corpus: Path, findings: Path, status: int) -> list[str]:
    target = Path(__file__).parent / "targets" / "machine.py"
    command = [sys.executable, str(target), "--machine", plan.machine, "--findings", str(findings)]
    command += ["--status-fd", str(status), "--feedback", plan.feedback, "--judge", plan.judge]
    if plan.variant is not None:
        command += ["--variant", plan.variant]
    command += [f"-seed={plan.seed}", f"-max_total_time={max(1, round(plan.seconds))}"]
    command += [f"-artifact_prefix={plan.folder}/", "-print_final_stats=1"]
    if plan.runs is not None:
        command.append(f"-runs={plan.runs}")
    return [*command, str(corpus)]


def _followed(pipe: Any, summary: Summary, progress: Callable[[Summary], object], deadline: float) -> Summary:
    """Read the child's status lines until it closes the pipe, or the deadline."""
    rest = b""
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([pipe], [], [], min(left, 1.0))
        if not ready:
            continue
        data = pipe.read(1 << 16)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            summary = _after(summary, json.loads(line))
        progress(summary)
    return summary


def _after(summary: Summary, told: dict[str, Any]) -> Summary:
    summary = evolve(summary, runs=told["runs"], states=told["states"], seconds=told["seconds"])
    if "finding" in told:
        return evolve(summary, findings=(*summary.findings, Path(told["finding"])), rule=told["rule"])
    return summary


def _judged(summary: Summary, status: int, log: Path) -> Summary:
    """The summary with libFuzzer's own last figures; Unusable when the child ended as it should not."""
    text = log.read_text(errors="replace")
    done = re.search(r"^Done (\d+) runs in (\d+) second", text, re.MULTILINE)
    if done:
        summary = evolve(summary, runs=max(summary.runs, int(done[1])))
    if not summary.findings and (status != 0 or not summary.runs):
        last = [line for line in text.splitlines() if line.strip()][-1:] or ["no output"]
        raise Unusable(str(log), f"the fuzzer ended with status {status}: {last[0]}", "a fuzzer that runs to its end")
    return summary
