"""What the tests of the lab need: a QEMU and a gcc. CI installs both, and fails where they are missing."""

import os
import shutil

import pytest

MISSING = [name for name in ("qemu-system-x86_64", "gcc") if shutil.which(name) is None]
needs_qemu = pytest.mark.skipif(
    bool(MISSING) and "CI" not in os.environ, reason=f"{' and '.join(MISSING) or 'nothing'} not installed here"
)
