from fuzz.decode import HEAD, RECORD
from fuzz.mutate import mutated, seeds
from tests.fuzz.drawn import runner


def _by_bytes(data: bytes, most: int) -> bytes:
    return data[:most]


def test_mutations_are_inputs_of_whole_steps_within_the_limit() -> None:
    data = seeds(1)[0]
    made = [mutated(data, 100, seed, _by_bytes) for seed in range(300)]
    assert all(len(m) <= 100 for m in made)
    assert all(len(m) % RECORD == HEAD % RECORD for m in made)
    assert len(set(made)) > 150


def test_a_mutation_is_the_same_for_the_same_seed() -> None:
    data = seeds(2)[3]
    assert [mutated(data, 200, s, _by_bytes) for s in range(50)] == [
        mutated(data, 200, s, _by_bytes) for s in range(50)
    ]


def test_empty_and_odd_inputs_can_be_mutated() -> None:
    for data in (b"", b"\1", b"\1\2\3"):
        for seed in range(50):
            assert len(mutated(data, 64, seed, _by_bytes)) <= 64


def test_seeds_differ_by_seed_and_are_runs() -> None:
    assert seeds(1) == seeds(1) != seeds(2)
    runs = runner()
    assert all(len(runs.run(data).actions) > 10 for data in seeds(1)[:10])
