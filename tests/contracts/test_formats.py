"""What every format promises, in-tree or from a third party."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from xlner.component import OptionField
from xlner.core.types import Sentence, Span
from xlner.data import load, write
from xlner.data.formats import FORMATS, Reader, Writer, find_format
from xlner.data.formats.head import Head
from xlner.data.options import ReadOptions
from xlner.data.report import ReadLog
from xlner.data.source import Input
from xlner.errors import DataError, OptionError, UsageError

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
    b"# global.columns = \n1\n",
]
OPTIONS = [(name, f) for name in FORMATS.names() for f in FORMATS.describe(name).fields]
SENTENCES = [
    Sentence(words=("Zuri", "saw", "Oyo"), spans=(Span(0, 1, "PER"), Span(2, 3, "LOC"))),
    Sentence(words=("Nobody", "knows"), labelled=False),
]


def reads_files(name: str) -> bool:
    return isinstance(FORMATS.build(name), Reader) and name != "datasets"


def a_value(f: OptionField) -> Any:
    """Some value that the option takes, as YAML has it."""
    if f.choices:
        return f.choices[0]
    if "int" in str(f.type):
        return int(f.bounds.get("ge", 0))
    return ["O", "B-PER"] if "tuple" in str(f.type) else True if "bool" in str(f.type) else "test"


@pytest.mark.parametrize("name", FORMATS.names())
class TestFormat:
    def test_it_says_what_it_is(self, name: str) -> None:
        told = FORMATS.describe(name)
        assert told.summary.endswith(".")
        assert len(told.summary) < 160
        assert all(f.help.endswith(".") for f in told.fields)
        kind = FORMATS.load(name)
        assert kind.name == name
        assert all(e.startswith(".") and e == e.lower() for e in kind.extensions)
        made = FORMATS.build(name)
        assert isinstance(made, (Reader, Writer))

    def test_it_is_made_in_three_ways(self, name: str) -> None:
        kind = FORMATS.load(name)
        values = {f.name: a_value(f) for f in FORMATS.describe(name).fields if "column" not in f.name}
        from_yaml = FORMATS.build(name, yaml.safe_load(yaml.safe_dump(values)))
        assert from_yaml.options == kind(**values).options == kind(kind.Options(**values)).options

    def test_an_option_that_it_lacks_is_refused(self, name: str) -> None:
        with pytest.raises(OptionError, match=f"the format {name} has no option 'colour'"):
            FORMATS.build(name, {"colour": "red"})

    @pytest.mark.parametrize("data", HEADS)
    def test_it_looks_at_anything_without_complaint(self, name: str, data: bytes) -> None:
        assert FORMATS.load(name).sniff(Head(data)) in (True, False)

    def test_it_refuses_what_is_no_text_with_a_data_error(self, name: str, tmp_path: Path) -> None:
        if not reads_files(name):
            pytest.skip("does not read files")
        path = tmp_path / "file"
        path.write_bytes(b"word O\n\xff\xfe\n")
        with pytest.raises(DataError):
            list(FORMATS.build(name).read(Input.of(path), ReadLog(str(path), name), ReadOptions()))

    @pytest.mark.parametrize("content", ["", "\n\n"])
    def test_an_empty_file_is_an_error(self, name: str, content: str, tmp_path: Path) -> None:
        if not reads_files(name):
            pytest.skip("does not read files")
        (tmp_path / "file").write_text(content)
        with pytest.raises(DataError, match="no sentence in it"):
            load(tmp_path / "file", format=name)

    @pytest.mark.parametrize("number", [0, 1, 2])
    def test_it_writes_and_reads_any_number_of_sentences(self, name: str, number: int, tmp_path: Path) -> None:
        if not isinstance(FORMATS.build(name), Writer):
            pytest.skip("does not write")
        path = tmp_path / "file"
        assert write(path, SENTENCES[:number], format=name) == number
        if number and reads_files(name):
            again = load(path, format=name)
            assert [s.words for s in again] == [s.words for s in SENTENCES[:number]]
            if again.sentences[0].labelled:
                assert [s.spans for s in again] == [s.spans for s in SENTENCES[:number]]


@pytest.mark.parametrize(("name", "f"), OPTIONS, ids=[f"{n}.{f.name}" for n, f in OPTIONS])
def test_what_an_option_cannot_be_is_refused_in_plain_words(name: str, f: OptionField) -> None:
    for key, step in (("ge", -1), ("le", 1)):
        if key in f.bounds:
            with pytest.raises(OptionError, match=f"the format {name}: `{f.name}` must be at"):
                FORMATS.build(name, {f.name: f.bounds[key] + step})
    with pytest.raises(OptionError, match=f"`{f.name}` must be"):
        FORMATS.build(name, {f.name: {"a": object()}})


def test_listing_formats_and_their_options_costs_no_heavy_import() -> None:
    script = (
        "import sys; from xlner.data.formats import FORMATS, find_format; from xlner.data.formats.head import Head\n"
        "[FORMATS.describe(n) for n in FORMATS.names()]\n"
        "bad = {'torch', 'transformers', 'pydantic', 'scipy', 'datasets', 'numpy'} & set(sys.modules)\n"
        "sys.exit(', '.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_content_goes_before_extension_and_extension_before_raw_text() -> None:
    assert find_format(Head(b"Zuri B-PER\nran O\n", ".txt")).name == "conll"
    assert find_format(Head(b"Zuri ran home.\n", ".conll")).name == "conll"
    assert find_format(Head(b"Zuri ran home.\n", ".md")).name == "text"
    with pytest.raises(UsageError, match="can be written, not read"):
        find_format(Head(b""), wanted="html")
