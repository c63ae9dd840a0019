"""The fuzzer's lines of ``refmodel check``: a short run on the right machine, and one that must find something."""

import importlib.util
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from fuzz.campaigns.campaign import run_campaign
from fuzz.campaigns.plan import Plan
from refmodel.rows import Row
from refmodel.unusable import Unusable

__all__ = ["checked"]

_SECONDS = 8.0
_WRONG = "no-flush"


def checked() -> Iterator[Row]:
    """Nothing on the right machine; the stale TLB entry in the wrong one. What must not be there is kept."""
    if importlib.util.find_spec("atheris") is None:
        yield Row("fuzz", "shadow paging", "SKIPPED: atheris is not installed here", "CI" not in os.environ, 0.0)
        return
    for variant in (None, _WRONG):
        folder, began, kept = Path(tempfile.mkdtemp(prefix="refmodel-fuzz-")), time.perf_counter(), False
        try:
            summary = run_campaign(Plan(folder, variant=variant, seconds=_SECONDS))
            kept = summary.found > 0 and variant is None
        except Unusable:  # it names the log
            kept = True
            raise
        finally:
            if not kept:
                shutil.rmtree(folder, ignore_errors=True)
        result = f"{'a finding' if summary.found else 'nothing found'} in {summary.runs:,} runs"
        if kept:
            result += "".join(f"; {finding}" for finding in (*summary.findings, *summary.unwritten))
        what = f"wrong variant {variant}" if variant else "shadow paging, any interleaving"
        as_must_be = (summary.found > 0) == (variant is not None)
        ok = as_must_be and summary.runs > 0  # that no run found anything says nothing
        yield Row("fuzz", what, result, ok, time.perf_counter() - began)
