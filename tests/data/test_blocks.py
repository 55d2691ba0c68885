"""Files in blocks: the same sentences and the same blocks, wherever reading begins."""

from __future__ import annotations

import gzip
import json

import pytest

from xlner.api.shard_plan import divide
from xlner.data import stream_text
from xlner.data.blocks import Reader, Stretch
from xlner.errors import DataError

SMALL = Reader(block_bytes=300, block_sentences=7)
LINES = [f"Ana vive en Lima desde {n}. Boris no." if n % 3 else "" for n in range(40)]
TEXTS = {
    "plain.txt": "\n".join(LINES) + "\n",
    "open.txt": "\n".join(LINES),
    "windows.txt": "\ufeff" + "\r\n".join(LINES) + "\r\n",
    "mac.txt": "\r".join(LINES),
    "long.txt": "Ana " * 400 + "\nBoris\n" + "Lima " * 300,
    "words.conll": "\n".join(f"Ana\tB-PER\nvive\tO\nen\tO\n{n}\tO\n" for n in range(40)),
    "records.jsonl": "\n".join(json.dumps({"words": ["Ana", "vive", str(n)]}) for n in range(40)),
    "array.json": json.dumps([{"words": ["Ana", "vive", str(n)]} for n in range(40)], indent=1),
}


@pytest.fixture(params=[*TEXTS, "packed.txt.gz"])
def file(request, tmp_path):
    path = tmp_path / request.param
    data = TEXTS.get(request.param, TEXTS["plain.txt"]).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def test_blocks_hold_what_the_file_holds(file):
    assert [s for block in SMALL.read(Stretch(file)) for s in block] == list(stream_text(file))


@pytest.mark.parametrize("count", [1, 2, 3, 9, 60])
def test_shards_have_the_blocks_of_the_whole(file, count):
    whole = list(SMALL.read(Stretch(file)))
    shards = divide([(file, *SMALL.marks(file))], count)
    assert len(shards) == count
    assert [block for shard in shards for stretch in shard for block in SMALL.read(stretch)] == whole


def test_shards_are_of_about_one_size(tmp_path):
    names = []
    for n, size in enumerate((10, 400, 3, 90)):
        (tmp_path / f"{n}.txt").write_text("Ana vive en Lima.\n" * size)
        names.append(str(tmp_path / f"{n}.txt"))
    shards = divide([(name, *SMALL.marks(name)) for name in names], 4)
    sizes = [sum(len(block) for stretch in shard for block in SMALL.read(stretch)) for shard in shards]
    assert sum(sizes) == 503
    assert max(sizes) - min(sizes) < 50


def test_a_line_has_its_number_in_a_later_shard_too(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"Ana vive.\n" * 50 + b"caf\xe9\n")
    last = divide([(str(path), *SMALL.marks(str(path)))], 3)[-1]
    with pytest.raises(DataError, match=r"a\.txt:51: not UTF-8"):
        list(SMALL.read(last[0]))


def test_a_file_that_has_changed_is_told(file):
    (shard,) = divide([(file, *SMALL.marks(file))], 1)
    if not file.endswith(".gz"):
        with open(file, "rb") as stream:
            text = stream.read()
        with open(file, "wb") as stream:
            stream.write(text.replace(b"Ana", b"Eva"))
        with pytest.raises(DataError, match="not what it was"):
            list(SMALL.read(shard[0]))


def test_an_empty_file_has_no_blocks(tmp_path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(DataError, match="no sentence"):
        SMALL.marks(str(tmp_path / "a.txt"))


def test_what_reading_left_out_is_told_by_the_part_that_has_it(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join([json.dumps({"words": ["Ana"]})] * 40 + [json.dumps({"tokens": ["Ana", " "]})]))
    told = []
    for stretches in divide([(str(path), *SMALL.marks(str(path)))], 3):
        reading = SMALL.read(stretches[0])
        list(reading)
        told.append(" ".join(reading.remarks()))
    assert "white space" in told[2]
    assert "white space" not in told[0]
