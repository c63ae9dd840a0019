"""The fuzzer's lines of ``refmodel check``: a short run on the right machine, and one that must find something."""

import importlib.util
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from fuzz.campaigns.campaign import run_campaign
from fuzz.campaigns.plan import Plan
from refmodel.rows import Row

__all__ = ["checked"]

_SECONDS = 8.0
_WRONG = "no-flush"


def checked() -> Iterator[Row]:
    """Nothing on the right machine; the stale TLB entry in the wrong one."""
    if importlib.util.find_spec("atheris") is None:
        yield Row("fuzz", "shadow paging", "SKIPPED: atheris is not installed here", "CI" not in os.environ, 0.0)
        return
    for variant in (None, _WRONG):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            summary = run_campaign(Plan(Path(folder), variant=variant, seconds=_SECONDS))
            found = bool(summary.findings)
            result = f"{'a finding' if found else 'nothing found'} in {summary.runs:,} runs"
            what = f"wrong variant {variant}" if variant else "shadow paging, any interleaving"
            ok = found == (variant is not None) and summary.runs > 0  # that no run found anything says nothing
            yield Row("fuzz", what, result, ok, time.perf_counter() - began)
