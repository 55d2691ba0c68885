"""Universal NER's five columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlner.data import load, stream_text
from xlner.errors import DataError

FILE = (
    "# sent_id = a-1\n"
    "# text = Zuri's in Accra.\n"
    "1-2\tZuri's\t_\t-\t-\n"
    "1\tZuri\tB-PER\t-\tann\n"
    "2\t's\tO\t-\tann\n"
    "2.1\tis\t_\t-\t-\n"
    "3\tin\tO\t-\tann\n"
    "4\tAccra\tB-LOC\t-\tann\n"
    "5\t.\tO\t-\tann\n"
    "\n"
    "# text = somewhere else\n"
    "1\tYes\tO\t-\t-\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x-ud-dev.iob2"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_words_tags_and_text(file: Path) -> None:
    corpus = load(file)
    first, second = corpus
    assert corpus.report.format == "uner"
    assert first.words == ("Zuri", "'s", "in", "Accra", ".")
    assert [first.surface(s) for s in first.spans] == ["Zuri", "Accra"]
    assert first.text == "Zuri's in Accra."
    assert corpus.report.reasons == {"multiword range or empty node": 2}
    assert second.text is None  # the comment is not about these words
    assert first.where == f"{file}:4"


def test_raw_view_keeps_words_and_text(file: Path) -> None:
    first = next(iter(stream_text(file)))
    assert (len(first), first.text, first.labelled) == (5, "Zuri's in Accra.", False)


def test_other_columns_can_be_named(file: Path) -> None:
    with pytest.raises(DataError, match=":4: '-' is no tag"):
        load(file, tag_column=3)


def test_a_line_of_another_shape_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "bad.iob2"
    path.write_text(FILE * 60 + "word O\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"five columns by TAB"):
        load(path)
