"""What every format promises, in-tree or from a third party."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlner.core.types import Sentence
from xlner.data.formats import FORMATS, Writer, find_format
from xlner.data.formats.head import Head
from xlner.data.options import ReadOptions, WriteOptions
from xlner.data.report import ReadLog
from xlner.data.source import Source
from xlner.errors import DataError, UsageError

HEADS = [
    b"",
    b"\xff\xfe\x00",
    b"{",
    b"[" * 100_000,
    b"[]",
    b'"x"',
    b"O\n",
    b"\t\n",
    b"# x\n",
    b"1\t2\t3\t4\t5\n",
    b"[{}]",
]


@pytest.mark.parametrize("name", FORMATS.names())
class TestFormat:
    def test_it_is_known_by_its_own_name(self, name: str) -> None:
        chosen = FORMATS.load(name)
        assert chosen.name == name
        assert all(e.startswith(".") and e == e.lower() for e in chosen.extensions)
        assert hasattr(chosen, "read") or isinstance(chosen, Writer)

    @pytest.mark.parametrize("data", HEADS)
    def test_it_looks_at_anything_without_complaint(self, name: str, data: bytes) -> None:
        assert FORMATS.load(name).sniff(Head(data)) in (True, False)

    def test_it_refuses_what_is_no_text_with_a_data_error(self, name: str, tmp_path: Path) -> None:
        chosen = FORMATS.load(name)
        if not hasattr(chosen, "read") or name == "datasets":
            pytest.skip("does not read files")
        path = tmp_path / "file"
        path.write_bytes(b"word O\n\xff\xfe\n")
        with pytest.raises(DataError):
            list(chosen.read(Source.of(path), ReadLog(str(path), name), ReadOptions()))

    def test_what_it_writes_it_counts(self, name: str, tmp_path: Path) -> None:
        chosen = FORMATS.load(name)
        if not isinstance(chosen, Writer):
            pytest.skip("does not write")
        with (tmp_path / "out").open("w", encoding="utf-8") as out:
            assert chosen.write([Sentence(words=("Zuri",)), Sentence(words=("ran",))], out, WriteOptions()) == 2


def test_content_goes_before_extension_and_extension_before_raw_text() -> None:
    assert find_format(Head(b"Zuri B-PER\nran O\n", ".txt")).name == "conll"
    assert find_format(Head(b"Zuri ran home.\n", ".conll")).name == "conll"
    assert find_format(Head(b"Zuri ran home.\n", ".md")).name == "text"
    with pytest.raises(UsageError, match="can be written, not read"):
        find_format(Head(b""), wanted="html")
