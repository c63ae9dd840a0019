from attrs import evolve

from fuzz.campaigns.normal import Known, contract_of, in_normal_order, key_of
from fuzz.findings import as_schedule
from fuzz.run import Finding, Runner
from fuzz.shrink import shrink
from tests.fuzz.drawn import inputs, runner


def found(runs: Runner, seed: int, count: int) -> list[Finding]:
    """The first findings of a random walk, shrunk."""
    shrunk: list[Finding] = []
    for data in inputs(seed, 4000):
        finding = runs.run(data).finding
        if finding is not None:
            shrunk.append(shrink(runs, finding))
            if len(shrunk) == count:
                break
    return shrunk


def kinds(finding: Finding) -> tuple[str, ...]:
    return tuple(action.step for action in finding.actions)


def test_the_same_loss_in_other_interleavings_is_one_finding() -> None:
    runs = runner("mark-dropped")
    all_found = found(runs, 3, 12)
    assert len({kinds(finding) for finding in all_found}) > 1
    normal = [in_normal_order(runs, finding) for finding in all_found]
    assert len({key_of(as_schedule(finding, "bare", "mark-dropped")) for finding in normal}) == 1


def test_normal_order_keeps_the_steps_and_what_they_show() -> None:
    runs = runner("no-flush")
    for finding in found(runs, 5, 4):
        normal = in_normal_order(runs, finding)
        assert sorted(map(str, normal.actions)) == sorted(map(str, finding.actions))
        again = runs.follow(normal.sizes, normal.rounds, normal.actions).finding
        assert again is not None
        assert again.rule == finding.rule
        assert in_normal_order(runs, normal) == normal


def test_another_path_rule_machine_or_variant_is_another_finding() -> None:
    runs = runner("mark-dropped")
    [finding] = found(runs, 3, 1)
    schedule = as_schedule(finding, "bare", "mark-dropped")
    others = [
        evolve(schedule, variant="no-flush"),
        evolve(schedule, machine="bare+grants"),
        evolve(schedule, broken=None),
        evolve(schedule, actions=schedule.actions[1:]),
    ]
    assert len({key_of(each) for each in (schedule, *others)}) == 5
    assert contract_of(runs.spec, finding.rule) == "logging"
    assert contract_of(runs.spec, "noticed") == "promise"


def test_a_run_that_holds_a_known_path_is_looked_into_less_and_less_but_never_not_at_all() -> None:
    runs = runner("mark-dropped")
    [finding] = found(runs, 3, 1)
    known = Known()
    assert not known.explains(finding)
    known.add(finding)
    longer = evolve(finding, actions=(finding.actions[0], *finding.actions))
    assert [known.explains(longer) for _ in range(8)] == [False, False, True, False, True, True, True, False]
    assert not known.explains(evolve(finding, actions=finding.actions[1:]))
    assert not known.explains(evolve(finding, broken=None))
