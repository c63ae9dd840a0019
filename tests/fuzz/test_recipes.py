"""The recipes for CI: what they run is what ``refmodel fuzz`` takes, and leaves what they keep."""

import importlib
import json
import os
import re
import shlex
import subprocess
import sys
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from fuzz.campaigns.identity import settled
from fuzz.campaigns.plan import Plan
from fuzz.command import fuzz

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "fuzzing.md").read_text()
yaml: Any = importlib.import_module("yaml")


def workflow(name: str) -> Any:
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def step(name: str) -> str:
    [found] = [each["run"] for each in workflow("fuzz")["jobs"]["fuzz"]["steps"] if each.get("name") == name]
    return str(found)


def ran(script: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = ["bash", "-eo", "pipefail", "-c", script]
    given = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=120, check=False)


def is_taken(arguments: list[str], folder: Path) -> dict[str, Any]:
    """The options that the command makes of the arguments; refused if there is no such machine, variant or target."""
    given = dict(fuzz.make_context("fuzz", arguments).params)
    names = ("machine", "variant", "target")
    settled(Plan(folder, **{name: given[name] for name in names}))
    return given


def with_a_command(folder: Path, script: str) -> Path:
    path = folder / ".venv" / "bin" / "refmodel"
    path.parent.mkdir(parents=True)
    path.write_text(script)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("quick", "time", "seconds"), [("true", "", 60), ("false", "", 3600), ("true", "10m", 600), ("false", "2h", 7200)]
)
def test_the_workflow_is_short_on_a_pull_request_and_long_at_night(
    quick: str, time: str, seconds: int, tmp_path: Path
) -> None:
    with_a_command(tmp_path, "#!/bin/sh\nshift\nprintf '%s\\n' \"$@\" >arguments\n")
    done = ran(step("Fuzz"), tmp_path, CAMPAIGN="--machine xen", TIME=time, SEED="7", IS_QUICK=quick)
    assert done.returncode == 0, done.stderr
    given = is_taken((tmp_path / "arguments").read_text().split("\n")[:-1], tmp_path)
    assert (given["machine"], given["seconds"], given["seed"]) == ("xen", seconds, 7)
    assert given["keep_going"]
    assert given["resume"]


@pytest.mark.usefixtures("atheris")
def test_the_workflows_command_keeps_what_it_caches_and_uploads(tmp_path: Path) -> None:
    with_a_command(tmp_path, f"#!/bin/sh\nexec {sys.executable} -c 'from refmodel.cli import main; main()' \"$@\"\n")
    campaign = "--variant cpu-keeps-root"
    done = ran(step("Fuzz"), tmp_path, CAMPAIGN=campaign, TIME="3s", SEED="1", IS_QUICK="true")
    assert done.returncode == 1, done.stderr
    kept = [each for each in workflow("fuzz")["jobs"]["fuzz"]["steps"] if "path" in each.get("with", {})]
    for path in {path for each in kept for path in each["with"]["path"].split()}:
        assert (tmp_path / path).exists(), path
    assert list((tmp_path / "campaign" / "findings").glob("*.json"))
    had = len(list((tmp_path / "campaign" / "corpus").iterdir()))
    done = ran(step("Keep of the corpus what is needed"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert 0 < len(list((tmp_path / "campaign" / "corpus").iterdir())) < had


def test_a_corpus_is_named_after_its_campaign(tmp_path: Path) -> None:
    names = set()
    for campaign in ("--machine xen", "--machine models/mine.py:Mine", "--machine xen --variant x"):
        assert ran(step("Name the campaign"), tmp_path, CAMPAIGN=campaign, GITHUB_OUTPUT="out").returncode == 0
        names.add((tmp_path / "out").read_text().split("\n")[-2])
    assert names == {"slug=machine-xen", "slug=machine-models-mine-py-Mine", "slug=machine-xen-variant-x"}


def test_no_campaign_is_given_the_corpus_of_another(tmp_path: Path) -> None:
    """A key that only begins as it should is taken too: that of xen must not begin that of xen-2005."""
    [restored] = [
        each["with"] for each in workflow("fuzz")["jobs"]["fuzz"]["steps"] if "restore-keys" in each.get("with", {})
    ]
    slugs = set[str]()
    for name in ("ci", "nightly"):
        for campaign in json.loads(workflow(name)["jobs"]["fuzz"]["with"]["campaigns"]):
            assert ran(step("Name the campaign"), tmp_path, CAMPAIGN=campaign, GITHUB_OUTPUT="out").returncode == 0
            slugs.add((tmp_path / "out").read_text().split("\n")[-2].removeprefix("slug="))
    assert {"machine-xen", "machine-xen-2005"} <= slugs
    for one, other in permutations(slugs, 2):
        key, begins = (
            restored[what].replace("${{ steps.campaign.outputs.slug }}", slug)
            for what, slug in (("key", other), ("restore-keys", one))
        )
        assert not key.startswith(begins)


@pytest.mark.parametrize("name", ["ci", "nightly"])
def test_the_projects_own_ci_calls_the_same_workflow(name: str, tmp_path: Path) -> None:
    job = workflow(name)["jobs"]["fuzz"]
    assert job["uses"] == "./.github/workflows/fuzz.yml"
    inputs = workflow("fuzz")[True]["workflow_call"]["inputs"]  # "on" is true to YAML
    assert set(job["with"]) <= set(inputs)
    for number, campaign in enumerate(json.loads(job["with"]["campaigns"])):
        (tmp_path / str(number)).mkdir()
        is_taken(shlex.split(campaign), tmp_path / str(number))


def test_the_page_calls_the_workflow_as_it_can_be_called() -> None:
    [github, gitlab] = [yaml.safe_load(block) for block in blocks("yaml")]
    job = github["jobs"]["fuzz"]
    assert job["uses"].partition("@")[0].endswith("/.github/workflows/fuzz.yml")
    assert set(job["with"]) <= set(workflow("fuzz")[True]["workflow_call"]["inputs"])
    assert json.loads(job["with"]["campaigns"])
    [by_pip] = [line for line in gitlab["fuzz"]["script"] if line.startswith("pip install ")]
    wanted = Requirement(job["with"]["install"])  # one word: the workflow takes what stands between blanks as several
    assert shlex.split(by_pip)[2:] == job["with"]["install"].split() == [job["with"]["install"]]
    assert (wanted.name, wanted.extras) == ("refmodel", {"fuzz"})
    assert wanted.url is not None
    assert wanted.url.startswith("git+")
    assert gitlab["fuzz"]["cache"]["paths"] == ["campaign/corpus"]


def test_every_command_of_the_page_is_one(tmp_path: Path) -> None:
    lines = [line for line in PAGE.split("\n") if "refmodel fuzz " in line and "--" in line and "`" not in line]
    [small] = [line for line in lines if "--minimize" in line]
    assert small in blocks("yaml")[1].split("\n")
    lines.remove(small)
    assert len(lines) == 4
    for line in lines:
        said = line.partition("refmodel fuzz ")[2].partition(" >")[0]
        for name, value in (("$CAMPAIGN", "--machine seed"), ("$TIME", "60s"), ("$SEED", "1"), ("$(nproc)", "2")):
            said = said.replace(name, value)
        assert fuzz.make_context("fuzz", shlex.split(said)).params["keep_going"]


@pytest.mark.usefixtures("atheris")
def test_a_target_for_oss_fuzz_takes_libfuzzers_arguments_alone(tmp_path: Path) -> None:
    [target] = blocks("python")
    (tmp_path / "fuzz_xen.py").write_text(target)
    done = ran(f"{sys.executable} fuzz_xen.py -runs=20 -seed=1", tmp_path)
    assert done.returncode == 0, done.stderr[-1000:]
    assert "Done 20 runs" in done.stderr
