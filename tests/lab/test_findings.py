"""What `docs/findings` says can be repeated: its commands are the lab's."""

import re
from pathlib import Path

from refmodel.lab.scenarios import SCENARIOS

FINDINGS = Path(__file__).parents[2] / "docs" / "findings"


def test_every_finding_names_scenarios_that_there_are() -> None:
    for path in FINDINGS.glob("*.md"):
        named = re.findall(r"refmodel lab qemu ([\w-]+)", path.read_text())
        assert named
        assert set(named) <= set(SCENARIOS)
