from collections import Counter
from random import Random

import pytest

from fuzz.decode import HEAD, RECORD
from fuzz.mix import MOST_STEPS, SHARES
from fuzz.mutate import crossed, extended, finished, mutated, seeds
from fuzz.mutations import MUTATIONS
from refmodel.language import Actor
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


@pytest.mark.parametrize("without", ["", *MUTATIONS, "bytes"])
def test_a_mutation_that_is_left_out_is_never_made(without: str) -> None:
    data = seeds(1)[0]
    vocabulary = runner().vocabulary()
    taken = Counter[bool]()

    def by_bytes(given: bytes, most: int) -> bytes:
        taken[True] += 1
        return given

    made = {mutated(data, 300, seed, by_bytes, vocabulary, without) for seed in range(200)}
    assert len(made) > 150
    assert (taken[True] == 0) == (without == "bytes")


def test_names_are_exchanged_in_every_step_that_has_them_and_back_again() -> None:
    runs = runner(claims=False)
    vocabulary = runs.vocabulary()
    data = seeds(5)[0]
    steps = [data[i : i + RECORD] for i in range(HEAD, len(data), RECORD)]
    changed = 0
    for sort, one, two in (("pfn", 0, 1), ("cpu", 0, 1), ("vpn", 2, 0)):
        for step in steps:
            other = vocabulary.exchanged(0, step, sort, one, two)
            assert other[0] == step[0]
            back = vocabulary.exchanged(0, other, sort, one, two)
            assert vocabulary.exchanged(0, back, sort, one, two) == other
            changed += other != step
    assert changed > 50


def test_pairs_of_names_are_two_of_one_sort() -> None:
    vocabulary = runner(claims=False).vocabulary()
    pairs = {vocabulary.pair(0, number) for number in range(200)}
    assert all(one != two for _, one, two in pairs)
    assert {sort for sort, _, _ in pairs} == {"pfn", "vpn", "cpu", "word"}


def test_crossing_keeps_whole_steps_of_both() -> None:
    one, other = seeds(6, 2)
    cut = HEAD + RECORD * 20
    made = [crossed(one[:cut], other[:cut], 150, seed) for seed in range(100)]
    steps = {data[i : i + RECORD] for data in (one[:cut], other[:cut]) for i in range(HEAD, cut, RECORD)}
    assert all(m[i : i + RECORD] in steps for m in made for i in range(HEAD, len(m), RECORD))
    assert all(len(m) <= 150 and m[:HEAD] == one[:HEAD] for m in made)
    assert len(set(made)) > 50
    assert crossed(b"", b"", 100, 1) == b"\0\0"


def _is_engines(tail: bytes) -> bool:
    return all(tail[i] < SHARES[Actor.ENGINE] for i in range(0, len(tail), RECORD))


def test_what_is_brought_to_its_end_goes_on_by_the_engine_alone() -> None:
    begun = seeds(7)[0][: HEAD + RECORD * 30]
    made = [finished(begun, 1000, Random(seed)) for seed in range(10)]
    assert all(m.startswith(begun) and len(m) == HEAD + RECORD * MOST_STEPS for m in made)
    assert all(_is_engines(m[len(begun) :]) for m in made)
    assert len(set(made)) == 10


def test_what_goes_on_does_so_for_some_steps_and_is_seldom_brought_to_its_end() -> None:
    begun, piece = seeds(7)[0][: HEAD + RECORD * 30], seeds(8)[0]
    made = [extended(begun, 1000, Random(seed)) for seed in range(200)]
    assert all(m.startswith(begun) and len(m) % RECORD == HEAD % RECORD for m in made)
    ended = [m for m in made if len(m) == HEAD + RECORD * MOST_STEPS]
    assert 20 < len(ended) < 100
    assert all(_is_engines(m[-RECORD * 30 :]) for m in ended)
    short = [m for m in made if m not in ended]
    assert len({len(m) for m in short}) > 10
    assert max(len(m) for m in short) < len(begun) + RECORD * 30
    made = [extended(begun, 1000, Random(seed), piece) for seed in range(20)]
    assert all(m[len(begun) :].startswith(piece[:RECORD]) for m in made)
    assert len(extended(begun, len(begun) + 1, Random(1))) == len(begun)
    failing = [m for m in (extended(begun, 1000, Random(seed), bytes(100)) for seed in range(200)) if m[-RECORD] >= 254]
    assert 5 < len(failing) < 50
