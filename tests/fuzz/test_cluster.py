"""Several machines: the store where they meet, slices, and a real scheduler with workers of which one is killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from click.testing import CliRunner
from distributed import LocalCluster, SchedulerPlugin

from fuzz.campaigns.folder import opened
from fuzz.campaigns.plan import Plan, Summary
from fuzz.campaigns.store import FolderStore, merge, name_of
from fuzz.cluster.bundle import bundles, taken
from fuzz.cluster.campaign import run_on_cluster
from fuzz.cluster.slice import Slice, fuzzed
from fuzz.cluster.store import Shared
from fuzz.command import fuzz
from refmodel.unusable import Unusable

SCHEDULES = Path(__file__).parents[1] / "schedules" / "variants"


@pytest.fixture(params=["memory", "folder"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Shared:
    return Shared.at(f"memory://{uuid4().hex}" if request.param == "memory" else str(tmp_path / "store"))


def test_an_input_that_two_put_is_there_once_and_is_read_again(shared: Shared) -> None:
    assert shared.corpus.names() == set()
    names = {shared.corpus.put(data) for data in (b"one", b"two", b"one", b"")}
    assert shared.corpus.names() == names == {name_of(b"one"), name_of(b"two"), name_of(b"")}
    assert shared.corpus.get(name_of(b"two")) == b"two"
    with pytest.raises(Unusable):
        shared.corpus.get(name_of(b"three"))


def test_corpora_merge_without_loss_or_duplicates(shared: Shared, tmp_path: Path) -> None:
    folders = [FolderStore(tmp_path / name) for name in "abc"]
    for number, folder in enumerate(folders):
        folder.folder.mkdir()
        for each in range(number * 5, number * 5 + 10):
            folder.put(b"input %d" % each)
    for folder in folders * 2:
        merge(shared.corpus, folder)
        merge(folder, shared.corpus)
    every = {name_of(b"input %d" % each) for each in range(20)}
    assert shared.corpus.names() == every
    assert all(folder.names() == every for folder in folders)
    assert len(shared.fs.ls(shared.corpus.root, detail=False)) == 20


def test_an_object_that_is_damaged_is_told_and_left_out(shared: Shared, tmp_path: Path) -> None:
    name = shared.corpus.put(b"whole")
    shared.fs.pipe_file(f"{shared.corpus.root}/{name}", b"who")
    shared.fs.pipe_file(f"{shared.corpus.root}/.{name}.1.part", b"who")
    [error] = merge(FolderStore(tmp_path), shared.corpus).errors
    assert "not what its name says" in str(error)
    assert FolderStore(tmp_path).names() == set()


def test_a_store_is_of_one_campaign(shared: Shared) -> None:
    with pytest.raises(Unusable, match="every worker reaches"):
        shared.check(b"one")
    shared.begin(b"one")
    shared.begin(b"one")
    with pytest.raises(Unusable, match="it is of one"):
        shared.begin(b"two")
    assert not shared.is_stopped("x")
    shared.stop("x")
    assert shared.is_stopped("x")


def test_a_store_that_nobody_knows_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="nonsense"):
        Shared.at("nonsense://x")
    (tmp_path / "file").write_text("")
    with pytest.raises(Unusable, match="can be written"):
        Shared.at(str(tmp_path / "file" / "below")).begin(b"one")


def test_a_finding_travels_with_its_files_and_counts_once(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    schedule = (SCHEDULES / "no-flush.json").read_bytes()
    (there / "no-flush.json").write_bytes(schedule)
    beside = {"format": "refmodel-fuzz-finding", "version": 1, "kind": "timeout", "rule": "slow", "key": "slow x",
              "input": "seed-timeout", "sha1": name_of(b"in")}  # fmt: skip
    (there / "seed-timeout.json").write_bytes(orjson.dumps(beside))
    (there / "seed-timeout").write_bytes(b"in")
    packed = list(bundles(there))
    with opened(Plan(tmp_path / "here")) as folder:
        assert [taken(folder, bundle) for bundle in packed] == [True, True]
        assert [taken(folder, bundle) for bundle in packed] == [False, False]
        assert folder.findings.deadly == {name_of(b"in")}
        with pytest.raises(Unusable):
            taken(folder, b"not JSON")
    findings = tmp_path / "here" / "findings"
    assert {path.name for path in findings.iterdir()} == {"no-flush.json", "seed-timeout.json", "seed-timeout"}
    assert (findings / "no-flush.json").read_bytes() == schedule
    assert list(bundles(findings)) == packed


def a_slice(store: str, **more: Any) -> Slice:
    fields = {"store": store, "identity": b"it", "session": "s", "number": 1, "target": "machine", "machine": "bare",
              "variant": None, "feedback": "", "judge": "", "seed": 1, "seconds": 30.0, "runs": 150, "timeout": 60.0,
              "every": 0.5, **more}  # fmt: skip
    return Slice(**fields)


@pytest.mark.usefixtures("atheris")
def test_a_slice_goes_on_from_the_store_and_leaves_there_what_is_new(tmp_path: Path) -> None:
    shared = Shared.at(str(tmp_path))
    assert "every worker reaches" in str(Unusable(*(fuzzed(a_slice(str(tmp_path))).unusable or ("", "", ""))))
    shared.begin(b"it")
    before = shared.corpus.put(b"\0\2" + bytes(range(60)))
    done = fuzzed(a_slice(str(tmp_path)))
    assert done.unusable is None
    assert done.runs >= 150
    assert before in shared.corpus.names()
    assert len(shared.corpus.names()) > 20
    assert any(done.met)
    assert fuzzed(a_slice(str(tmp_path), variant="cpu-keeps-root", runs=100)).unusable is None
    assert shared.findings.names()
    shared.stop("s")
    assert fuzzed(a_slice(str(tmp_path), seconds=600.0, runs=None)).unusable is None


def test_a_cluster_needs_a_store_and_an_address_that_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(fuzz, ["--cluster", "tcp://127.0.0.1:1"])
    assert result.exit_code == 2
    assert "--store" in result.stderr
    monkeypatch.setattr("fuzz.cluster.campaign._PATIENCE", 0.5)
    arguments = ["--cluster", "tcp://127.0.0.1:1", "--store", str(tmp_path / "s"), "--corpus", str(tmp_path / "c")]
    error = CliRunner().invoke(fuzz, arguments).exception
    assert isinstance(error, Unusable)
    assert "a Dask scheduler" in str(error)


@contextlib.contextmanager
def a_cluster(folder: Path, workers: int) -> "Iterator[tuple[str, list[subprocess.Popen[bytes]]]]":
    """The address of a scheduler; it, and workers, each a process of its own, on this machine alone."""
    place = folder / "scheduler.json"
    started: list[subprocess.Popen[bytes]] = []
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    def start(*arguments: str) -> "subprocess.Popen[bytes]":
        with (folder / f"{len(started)}.log").open("wb") as log:
            command = [sys.executable, "-m", *arguments]
            started.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment))
        return started[-1]

    try:
        start(
            "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
            "--scheduler-file", str(place),
        )  # fmt: skip
        until = time.monotonic() + 60
        while not place.exists() or not place.read_bytes():
            assert time.monotonic() < until
            time.sleep(0.05)
        address = orjson.loads(place.read_bytes())["address"]
        for _ in range(workers):
            start(
                "distributed.cli.dask_worker", address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny",
                "--no-dashboard", "--local-directory", str(folder),
            )  # fmt: skip
        yield address, started
    finally:
        for process in started:
            process.kill()
            process.wait()


def is_whole(store: Path, campaign: Path) -> set[str]:
    """Every input is there under the name of its content, in the store as here; the names."""
    names = {path.name for path in (store / "corpus").iterdir()}
    assert names == {path.name for path in (campaign / "corpus").iterdir()}
    for path in (*(store / "corpus").iterdir(), *(campaign / "corpus").iterdir()):
        assert name_of(path.read_bytes()) == path.name
    return names


class _MostAtOnce(SchedulerPlugin):  # type: ignore[misc]  # distributed has no types
    """How many tasks workers had at once, at most: the scheduler tells of each that begins or ends."""

    def __init__(self) -> None:
        self.now: set[str] = set()
        self.most = 0

    def transition(self, key: Any, start: Any, finish: Any, *args: Any, **kwargs: Any) -> None:
        """A task goes from one state to another."""
        (self.now.add if finish == "processing" else self.now.discard)(key)
        self.most = max(self.most, len(self.now))


@pytest.mark.usefixtures("atheris")
@pytest.mark.filterwarnings("default")
def test_no_more_workers_are_used_at_once_than_are_asked_for(tmp_path: Path) -> None:
    url, at_once = f"memory://{uuid4().hex}", _MostAtOnce()
    with LocalCluster(n_workers=3, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        cluster.scheduler.add_plugin(at_once)
        arguments = ["--runs", "60", "--workers", "2", "--corpus", str(tmp_path / "campaign"), "--json"]
        arguments += ["--cluster", cluster.scheduler_address, "--store", url]
        result = CliRunner().invoke(fuzz, arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    assert orjson.loads(result.stdout)["workers"] == 2
    assert 1 <= at_once.most <= 2


@pytest.mark.usefixtures("atheris")
@pytest.mark.filterwarnings("default")
def test_workers_in_one_process_meet_in_its_memory(tmp_path: Path) -> None:
    url = f"memory://{uuid4().hex}"
    plan = Plan(tmp_path / "campaign", variant="cpu-keeps-root")
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        summary = run_on_cluster(plan, cluster.scheduler_address, url, every=0.5)
    assert summary.new >= 1
    assert summary.workers == 2
    assert {path.name for path in (tmp_path / "campaign" / "corpus").iterdir()} == Shared.at(url).corpus.names()


@pytest.mark.slow
@pytest.mark.usefixtures("atheris")
@pytest.mark.filterwarnings("default")
def test_a_cluster_of_one_worker_finds_what_is_wrong(tmp_path: Path) -> None:
    with a_cluster(tmp_path, 1) as (address, _):
        arguments = ["--variant", "cpu-keeps-root", "--time", "60s", "--cluster", address, "--json"]
        arguments += ["--store", str(tmp_path / "store"), "--corpus", str(tmp_path / "campaign")]
        result = CliRunner().invoke(fuzz, arguments)
    assert result.exit_code == 1, (result.output, result.exception)
    summary = orjson.loads(result.stdout)
    assert summary["findings"]
    assert summary["runs"] > 0
    is_whole(tmp_path / "store", tmp_path / "campaign")


@pytest.mark.slow
@pytest.mark.usefixtures("atheris")
@pytest.mark.filterwarnings("default")
def test_where_the_scheduler_goes_what_has_been_found_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.cluster.campaign._GRACE", 1.0)
    with a_cluster(tmp_path, 1) as (address, [scheduler, _]):

        def kill(summary: Summary) -> None:
            if summary.corpus > 64:
                scheduler.kill()

        with pytest.raises(Unusable, match=f"--cluster {address}: .*a Dask scheduler that stays"):
            run_on_cluster(
                Plan(tmp_path / "campaign", seconds=300.0), address, str(tmp_path / "store"), kill, every=1.0
            )
    assert is_whole(tmp_path / "store", tmp_path / "campaign")


@pytest.mark.slow
@pytest.mark.usefixtures("atheris")
@pytest.mark.filterwarnings("default")
def test_of_two_workers_one_is_killed_and_nothing_is_lost(tmp_path: Path) -> None:
    killed: dict[str, set[str]] = {}
    told: list[Summary] = []
    store = tmp_path / "store"

    with a_cluster(tmp_path, 2) as (address, [_, worker, _]):

        def kill(summary: Summary) -> None:
            told.append(summary)
            if not killed and summary.workers == 2 and summary.corpus > 100 and summary.seconds > 8:
                killed["before"] = {path.name for path in (store / "corpus").iterdir()}
                worker.send_signal(signal.SIGKILL)
                worker.wait()

        plan = Plan(tmp_path / "campaign", "bare", seconds=40.0, keep_going=True)
        summary = run_on_cluster(plan, address, str(store), kill, slice_seconds=8.0, every=1.0)
        assert killed["before"]
        names = is_whole(store, tmp_path / "campaign")
        assert killed["before"] <= names
        assert len(names) > len(killed["before"])
        assert summary.runs > 200
        assert told[-1].workers == 1
        assert summary.findings == ()
        again = Plan(tmp_path / "campaign", "bare", seconds=10.0, resume=True, keep_going=True)
        assert run_on_cluster(again, address, str(store), slice_seconds=5.0, every=1.0).runs > summary.runs
        assert names <= is_whole(store, tmp_path / "campaign")
    left = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True, check=False).stdout
    assert left == ""
