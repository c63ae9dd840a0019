import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from fuzz.campaigns import campaign as campaigns
from fuzz.campaigns.campaign import run_campaign
from fuzz.campaigns.plan import Plan, Summary
from fuzz.campaigns.store import FolderStore, name_of
from refmodel.unusable import Unusable
from tests.fuzz.campaigns.conftest import Target
from tests.fuzz.campaigns.scripts import written

pytestmark = pytest.mark.usefixtures("atheris")


def plan(tmp_path: Path, **more: object) -> Plan:
    return Plan(tmp_path / "campaign", target="told", **{"seconds": 30.0, **more})  # type: ignore[arg-type]


def workers_of(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, ppid = int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])
            line = (stat.parent / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if ppid == parent and b"fuzz.campaigns.worker" in line:
            found.append(pid)
    return found


def test_a_worker_that_is_killed_is_replaced_and_the_campaign_goes_on(tmp_path: Path, target: Target) -> None:
    target()
    killed: list[int] = []

    def kill(summary: Summary) -> None:
        if summary.runs and not killed:
            killed.extend(workers_of(os.getpid()))
            os.kill(killed[0], signal.SIGKILL)

    summary = run_campaign(plan(tmp_path, runs=1500), kill)
    assert len(killed) == 1
    assert summary.restarts == 1
    assert summary.runs >= 1500
    assert summary.findings == ()
    assert any("status -9" in warning for warning in summary.warnings)


def test_workers_that_end_at_once_over_and_over_end_the_campaign_and_say_why(tmp_path: Path, target: Target) -> None:
    target(setup="sys.exit('refmodel: out of order')")
    with pytest.raises(Unusable, match=r"status 1: refmodel: out of order \(4 times, at once\)"):
        run_campaign(plan(tmp_path))


def test_a_worker_that_finds_its_arguments_unusable_is_not_asked_twice(tmp_path: Path, target: Target) -> None:
    target(setup="print('refmodel: no such thing'); sys.exit(2)")
    with pytest.raises(Unusable, match="status 2: refmodel: no such thing; expected"):
        run_campaign(plan(tmp_path))


@pytest.mark.slow
def test_an_input_that_hangs_is_a_finding_and_its_worker_is_replaced(tmp_path: Path, target: Target) -> None:
    target("spin(data)", "def spin(data):\n    while STATUS.runs > 800 and data: pass")
    summary = run_campaign(plan(tmp_path, timeout=1.0, seconds=8, keep_going=True))
    [path] = summary.findings  # it hangs again after that, at the same place
    fields = orjson.loads(path.read_bytes())
    assert (fields["kind"], fields["key"]) == ("timeout", "timeout told.py:spin")
    data = path.with_name(fields["input"]).read_bytes()
    assert fields["sha1"] == name_of(data)
    assert summary.restarts >= 1
    assert summary.runs > 100


@pytest.mark.slow
def test_a_worker_that_tells_nothing_any_more_is_replaced(
    tmp_path: Path, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "_SILENT", 1.0)
    target()
    stopped: list[int] = []

    def stop(summary: Summary) -> None:
        if summary.runs and not stopped:
            stopped.extend(workers_of(os.getpid()))
            os.kill(stopped[0], signal.SIGSTOP)

    summary = run_campaign(plan(tmp_path, runs=1500, timeout=1.0), stop)
    assert any("told nothing for 2 s" in warning for warning in summary.warnings)
    assert summary.restarts >= 1
    assert summary.runs >= 1500


def test_an_input_that_crashes_its_worker_is_a_finding_and_leaves_the_corpus(tmp_path: Path, target: Target) -> None:
    target("data[:1] == b'x' and os.abort()")
    corpus = tmp_path / "campaign" / "corpus"
    corpus.mkdir(parents=True)
    (corpus / "mine").write_bytes(b"xyz")
    summary = run_campaign(plan(tmp_path))
    [path] = summary.findings
    assert orjson.loads(path.read_bytes())["key"] == "crash told.py:one_input"
    assert path.with_suffix("").read_bytes() == b"xyz"
    assert name_of(b"xyz") not in FolderStore(corpus).names()


def test_an_input_that_takes_too_much_memory_is_a_finding_once_and_its_worker_is_replaced(
    tmp_path: Path, target: Target
) -> None:
    held = "if data[:1] == b'x': held = b'x' * (300 << 20); time.sleep(60)"
    target(held, "sys.argv.append('-rss_limit_mb=200')")
    corpus = tmp_path / "campaign" / "corpus"
    corpus.mkdir(parents=True)
    greedy = {b"xyz", b"xxz"}
    for data in greedy:
        (corpus / data.decode()).write_bytes(data)
    told: list[Summary] = []

    def enough(summary: Summary) -> None:
        told.append(summary)
        if summary.restarts >= 2:
            raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        run_campaign(plan(tmp_path, keep_going=True), enough)
    [path] = told[-1].findings
    fields = orjson.loads(path.read_bytes())
    assert (fields["kind"], fields["key"]) == ("memory", "memory")
    assert "None" not in fields["message"]
    assert path.with_suffix("").read_bytes() in greedy
    assert told[-1].again == told[-1].restarts - 1
    assert told[-1].warnings == ()
    assert not {name_of(data) for data in greedy} & FolderStore(corpus).names()


SHRINKS = """
def shrink(data):
    from fuzz.campaigns.worker import told
    STATUS.tell(draft=told(KeyError("as it was met"), data))
    open({!r}, "w").close()
    while True: pass
"""


@pytest.mark.parametrize("ended", ["by libFuzzer", "by the campaign"])
def test_a_finding_whose_worker_ends_before_it_is_shrunk_is_kept_as_it_was_met(
    tmp_path: Path, target: Target, ended: str
) -> None:
    shrinks, corpus = tmp_path / "it shrinks", tmp_path / "campaign" / "corpus"
    target("data == b'mine' and shrink(data)", SHRINKS.format(str(shrinks)))
    corpus.mkdir(parents=True)
    (corpus / "mine").write_bytes(b"mine")
    told: list[Summary] = []

    def interrupt(summary: Summary) -> None:
        told.append(summary)
        if shrinks.exists() and ended == "by the campaign":
            raise KeyboardInterrupt

    timeout = 1.0 if ended == "by libFuzzer" else 60.0
    with contextlib.suppress(KeyboardInterrupt):
        told.append(run_campaign(plan(tmp_path, keep_going=True, timeout=timeout, runs=500), interrupt))
    [path] = (tmp_path / "campaign" / "findings").glob("*.json")
    assert orjson.loads(path.read_bytes())["message"] == "KeyError: 'as it was met'"
    assert path.with_suffix("").read_bytes() == b"mine"
    if ended == "by libFuzzer":
        assert told[-1].findings == (path,)
        assert any("before a finding was shrunk" in warning for warning in told[-1].warnings)


@pytest.mark.slow
def test_inputs_that_crash_at_the_same_place_over_and_over_do_not_end_the_campaign(
    tmp_path: Path, target: Target
) -> None:
    target("len(data) > 3 and os.abort()")
    summary = run_campaign(plan(tmp_path, seconds=10, keep_going=True))
    assert len(summary.findings) == 1
    assert summary.again >= 4
    assert summary.restarts >= 5


def test_what_a_target_raises_is_a_finding_and_the_worker_goes_on(tmp_path: Path, target: Target) -> None:
    target("if len(data) > 2: raise [KeyError, IndexError][data[0] % 2](str(len(data)))")
    summary = run_campaign(plan(tmp_path, runs=500, keep_going=True))
    assert {orjson.loads(path.read_bytes())["key"] for path in summary.findings} == {
        "KeyError told.py:one_input",
        "IndexError told.py:one_input",
    }
    assert summary.again > 0
    assert summary.restarts == 0
    assert (summary.new, summary.runs >= 500) == (2, True)


def test_what_others_put_into_the_corpus_reaches_the_workers(
    tmp_path: Path, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "_LOOK_EVERY", 0.2)
    target("if data == b'a secret': raise ValueError('told')")

    def put(summary: Summary) -> None:
        if summary.runs:
            FolderStore(tmp_path / "campaign" / "corpus").put(b"a secret")

    summary = run_campaign(plan(tmp_path, workers=2), put)
    [path] = summary.findings
    assert path.with_suffix("").read_bytes() == b"a secret"
    assert summary.warnings == ()


def test_workers_are_given_what_the_others_have_found(tmp_path: Path, target: Target) -> None:
    target()
    both: list[int] = []

    def look(summary: Summary) -> None:
        one, two = (FolderStore(tmp_path / "campaign" / "workers" / n / "corpus").names() for n in "01")
        both.append(len(one & two))

    summary = run_campaign(plan(tmp_path, workers=2, runs=1200), look)
    assert max(both) > 20
    assert summary.runs >= 1200
    assert summary.corpus == len(FolderStore(tmp_path / "campaign" / "corpus").names())
    assert not (tmp_path / "campaign" / "workers").exists()


def test_no_worker_outlives_a_campaign_that_is_interrupted(tmp_path: Path, target: Target) -> None:
    target()

    def interrupt(summary: Summary) -> None:
        if summary.runs:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_campaign(plan(tmp_path, workers=2), interrupt)
    assert workers_of(os.getpid()) == []


@pytest.mark.parametrize("where", [pytest.param("between", marks=pytest.mark.slow), "within"])
def test_no_worker_outlives_a_campaign_that_is_killed(tmp_path: Path, where: str) -> None:
    written(tmp_path / "targets", "told", "if len(data) == 2: time.sleep(60)" if where == "within" else "pass")
    code = (
        "import sys; from pathlib import Path; from fuzz.campaigns import targets\n"
        "from fuzz.campaigns.plan import Plan; from fuzz.campaigns.campaign import run_campaign\n"
        "targets.FOLDER = Path(sys.argv[1]) / 'targets'\n"
        "run_campaign(Plan(Path(sys.argv[1]) / 'campaign', target='told', seconds=60, workers=2), print)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        for _ in range(2):
            assert parent.stdout.readline()
        workers = workers_of(parent.pid)
        parent.kill()
        parent.wait()
    assert len(workers) == 2
    until = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() and not _is_dead(pid) for pid in workers):
        assert time.monotonic() < until, "a worker goes on"
        time.sleep(0.05)


def _is_dead(pid: int) -> bool:
    """Gone, or waiting for whoever takes up orphans."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
