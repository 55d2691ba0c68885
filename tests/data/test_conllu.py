"""CoNLL-U and CoNLL-U Plus."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlner.data import check, load, stream_text
from xlner.errors import DataError

WORDS = ["Zuri", "lives", "in", "Old", "Oyo", "."]


def lines(misc: list[str], *, text: bool = True) -> str:
    rows = [f"{i}\t{w}\t_\tX\t_\t_\t0\t_\t_\t{m}" for i, (w, m) in enumerate(zip(WORDS, misc, strict=True), 1)]
    return ("# sent_id = 1\n" + ("# text = Zuri lives in Old Oyo.\n" if text else "")) + "\n".join(rows) + "\n\n"


def bring(tmp_path: Path, content: str, name: str = "a.conllu") -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["a.conllu", "a.txt", "a"])
@pytest.mark.parametrize(
    ("misc", "scheme"),
    [
        (["name=B-PER", "name=O", "name=O", "name=B-LOC", "name=I-LOC|SpaceAfter=No", "name=O"], "IOB2"),
        (["NE=S-PER|x=1", "NE=O", "NE=O", "NE=B-LOC", "NE=E-LOC", "NE=O"], "BIOES"),
        (["ner=PER", "ner=O", "ner=O", "ner=LOC", "ner=LOC", "ner=O"], "IO"),
        (["NER=B-PER", "_", "_", "NER=B-LOC", "NER=I-LOC", "_"], "IOB2"),
        (["Entity=(p1)|NE=B-PER", "NE=O", "NE=O", "NE=B-LOC", "NE=I-LOC", "NE=O"], "IOB2"),
        (["B-PER", "O", "O", "B-LOC", "I-LOC", "O"], "IOB2"),
    ],
)
def test_entities_of_misc(tmp_path: Path, misc: list[str], scheme: str, name: str) -> None:
    corpus = load(bring(tmp_path, lines(misc), name))
    assert corpus.report.format == "conllu"
    assert corpus.report.scheme == scheme
    (sentence,) = corpus
    assert [s.key for s in sentence.spans] == [(0, 1, "PER"), (3, 5, "LOC")]
    assert sentence.surface(sentence.spans[1]) == "Old Oyo"
    assert sentence.missing == ()


def test_text_from_space_after(tmp_path: Path) -> None:
    content = lines(["_", "_", "_", "_", "SpaceAfter=No", "_"], text=False)
    sentence = next(iter(stream_text(bring(tmp_path, content))))
    assert sentence.text == "Zuri lives in Old Oyo."
    assert sentence.words == tuple(WORDS)


def test_without_entities_the_sentences_are_unlabelled(tmp_path: Path) -> None:
    path = bring(tmp_path, lines(["_"] * 6))
    assert not load(path).sentences[0].labelled
    assert "unlabelled" in check([path]).describe()


def test_a_word_without_tag_is_unknown_where_o_is_written(tmp_path: Path) -> None:
    first = lines(["name=B-PER", "name=O", "_", "name=B-LOC", "name=I-LOC", "name=O"])
    corpus = load(bring(tmp_path, first + lines(["_"] * 6)))
    assert corpus.sentences[0].missing == ((2, 3),)
    assert not corpus.sentences[1].labelled


def test_ranges_and_empty_nodes_are_no_words(tmp_path: Path) -> None:
    empty = "\t_" * 8
    content = f"1-2\tdámelo{empty}\n1\tda\t{empty[3:]}\t_\n2\tlo\t{empty[3:]}\t_\n2.1\tx{empty}\n"
    corpus = load(bring(tmp_path, "# text = dámelo\n" + content))
    assert corpus.sentences[0].words == ("da", "lo")
    assert corpus.sentences[0].text is None
    assert corpus.report.reasons == {"multiword range or empty node": 2}


@pytest.mark.parametrize("column", ["NER", "UNER:NE", "X:NAMED_ENTITY"])
def test_plus_names_its_columns(tmp_path: Path, column: str) -> None:
    rows = "1\tX\tZuri\tB-PER\n2\tX\tran\tO\n"
    corpus = load(bring(tmp_path, f"# global.columns = ID UPOS FORM {column}\n# text = Zuri ran\n{rows}", "a.conllup"))
    assert corpus.sentences[0].words == ("Zuri", "ran")
    assert corpus.sentences[0].text == "Zuri ran"
    assert corpus.report.types == {"PER": 1}


def test_columns_and_key_can_be_named(tmp_path: Path) -> None:
    path = bring(tmp_path, lines(["mine=B-PER", "mine=O", "mine=O", "mine=B-LOC", "mine=I-LOC", "mine=O"]))
    assert not load(path).sentences[0].labelled
    assert load(path, options={"tag_key": "mine"}).report.types == {"LOC": 1, "PER": 1}
    assert load(path, token_column=3).sentences[0].words == ("X",) * 6
    with pytest.raises(DataError, match="MISC has no key yours"):
        load(path, options={"tag_key": "yours"})
    with pytest.raises(DataError, match="no column 12"):
        load(path, token_column=12)


def test_a_line_of_another_shape_is_a_fault_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.conllu:9: ten columns by TAB that start with a number"):
        load(bring(tmp_path, lines(["_"] * 6).rstrip("\n") + "\nword O\n", "a.conllu"), format="conllu")
