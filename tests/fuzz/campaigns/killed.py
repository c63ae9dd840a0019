"""A campaign in a process of its own, which is killed at some moment; what it has reported by then."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

from fuzz.campaigns.store import FolderStore

__all__ = ["after_being_killed", "held"]

_CODE = """
import json, sys
from pathlib import Path
from fuzz.campaigns import targets
from fuzz.campaigns.campaign import run_campaign
from fuzz.campaigns.plan import Plan

folder = Path(sys.argv[1])
targets.FOLDER = folder / "targets"

def report(s):
    names = sorted(path.name for path in (folder / "campaign" / "corpus").iterdir() if len(path.name) == 40)
    findings = sorted(path.name for path in s.findings)
    told = dict(runs=s.runs, states=s.states, seconds=s.seconds, again=s.again, findings=findings, corpus=names)
    print(json.dumps(told), flush=True)

plan = Plan(folder / "campaign", target="told", seconds=60, workers=2, keep_going=True, resume=True)
run_campaign(plan, report)
"""


def after_being_killed(folder: Path, chance: Random, fault: str = "") -> dict[str, Any]:
    """Go on with the campaign, kill it at some moment after it has reported something, and say what that was.

    A ``fault`` is code that breaks the campaign first.
    """
    with subprocess.Popen([sys.executable, "-c", fault + _CODE, str(folder)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        last = process.stdout.readline()
        for _ in range(chance.randrange(3)):
            last = process.stdout.readline()
        try:
            process.wait(chance.random() * 0.5)
        except subprocess.TimeoutExpired:
            process.kill()
        rest = process.stdout.read()
    lines = (last + rest).splitlines(keepends=True)
    whole = [line for line in lines if line.endswith(b"\n")]
    told: dict[str, Any] = json.loads(whole[-1])
    return told


def held(folder: Path) -> dict[str, Any]:
    """What the folder holds: each input of the corpus is read, and is what its name says."""
    campaign = folder / "campaign"
    corpus = FolderStore(campaign / "corpus")
    names = sorted(corpus.names())
    for name in names:
        corpus.get(name)
    findings = sorted(path.name for path in (campaign / "findings").glob("*.json"))
    for path in (campaign / "findings").glob("*.json"):
        json.loads(path.read_bytes())
    counts = json.loads((campaign / "statistics.json").read_bytes())
    return {name: counts[name] for name in ("runs", "states", "seconds", "again")} | {
        "findings": findings,
        "corpus": names,
    }
