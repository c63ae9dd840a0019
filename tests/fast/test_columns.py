"""Columnar event files: converters both ways, files that are none, and shards whose verdicts merge into the whole's."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import orjson
import pyarrow as pa
import pytest
from attrs import evolve
from click.testing import CliRunner

from fuzz.readers import faster
from refmodel.cli.root import root
from refmodel.fast import shards
from refmodel.fast.arrow import ArrowReading
from refmodel.fast.arrow_file import NAMES, SCHEMA
from refmodel.fast.convert import convert
from refmodel.fast.inputs import judge_path
from refmodel.fast.verdict import judge_reading
from refmodel.oracle.events import Event
from refmodel.oracle.readers.events_file import dumps
from refmodel.oracle.recording import judge_recording
from refmodel.unusable import Unusable
from tests.fast.test_differential import inputs


def written(folder: Path, events: list[Event]) -> tuple[str, str]:
    lines, columns = folder / "e.ndjson", folder / "e.arrow"
    lines.write_bytes(dumps(events))
    convert(str(lines), str(columns))
    return str(lines), str(columns)


def right(data: bytes) -> bool:
    """Columns have one begin, as the head."""
    return sum(type(event).__name__ == "Begin" for event in faster.drawn(data)) == 1


DRAWN = [data for data in inputs(11, 40) if right(data)]


def test_lines_become_columns_and_lines_again(tmp_path: Path) -> None:
    for data in DRAWN:
        lines, columns = written(tmp_path, list(faster.drawn(data)))
        back = tmp_path / "back.ndjson"
        convert(columns, str(back))
        assert back.read_bytes() == Path(lines).read_bytes()


def test_the_command_converts_by_what_the_file_is(tmp_path: Path) -> None:
    lines, _ = written(tmp_path, list(faster.drawn(DRAWN[0])))
    for given, wanted in ((lines, "a.arrow"), (tmp_path / "a.arrow", "a.ndjson")):
        ran = CliRunner().invoke(root, ["events", "convert", str(given), str(tmp_path / wanted)])
        assert ran.exit_code == 0, ran.output
    assert (tmp_path / "a.ndjson").read_bytes() == Path(lines).read_bytes()


def test_what_columns_cannot_say_is_refused_with_its_event(tmp_path: Path) -> None:
    begin = b'{"event":"begin","version":1,"blocks":[{"name":"ram","pages":1}]}\n'
    for line, what in (
        (b'{"event":"release","block":"rom","pfn":0}', "block 'rom'"),
        (b'{"event":"release","block":"ram","pfn":-1}', "pfn -1"),
        (begin.strip(), "a second begin"),
    ):
        (tmp_path / "e.ndjson").write_bytes(begin + line)
        with pytest.raises(Unusable, match=f"event 2: {what}"):
            convert(str(tmp_path / "e.ndjson"), str(tmp_path / "e.arrow"))
    (tmp_path / "e.ndjson").write_bytes(b'{"event":"pause"}')
    with pytest.raises(Unusable, match="event 1: no begin"):
        convert(str(tmp_path / "e.ndjson"), str(tmp_path / "e.arrow"))


def file_of(path: Path, columns: dict[str, pa.Array], head: object = None) -> str:
    known = (
        {"format": "refmodel-events", "version": 1, "blocks": [{"name": "ram", "pages": 2}]} if head is None else head
    )
    schema = pa.schema([(name, array.type) for name, array in columns.items()]).with_metadata(
        {"refmodel": orjson.dumps(known)}
    )
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(list(columns.values()), schema=schema))
    return str(path)


def of(**columns: Sequence[int | None]) -> dict[str, pa.Array]:
    return {name: pa.array(given, SCHEMA.field(name).type) for name, given in columns.items()}


def test_columns_that_have_nothing_to_say_may_be_missing(tmp_path: Path) -> None:
    events, block, pfn = [2, 2, 5, 3, 3, 7, 8], [0, 0, None, 0, 0, None, None], [0, 1, None, 0, 1, None, None]
    side = [None, None, None, 0, 0, None, None]
    columns = of(event=events, block=block, pfn=pfn, digest=[7, 8, None, 7, 8, None, None], side=side)
    verdict = judge_path(file_of(tmp_path / "e.arrow", columns))
    assert verdict.verdict == "accepted", verdict.reason
    columns |= of(digest=[7, 8, None, 7, 9, None, None])
    found = judge_path(file_of(tmp_path / "e.arrow", columns)).findings
    assert [(finding.rule, finding.pfn) for finding in found] == [("the-last-store-arrives", 1)]
    assert found[0].last_record is not None
    assert found[0].last_record.digest == "0000000000000008"


@pytest.mark.parametrize(
    ("columns", "head", "said"),
    [
        (of(event=[2], block=[0]), None, "no column 'pfn'"),
        (of(event=[99], block=[0], pfn=[0]), None, "event 2: code 99"),
        (of(event=[2], block=[0], pfn=[None], digest=[1]), None, "event 2: required field missing @ $.pfn"),
        (of(event=[2], block=[0], pfn=[0]), None, "event 2: required field missing @ $.digest"),
        (of(event=[2], block=[0], pfn=[2], digest=[1]), None, "event 2: pfn 2 of block 'ram'"),
        (of(event=[2], block=[1], pfn=[0], digest=[1]), None, "event 2: pfn 0 of block 'number 1'"),
        (of(event=[0], block=[0], pfn=[0], side=[2]), None, "event 2: "),
        (of(event=[2], block=[0], pfn=[0]), {"format": "other"}, "metadata refmodel"),
        (of(event=[2], block=[0], pfn=[0]), [], "metadata refmodel"),
        ({"event": pa.array([2.0])}, None, "a column 'event' of type double"),
    ],
)
def test_a_file_that_is_no_event_file_is_unusable_and_says_where(
    tmp_path: Path, columns: dict[str, pa.Array], head: object, said: str
) -> None:
    verdict = judge_path(file_of(tmp_path / "e.arrow", columns, head))
    assert verdict.verdict == "unusable"
    assert said in str(verdict.reason)


def test_a_damaged_file_is_unusable(tmp_path: Path) -> None:
    _, columns = written(tmp_path, list(faster.drawn(DRAWN[1])))
    whole = Path(columns).read_bytes()
    chance = Random(1)
    for end in (6, 7, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.arrow").write_bytes(whole[:end])
        assert judge_path(str(tmp_path / "cut.arrow")).verdict == "unusable"
    for _ in range(40):
        data = bytearray(whole)
        data[chance.randrange(6, len(data))] ^= 1 << chance.randrange(8)
        (tmp_path / "bad.arrow").write_bytes(data)
        judge_path(str(tmp_path / "bad.arrow"))  # some verdict, and no error


def test_the_codes_are_those_of_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs/events.md").read_text()
    assert all(f"| {code} | `{name}` |" in text for code, name in enumerate(NAMES[:11]))
    assert all(f"| `{field.name}` | " in text for field in SCHEMA)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_shards_come_to_the_verdict_of_the_whole(tmp_path: Path, count: int) -> None:
    for data in DRAWN:
        lines, columns = written(tmp_path, list(faster.drawn(data)))
        whole, merged = judge_reading(ArrowReading(columns)), shards.judge_sharded(columns, count)
        if whole.verdict != "unusable":
            assert merged.as_json() == whole.as_json()
        elif whole.reason:
            assert merged.reason == whole.reason
        assert merged.verdict == judge_recording(lines).verdict


def test_a_finding_that_a_shard_loses_is_missed_in_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = list(faster.drawn(bytes([2 + 4 + 16, 0, 0])))
    _, columns = written(tmp_path, events)
    assert [found.pfn for found in shards.judge_sharded(columns, 3).findings] == [0, 1, 2, 0, 1]
    real = shards.judge_shard
    monkeypatch.setattr(shards, "judge_shard", lambda path: evolve(real(path), findings=real(path).findings[1:]))
    assert len(shards.judge_sharded(columns, 3).findings) == 2


def test_two_workers_of_dask_judge_the_shards(tmp_path: Path) -> None:
    for data in DRAWN[:2]:
        _, columns = written(tmp_path, list(faster.drawn(data)))
        merged = shards.judge_sharded(columns, 4, "2")
        assert merged.as_json()["verdict"] == judge_reading(ArrowReading(columns)).verdict
