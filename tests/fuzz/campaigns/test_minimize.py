"""A corpus is made small without losing a feature; what nothing is known of stays."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from fuzz.campaigns import minimize as minimizing
from fuzz.campaigns.folder import opened
from fuzz.campaigns.found import Reported
from fuzz.campaigns.minimize import minimize
from fuzz.campaigns.plan import Plan
from fuzz.campaigns.store import name_of
from fuzz.decode import HEAD, RECORD
from fuzz.guidance import Guide
from fuzz.mutate import seeds
from refmodel.unusable import Unusable
from tests.fuzz.drawn import runner

Target = Callable[..., None]
TIMEOUT = 5.0


def campaign(path: Path, inputs: list[bytes], target: str = "told", variant: str | None = None) -> None:
    """A campaign with these inputs, and no others, and one finding."""
    with opened(Plan(path, target=target, variant=variant)) as folder:
        for name in set(folder.names):
            folder.corpus.folder.joinpath(name).unlink()
            folder.names.discard(name)
        for data in inputs:
            folder.keep(data)
        folder.findings.add(Reported("finding", "a rule", "a key", "what happened", b"input"))
        folder.save()


def corpus(path: Path) -> set[bytes]:
    return {each.read_bytes() for each in (path / "corpus").iterdir()}


def files(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.iterdir()}


@pytest.mark.usefixtures("atheris")
def test_of_each_feature_the_shortest_input_stays_and_all_else_of_the_campaign(tmp_path: Path, target: Target) -> None:
    target()
    path = tmp_path / "of a name with blanks"
    campaign(path, [b"a", b"ab", b"bcd", b"bcde", b"c1", b"a123456", b"c12"])
    before = files(path / "findings")
    assert minimize(path, TIMEOUT) == (7, 3)
    assert corpus(path) == {b"a", b"bcd", b"c1"}
    assert files(path / "findings") == before != {}
    with opened(Plan(path, resume=True)) as folder:
        assert folder.statistics.sessions == 2  # to minimise was none
        assert len(folder.names) == 3
    assert minimize(path, TIMEOUT) == (3, 3)


@pytest.mark.usefixtures("atheris")
@pytest.mark.parametrize("variant", [None, "no-flush"])
def test_no_feature_of_a_machine_is_lost_nor_got_longer(tmp_path: Path, variant: str | None) -> None:
    """Also where inputs are findings, as many of the variant's are."""

    def shortest() -> dict[int, int]:
        atheris = SimpleNamespace(_reserve_counter=iter(range(1 << 17)).__next__, _trace_branch=lambda number: None)
        guide, found = Guide(atheris, runner(variant, on="" if variant else "seed")), dict[int, int]()
        for data in corpus(tmp_path):
            for number in {feature % guide._many for feature in guide.follow(data)[1]}:
                found[number] = min(found.get(number, 1 << 20), len(data))
        return found

    chance, whole = Random(1), seeds(3, 12)
    cut = [data[: HEAD + RECORD * chance.randrange(1, 60)] for data in whole for _ in range(6)]
    campaign(tmp_path, [*whole, *cut], "machine", variant)
    before = shortest()
    had, has = minimize(tmp_path, TIMEOUT)
    assert has < had == len({*whole, *cut})
    assert shortest() == before


@pytest.mark.usefixtures("atheris")
def test_what_nothing_is_known_of_stays(tmp_path: Path, target: Target) -> None:
    target("if data[:1] == b'k': os.abort()")
    path = tmp_path / "c"
    campaign(path, [b"a", b"ab", b"k", b"kk"])
    damaged = path / "corpus" / name_of(b"what it was")
    damaged.write_bytes(b"ac")
    with pytest.MonkeyPatch.context() as patched:  # it is damaged after it has been looked at
        patched.setattr(
            "fuzz.campaigns.folder.Folder.look",
            lambda self: self.names.update(p.name for p in damaged.parent.iterdir()),
        )
        assert minimize(path, TIMEOUT) == (5, 4)
    assert corpus(path) == {b"a", b"k", b"kk", b"ac"}


@pytest.mark.usefixtures("atheris")
def test_nothing_is_taken_out_where_the_merge_fails(tmp_path: Path, target: Target) -> None:
    target(setup="sys.exit(3)")
    path = tmp_path / "c"
    campaign(path, [b"a", b"ab"])
    with pytest.raises(Unusable, match=r"minimize\.log: .*merge ended with 3; nothing is taken out"):
        minimize(path, TIMEOUT)
    assert corpus(path) == {b"a", b"ab"}


@pytest.mark.usefixtures("atheris")
def test_killed_at_any_moment_it_has_lost_no_feature(
    tmp_path: Path, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    target()
    inputs = [first + rest for first in (b"a", b"b", b"c") for rest in (b"", b"1", b"12")]
    for at in range(1, 7):
        path, gone, real = tmp_path / str(at), list[Path](), Path.unlink

        def unlink(self: Path, missing_ok: bool = False, gone: list[Path] = gone, at: int = at) -> None:
            if self.parent.name == "corpus" and self.parents[1].name == str(at):
                gone.append(self)
                if len(gone) == at:
                    raise KeyboardInterrupt
            Path.__dict__["_real"](self, missing_ok)

        campaign(path, inputs)
        with monkeypatch.context() as patched:
            patched.setattr(Path, "_real", real, raising=False)
            patched.setattr(Path, "unlink", unlink)
            with pytest.raises(KeyboardInterrupt):
                minimize(path, TIMEOUT)
        assert corpus(path) >= {b"a", b"b", b"c"}
        assert len(corpus(path)) == 10 - at


def test_where_there_is_no_campaign_none_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minimizing, "needs_atheris", lambda: None)
    with pytest.raises(Unusable, match="there is no campaign in it"):
        minimize(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("atheris")
def test_the_machine_of_a_file_is_named_from_where_the_command_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = "from refmodel.compose import compose\nclass Mine(compose('bare+grants')): pass\n"
    (tmp_path / "mine.py").write_text(made)
    with opened(Plan(tmp_path / "campaign", machine="mine.py:Mine")):
        pass
    before, after = minimize(tmp_path / "campaign", TIMEOUT)
    assert before == 64
    assert 0 < after < before
