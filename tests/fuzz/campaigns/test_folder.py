import errno
import os
from pathlib import Path

import orjson
import pytest
from attrs import evolve

from fuzz.campaigns import folder as folders
from fuzz.campaigns import found as findings
from fuzz.campaigns.folder import opened
from fuzz.campaigns.found import Reported
from fuzz.campaigns.plan import Plan
from fuzz.campaigns.process import begun
from fuzz.campaigns.store import name_of, write_atomically
from refmodel.unusable import Unusable

FOUND = Reported("finding", "a rule", "a key", "what happened", b"input")


def test_a_campaign_is_written_down_and_gone_on_with(tmp_path: Path) -> None:
    with opened(Plan(tmp_path, variant="no-flush", seed=7)) as folder:
        folder.statistics.runs = 12
        folder.statistics.add_states([1, 2, 2])
        folder.findings.add(FOUND)
        folder.save()
    with opened(Plan(tmp_path, resume=True)) as folder:
        assert (folder.identity.target, folder.identity.machine) == ("machine", "bare")
        assert (folder.identity.variant, folder.identity.seed) == ("no-flush", 7)
        assert (folder.statistics.runs, folder.statistics.states, folder.statistics.sessions) == (12, 2, 2)
        assert list(folder.findings.paths) == ["a key"]
        assert folder.findings.add(FOUND) is False
        folder.statistics.add_states([2, 3])
        assert folder.statistics.states == 3
        assert len(folder.names) == 64  # the seeds


@pytest.mark.parametrize(
    "more",
    [{"machine": "bare+grants"}, {"variant": "mark-dropped"}, {"target": "events"}, {"seed": 2}, {"judge": "guest"}],
)
def test_to_go_on_with_another_campaign_is_unusable(tmp_path: Path, more: dict[str, object]) -> None:
    with opened(Plan(tmp_path, variant="no-flush")):
        pass
    name = next(iter(more))
    with pytest.raises(Unusable, match=f"{name}: .*is asked for"), opened(Plan(tmp_path, resume=True, **more)):  # type: ignore[arg-type]
        pass


def test_a_folder_with_a_campaign_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    with opened(Plan(tmp_path, resume=True)):  # there is none yet: it begins
        pass
    with pytest.raises(Unusable, match="a campaign in it already; expected --resume"), opened(Plan(tmp_path)):
        pass


def test_a_campaign_is_run_by_one_process_at_a_time(tmp_path: Path) -> None:
    with opened(Plan(tmp_path)):
        with pytest.raises(Unusable, match="another process"), opened(Plan(tmp_path, resume=True)):
            pass
        assert (tmp_path / "workers").exists()


@pytest.mark.parametrize(
    ("plan", "expected"),
    [({"target": "machin"}, "'machine'"), ({"target": "events", "machine": "bare"}, "none: it reads files"),
     ({"variant": "no-flsh"}, "'no-flush'")],
)  # fmt: skip
def test_what_there_is_not_is_unusable_and_begins_no_campaign(
    tmp_path: Path, plan: dict[str, object], expected: str
) -> None:
    with pytest.raises(Unusable, match=expected), opened(Plan(tmp_path, **plan)):  # type: ignore[arg-type]
        pass
    assert not (tmp_path / "campaign.json").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [("campaign.json", b"{"), ("campaign.json", b'{"format": "refmodel-campaign", "version": 2}'),
     ("campaign.json", b'{"format": "refmodel-campaign", "version": 1, "seed": 1}'),
     ("statistics.json", b"[]"), ("statistics.json", b'{"format": "refmodel-campaign-statistics", "version": 1}')],
)  # fmt: skip
def test_files_that_are_no_campaigns_are_unusable_and_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Unusable, match=name), opened(Plan(tmp_path, resume=True)):
        pass


def test_unreadable_and_damaged_inputs_are_told_and_the_campaign_begins_with_the_rest(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "mine").write_bytes(b"one")
    (corpus / name_of(b"two")).write_bytes(b"tw")
    (corpus / name_of(b"three")).mkdir()
    (corpus / "gone").symlink_to(tmp_path / "nowhere")
    (corpus / ".draft.1.part").write_bytes(b"dra")
    os.mkfifo(corpus / "pipe")
    (corpus / name_of(b"zeros")).symlink_to("/dev/zero")
    with (corpus / "long").open("wb") as long:
        long.truncate(1 << 30)
    with opened(Plan(tmp_path)) as folder:
        assert folder.names == {name_of(b"one"), name_of(b"tw")}
        assert folder.corpus.names() - {name_of(b"three"), name_of(b"zeros")} == folder.names
        with pytest.raises(Unusable, match="Not a file"):
            folder.corpus.get(name_of(b"zeros"))
        assert sorted(warning.partition(": ")[2] for warning in folder.warnings) == [
            "File too large; it is left out",
            "Is a directory; it is left out",
            "No such file or directory; it is left out",
            "Not a file; it is left out",
            "Not a file; it is left out",
            f"damaged; it is kept as {name_of(b'tw')}, which its content is",
        ]
        assert not list(corpus.glob(".*"))


def test_a_finding_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with opened(Plan(tmp_path)):
        pass
    (tmp_path / "findings" / "half.json").write_bytes(b'{"for')
    (tmp_path / "findings" / "nowhere.json").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "findings" / "pipe.json")
    with opened(Plan(tmp_path, resume=True)) as folder:
        for name in ("half.json", "nowhere.json", "pipe.json"):
            assert any(name in warning for warning in folder.warnings)
        assert folder.findings.paths == {}


def test_what_a_killed_session_left_with_its_workers_is_brought_in(tmp_path: Path) -> None:
    left = tmp_path / "workers" / "0" / "corpus"
    left.mkdir(parents=True)
    (left / name_of(b"whole")).write_bytes(b"whole")
    (left / name_of(b"torn")).write_bytes(b"to")
    with opened(Plan(tmp_path)) as folder:
        assert folder.names == {name_of(b"whole")}


def _full(path: Path, data: bytes, force: bool = True) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_on_a_full_disk_it_goes_on_and_what_waits_is_written_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(Plan(tmp_path)) as folder:
        _fill(monkeypatch, _full)
        assert folder.keep(b"new") is None
        with folder.going_on("it is full"):
            folder.findings.add(FOUND)
        folder.save()
        assert folder.findings.paths == {}
        assert list(folder.findings.unwritten) == ["a key"]
        assert all("No space left on device" in warning for warning in folder.warnings)
        assert len(folder.warnings) == 4
        _fill(monkeypatch, write_atomically)
        folder.save()
        assert folder.findings.unwritten == {}
        [path] = folder.findings.paths.values()
        assert orjson.loads(path.read_bytes())["message"] == "what happened"
        assert folder.keep(b"new") == name_of(b"new")


def _fill(monkeypatch: pytest.MonkeyPatch, write: object) -> None:
    monkeypatch.setattr(folders, "write_atomically", write)
    monkeypatch.setattr(findings, "write_atomically", write)
    monkeypatch.setattr("fuzz.campaigns.statistics.write_atomically", write)


def test_no_file_is_a_folder_is_a_campaign(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unusable, match="a folder that can be written"), opened(Plan(tmp_path / "file")):
        pass


def test_an_input_is_kept_once(tmp_path: Path) -> None:
    with opened(Plan(tmp_path)) as folder:
        assert folder.keep(b"new") == name_of(b"new")
        assert folder.keep(b"new") is None
        assert name_of(b"new") in folder.corpus.names()


def test_an_input_that_no_worker_survives_never_comes_back_into_the_corpus(tmp_path: Path) -> None:
    with opened(Plan(tmp_path)) as folder:
        folder.keep(b"input")
        folder.discard(name_of(b"input"))
        assert folder.keep(b"input") is None
        folder.findings.add(evolve(FOUND, kind="crash"))
    (tmp_path / "corpus" / "again").write_bytes(b"input")
    with opened(Plan(tmp_path, resume=True)) as folder:
        assert folder.keep(b"input") is None
        assert name_of(b"input") not in folder.corpus.names() | folder.names


def test_a_file_that_somebody_writes_into_the_corpus_is_not_taken_before_it_is_whole(tmp_path: Path) -> None:
    with opened(Plan(tmp_path)) as folder:
        (tmp_path / "corpus" / "theirs").write_bytes(b"beginn")
        assert folder.look(patience=1e9) == []
        (tmp_path / "corpus" / "theirs").write_bytes(b"beginning")
        assert folder.look() == [name_of(b"beginning")]
        assert not (tmp_path / "corpus" / "theirs").exists()
        assert folder.corpus.put(b"at once") in folder.look(patience=1e9)


def test_nor_is_one_in_place_of_the_lock(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    os.mkfifo(tmp_path / "log" / "lock")
    with pytest.raises(Unusable, match="a folder that can be written"), opened(Plan(tmp_path)):
        pass


def test_nor_one_in_place_of_a_workers_log(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.log")
    with opened(Plan(tmp_path)) as folder, pytest.raises(OSError, match=r"a\.log"):
        begun(folder.workers / "0", tmp_path / "a.log", folder.identity, (), 1.0, folder.corpus.folder)


@pytest.mark.parametrize("name", ["campaign.json", "statistics.json"])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path, name: str) -> None:
    with opened(Plan(tmp_path)):
        pass
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(Unusable, match="Not a file"), opened(Plan(tmp_path, resume=True)):
        pass
