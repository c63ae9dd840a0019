"""What a campaign came to, as JUnit XML: for whatever shows the results of a CI."""

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite
from rich.console import Console, RenderableType

from fuzz.campaigns.plan import Summary
from fuzz.campaigns.report import told
from refmodel.unusable import Unusable

__all__ = ["write_junit"]

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(path: Path, result: Summary | Unusable, name: str) -> None:
    """Write the XML: one case that passes where nothing was found, and one that fails for each finding.

    A campaign that could not go on is one case in error. Unusable where the file cannot be written.
    """
    suite = TestSuite("refmodel fuzz")
    if isinstance(result, Unusable):
        suite.add_testcase(_case(name, 0.0, [Error(_plain(str(result)), "unusable")]))
    else:
        suite.add_property("runs", str(result.runs))
        suite.add_property("states", str(result.states))
        suite.add_property("features", str(result.features))
        for found in result.findings:
            failure = Failure(_within_xml(found.stem), "finding")
            failure.text = _plain(*told(found)[1:])
            suite.add_testcase(_case(f"{name}: {found.stem}", result.seconds, [failure]))
        for number, text in enumerate(result.unwritten):
            failure = Failure("a finding that could not be written", "finding")
            failure.text = _plain(text)
            suite.add_testcase(_case(f"{name}: not written {number}", result.seconds, [failure]))
        if not result.found:
            suite.add_testcase(_case(name, result.seconds, []))
    xml = JUnitXml("refmodel fuzz")
    xml.add_testsuite(suite)
    try:
        xml.write(str(path), pretty=True)
    except OSError as error:
        raise Unusable(str(path), error.strerror or str(error), "a file that can be written") from None


def _plain(*what: RenderableType) -> str:
    """As text of XML, which has no place for most control characters."""
    console = Console(file=StringIO(), width=100, color_system=None, markup=False, highlight=False)
    with console.capture() as capture:
        console.print(*what, sep="\n")
    return _within_xml(capture.get())


def _within_xml(text: str) -> str:
    return _NOT_IN_XML.sub("?", text)


def _case(name: str, seconds: float, result: Sequence[Failure | Error]) -> TestCase:
    case = TestCase(_within_xml(name), "refmodel.fuzz", round(seconds, 3))
    case.result = list(result)
    return case
