"""From files to a task: everything that reading left out is said, whatever the file is for."""

from __future__ import annotations

import pytest
from tests.toy import sentences, write_conll, write_text

from xlner.api.inputs import Inputs, read_task


@pytest.fixture
def broken(tmp_path):
    """JSON lines of which one is no record."""
    path = tmp_path / "broken.jsonl"
    path.write_text('{"text": "Ana visita Arcol"}\nnull\n', "utf-8")
    return str(path)


def remarks_of(tmp_path, read, **files):
    source = [("en", str(write_conll(tmp_path / "en.conll", sentences(2))))]
    target = ("es", str(write_text(tmp_path / "es.txt", sentences(2, "spa"))))
    remarks: list[str] = []
    task = read_task(Inputs(**{"source": source, "target": target, **files}), {}, {}, remarks)
    read(task)
    read(task)  # a stream that is read again has nothing new to say
    return remarks


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("source_text", lambda task: None),
        ("target", lambda task: list(task.raw())),
        ("translations", lambda task: [list(stream()) for stream in task.translations.values()]),
        ("bitext", lambda task: [list(b.source()) + list(b.target()) for b in task.bitext]),
    ],
)
def test_what_was_left_out_of_a_text_is_said_once(tmp_path, broken, name, read):
    values = {
        "source_text": [("en", broken)], "target": ("es", broken), "translations": [("en", broken)],
        "bitext": [("en", broken, broken)],
    }  # fmt: skip
    remarks = remarks_of(tmp_path, read, **{name: values[name]})
    assert remarks
    assert all("broken.jsonl" in remark for remark in remarks)
    assert len(set(remarks)) == len(remarks)


def test_named_columns_hold_for_the_target_where_it_has_them(tmp_path):
    rows = [("1.", "Zuri", "B-PER"), ("2.", "ran", "O")]
    files = {
        "same.tsv": "".join("\t".join(row) + "\n" for row in rows),
        "other.tsv": "".join("\t".join(row[1:]) + "\n" for row in rows),
        "raw.txt": "Zuri ran.\nAna saw.\n",  # lines of as many words are no columns
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, "utf-8")

    def words(name):
        inputs = Inputs(source=[("en", str(tmp_path / "same.tsv"))], target=("es", str(tmp_path / name)))
        remarks: list[str] = []
        task = read_task(inputs, {}, {"token_column": 1, "tag_column": 2}, remarks)
        return [s.words for s in task.raw()], remarks

    assert words("same.tsv") == ([("Zuri", "ran")], [])
    read, remarks = words("other.tsv")
    assert read == [("Zuri", "ran")]
    assert "other.tsv: no column 2 for the tag; lines have 2 columns, from 0; its own columns" in remarks[0]
    assert words("raw.txt") == ([("Zuri", "ran", "."), ("Ana", "saw", ".")], [])
