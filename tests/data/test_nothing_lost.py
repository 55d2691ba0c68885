"""Inputs that lost words or entities in silence, or were read as something that they are not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from xlner.core.types import Sentence, Span
from xlner.data import Corpus, check, load, stream_text, write
from xlner.errors import DataError


def file(folder: Path, text: str, name: str = "data.conll") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def words(corpus: Corpus) -> list[tuple[str, ...]]:
    return [s.words for s in corpus]


def test_comments_are_no_words_where_labels_are_not_wanted(tmp_path: Path) -> None:
    short = file(tmp_path, "# sent_id = 1\nZuri B-PER\n\n# sent_id = 2\nLagos B-LOC\n\n", "short.conll")
    named = file(
        tmp_path, "# id 3f2a\tdomain=sw\nZuri\tB-PER\nran\tO\n\n# id 3f2b\tdomain=sw\nLagos\tB-LOC\n", "n.conll"
    )
    assert [s.words for s in stream_text(short)] == words(load(short)) == [("Zuri",), ("Lagos",)]
    assert [s.words for s in stream_text(named)] == words(load(named)) == [("Zuri", "ran"), ("Lagos",)]


def test_a_hash_stays_a_word(tmp_path: Path) -> None:
    path = file(tmp_path, "# O\n1 O\nin O\nLagos B-LOC\n")
    assert [s.words for s in stream_text(path)] == words(load(path)) == [("#", "1", "in", "Lagos")]


def test_a_mark_between_documents_inside_a_sentence_is_a_word(tmp_path: Path) -> None:
    path = file(tmp_path, "-DOCSTART- O\n\nThe O\n-DOCSTART- O\nmark O\nof O\nLagos B-LOC\n")
    corpus = load(path)
    assert words(corpus) == [("The", "-DOCSTART-", "mark", "of", "Lagos")]
    assert corpus.report.reasons == {"document marker -DOCSTART-": 1}
    assert any("-DOCSTART-" in note for note in corpus.report.notes)


@pytest.mark.parametrize("middle", ["", "\n"])
def test_a_mark_at_the_edge_of_a_sentence_is_none_of_its_words(tmp_path: Path, middle: str) -> None:
    path = file(tmp_path, f"Zuri B-PER\n\n-DOCSTART- O\n{middle}ran O\n-DOCSTART- O\n\nLagos B-LOC\n")
    assert words(load(path)) == [("Zuri",), ("ran",), ("Lagos",)]


@pytest.mark.parametrize("sentence", [("-DOCSTART-", "here"), ("here", "-DOCSTART-"), ("-DOCSTART-",)])
def test_a_word_that_would_be_read_as_a_mark_is_not_written(tmp_path: Path, sentence: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="jsonl"):
        write(tmp_path / "out.conll", [Sentence(sentence)])
    assert not (tmp_path / "out.conll").exists()


def test_a_word_like_a_mark_comes_back(tmp_path: Path) -> None:
    sentence = Sentence(("The", "-DOCSTART-", "of", "Lagos"), (Span(3, 4, "LOC"),))
    write(tmp_path / "out.conll", [sentence])
    assert words(load(tmp_path / "out.conll")) == [sentence.words]


def test_an_entity_over_white_space_is_counted(tmp_path: Path) -> None:
    path = file(
        tmp_path, '{"tokenized_text": ["Zuri", " ", "ran"], "ner": [[1, 1, "PER"], [0, 0, "PER"]]}\n', "d.jsonl"
    )
    assert load(path).report.reasons == {"word that is empty or only white space": 1, "PER entity over no word": 1}


def test_one_wrong_tag_of_misc_is_an_error_with_its_line(tmp_path: Path) -> None:
    rows = [
        ("Zuri", "name=B-PER"),
        ("ran", "name=O"),
        ("home", "name=Q-LOC"),
        ("to", "name=O"),
        ("Lagos", "name=B-LOC"),
    ]
    text = "".join(f"{i}\t{word}\t_\t_\t_\t_\t0\t_\t_\t{misc}\n" for i, (word, misc) in enumerate(rows, 1))
    with pytest.raises(DataError, match=r"data\.conllu:3: .*Q-LOC"):
        load(file(tmp_path, text, "data.conllu"))


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("a.ann", "T1\tPER 0 4\tZuri\nT2\tLOC 12 17\tLagos\n", "brat"),
        ("a.txt", "T1\tPER 0 4\tZuri\nT2\tLOC 12 17\tLagos\n", "brat"),
        ("a.txt", "101|t|Zuri\n101|a|in Lagos\n101\t0\t4\tZuri\tPER\tX1\n", "PubTator"),
        ("a.csv", "word,tag\nZuri,B-PER\nran,O\n", "CSV"),
        ("a.xml", "<doc><PER>Zuri</PER> ran</doc>\n", "XML"),
        ("a.txt", '<?xml version="1.0"?>\n<doc>Zuri</doc>\n', "XML"),
        ("a.txt", "[('Zuri ran', {'entities': [(0, 4, 'PER')]})]\n", "Python"),
        ("a.py", "TRAIN = [\n  ('Zuri ran', {'entities': [(0, 4, 'PER')]}),\n]\n", "Python"),
    ],
)
def test_annotations_that_cannot_be_read_are_no_text(tmp_path: Path, name: str, text: str, hint: str) -> None:
    path = file(tmp_path, text, name)
    with pytest.raises(DataError, match=hint):
        load(path)
    with pytest.raises(DataError, match=hint):
        list(stream_text(path))
    assert not check([path]).ok


def test_text_that_resembles_annotations_is_text(tmp_path: Path) -> None:
    for name, text in [
        ("a.txt", "<3 Lagos\n"),
        ("b.txt", "T1 went home.\n"),
        ("c.csv", "We like Lagos.\n"),
        ("d.txt", "[('a"),
        ("e.txt", "<b>Zuri</b> ran.\n"),
    ]:
        assert len(load(file(tmp_path, text, name)))


PRETTY = (
    '{\n "1": {"text": "Zuri ran", "label": [[0, 4, "PER"]]},\n "2": {"text": "Lagos", "label": [[0, 5, "LOC"]]}\n}\n'
)


def test_json_with_lone_returns(tmp_path: Path) -> None:
    corpus = load(file(tmp_path, PRETTY.replace("\n", "\r"), "a.json"))
    assert [(s.words, s.where) for s in corpus][1] == (("Lagos",), f"{tmp_path / 'a.json'}:3")


def test_a_fault_names_its_file_once(tmp_path: Path) -> None:
    path = file(tmp_path, '[\n{"text": "Zuri ran", "label": [[0, 4, "PER"]]},\n7\n]\n', "a.json")
    with pytest.raises(DataError) as caught:
        load(path)
    assert str(caught.value).count(str(path)) == 1
    assert f"{path}:3: " in str(caught.value)


def test_a_task_has_the_same_text_with_and_without_labels(tmp_path: Path) -> None:
    task = (
        '[{"data": {"title": "News", "body": "Zuri ran"}, "annotations": [{"result": [{"to_name": "body", "value":'
        ' {"start": 0, "end": 4, "text": "Zuri", "labels": ["PER"]}}]}]}]'
    )
    path = file(tmp_path, task, "a.json")
    assert [s.words for s in stream_text(path)] == words(load(path)) == [("Zuri", "ran")]


def test_utf16_whose_letters_hold_bytes_of_line_ends(tmp_path: Path) -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        path = tmp_path / "a.txt"
        path.write_bytes("我们上路。\n今天上午很好。\n".encode(encoding))
        with pytest.raises(DataError, match=f"iconv -f {encoding.upper().replace('UTF-16-', 'UTF-16')}"):
            load(path)


def test_columns_in_another_order_are_asked_about(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="`tag_column`"):
        load(file(tmp_path, "O\tshow\nB-PER\tZuri\nO\tfilms\n"))


def test_an_empty_last_column_is_no_column(tmp_path: Path) -> None:
    corpus = load(file(tmp_path, "Zuri\tB-PER\t\nran\tO\t\n\nLagos\tB-LOC\t\n"))
    assert [[span.label for span in s.spans] for s in corpus] == [["PER"], ["LOC"]]


def test_records_of_several_dialects_have_one_form_of_tags(tmp_path: Path) -> None:
    doccano = '{"text": "Zuri ran", "label": [[0, 4, "PER"]]}\n'
    suffixes = '{"tokens": ["Lagos", "sings"], "ner_tags": ["LOC-B", "O"]}\n'
    corpus = load(file(tmp_path, suffixes + doccano + suffixes, "a.jsonl"))
    assert [s.spans[0].label for s in corpus] == ["LOC", "PER", "LOC"]
    wrong = '{"tokens": ["Lagos"], "ner_tags": ["?"]}\n'
    with pytest.raises(DataError, match=r"b\.jsonl:3: "):
        load(file(tmp_path, suffixes + doccano + wrong, "b.jsonl"))


def test_white_space_of_any_kind_is_no_part_of_a_type(tmp_path: Path) -> None:
    assert load(file(tmp_path, "Zuri B-PER\u00a0\nran O\nLagos B-LOC\n")).report.types == {"LOC": 1, "PER": 1}
    tokens = '{"tokens": ["Zuri", "ran"], "ner_tags": ["B-PER\u00a0", "O"]}\n'
    assert load(file(tmp_path, tokens, "a.jsonl")).report.types == {"PER": 1}


def test_a_header_names_columns_and_holds_no_word(tmp_path: Path) -> None:
    path = file(tmp_path, "TOKEN\tNE-COARSE-LIT\tMISC\nZuri\tB-PER\t_\nran\tO\tNoSpaceAfter\n", "a.tsv")
    corpus = load(path, token_column=0, tag_column=1)
    assert words(corpus) == [("Zuri", "ran")]
    assert corpus.report.reasons == {"header that names the columns": 1}


def test_comments_with_two_signs(tmp_path: Path) -> None:
    path = file(tmp_path, "## klue-1\tZuri ran.\nZuri\tB-PER\nran\tO\n")
    assert words(load(path)) == [s.words for s in stream_text(path)] == [("Zuri", "ran")]


def test_ontonotes_is_found_whatever_its_name(tmp_path: Path) -> None:
    rows = "a 0 0 Zuri NNP * - - - - (PERSON) -\na 0 1 ran VBD * - - - - * -\n"
    text = f"#begin document (a); part 000\n{rows}\n#end document\n"
    for name in ("a.conll", "a.v4_gold_conll"):
        with pytest.raises(DataError, match="is no tag"):
            load(file(tmp_path, text, name))


def conllu(*miscs: str) -> str:
    return "".join(f"{i}\tw{i}\t_\t_\t_\t_\t0\t_\t_\t{misc}\n" for i, misc in enumerate(miscs, 1)) + "\n"


def test_two_keys_of_joined_files_are_both_read(tmp_path: Path) -> None:
    corpus = load(file(tmp_path, conllu("name=B-PER", "name=O") + conllu("ner=B-LOC", "ner=O"), "a.conllu"))
    assert corpus.report.types == {"LOC": 1, "PER": 1}
    assert not corpus.report.missing


def test_values_of_a_key_of_tags_that_are_none_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.conllu:2: .*PER_1"):
        load(file(tmp_path, conllu("_", "NE=PER_1", "_"), "a.conllu"))


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("a.tsv", "B-PER\tZuri\nO\tmet\nB-PER\tLi\n", "`token_column`"),
        ("a.txt", "B-PER\tZuri\nO\tmet\nB-PER\tLi\n", "begins with a tag"),
        ("a.tsv", "Zuri met Li\tB-PER O B-PER\nOyo grew\tB-LOC O\n", "a word and its tag per line"),
        ("a.txt", "Zuri met Li\tB-PER O B-PER\nOyo grew\tB-LOC O\n", "a word and its tag per line"),
        ("a.txt", "祖里/nr 去/v 奥约/ns 。/w\n他/r 来/v\n", "the words carry tags"),
        ("a.txt", "[奥约/ns 银行/n]nt 开/v 了/u\n", "the words carry tags"),
    ],
)
def test_tags_are_never_taken_for_words(tmp_path, name, content, advice):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    for read in (load, lambda p: list(stream_text(p))):
        with pytest.raises(DataError) as caught:
            read(path)
        assert advice in str(caught.value)


@pytest.mark.parametrize("text", ["Zuri and/or Li met.\nOyo grew.\n", "src/a\nsrc/b\nsrc/c\n", "1/2 cup, 3/4 cup\n"])
def test_slashes_alone_are_text(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    assert list(stream_text(tmp_path / "a.txt"))


@pytest.mark.parametrize(
    "text",
    [
        "Zuri|B-PER ran|O home|O\nLagos|B-LOC slept|O\n",
        "Zuri_B-PER ran_O home_O\nLagos_B-LOC slept_O\n",
        "<PER>Zuri</PER> ran to <LOC>Lagos</LOC> .\n",
        "<START:person> Zuri <END> ran home .\n",
        "[Zuri]{PER} ran to [Oyo]{LOC} .\n",
        "[Zuri](PER) ran home .\n",
        "It rained .\nZuri saw <PER>Li</PER> .\nIt rained .\nThen it was dry .\n",  # most sentences have no name
        "<person>Zuri</person> ran home .\n",
        '<ENAMEX TYPE="PERSON">Zuri</ENAMEX> ran home .\n',
        "[PER Zuri ] ran home .\n",
        "<s>\nZuri ran home .\n</s>\n",
        "('Zuri', 'B-PER')\n('ran', 'O')\n",
        "Zuri|B-PER\nran|O\n\nLi|B-PER\n",
        "Zuri,B-PER\nran,O\n\nLi,B-PER\n",
        "Zuri/PERSON ran/O home/O ./O\n",
        "Zuri_NNP ran_VBD home_NN ._.\n",
        "1\ten\tZuri met Li in Oyo .\n2\ten\tThen it rained a lot .\n",
        "Zuri met Li in Oyo .\tZuri traf Li in Oyo .\nIt rained a lot .\tEs regnete sehr stark .\n",
        "Zuri\tNNP\nran\tVBD\n\nLi\tNNP\nsat\tVBD\n",
    ],
)
def test_names_marked_inside_running_text_are_no_text(tmp_path: Path, text: str) -> None:
    path = file(tmp_path, text, "a.txt")
    for read in (load, lambda p: list(stream_text(p))):
        with pytest.raises(DataError, match=r"would be taken for words"):
            read(path)
    assert list(stream_text(path, format="text"))


def test_markup_of_other_kinds_is_text(tmp_path: Path) -> None:
    path = file(tmp_path, "Zuri wrote <b>home</b> and a/b and x_y .\n", "a.txt")
    assert list(stream_text(path))


def test_a_column_of_tags_is_not_taken_for_the_words(tmp_path: Path) -> None:
    path = file(tmp_path, "Zuri\tB-PER\nran\tO\n")
    with pytest.raises(DataError, match="column 1 holds tags"):
        list(stream_text(path, token_column=1))
    assert [s.words for s in stream_text(path, token_column=0)] == [("Zuri", "ran")]


@pytest.mark.parametrize(
    ("text", "encoding", "says"),
    [("Зури побежала домой\n", "cp1251", "-f ENCODING"), ("東京へ\n", "shift_jis", "-f ENCODING"),
     ("Zuri está aquí\n", "latin-1", "-f LATIN1")],
)  # fmt: skip
def test_latin1_is_advised_only_where_it_can_be(tmp_path: Path, text: str, encoding: str, says: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(DataError, match=says):
        list(stream_text(path))


def test_offsets_that_run_backwards_are_an_error(tmp_path: Path) -> None:
    path = file(tmp_path, '{"text": "🙂 Zuri saw", "label": [[100000000000000000000, 7, "PER"]]}\n', "a.jsonl")
    with pytest.raises(DataError, match=r"a\.jsonl:1: "):
        load(path)


def test_an_entity_of_far_too_many_words_is_an_error(tmp_path: Path) -> None:
    entity = {"index": [0, 10**15], "type": "PER"}
    path = file(tmp_path, json.dumps({"sentence": ["Zuri", "ran"], "ner": [entity]}) + "\n", "a.jsonl")
    with pytest.raises(DataError, match=r"a\.jsonl:1: "):
        load(path)


def test_a_key_of_misc_with_odd_space_in_it_is_an_error(tmp_path: Path) -> None:
    path = file(tmp_path, "1\tZuri" + "\t_" * 7 + "\tNE\u2028=P_1]}\n", "a.conllu")
    with pytest.raises(DataError, match="holds are no tags"):
        load(path)


def test_prefixes_without_a_separator_are_no_types(tmp_path: Path) -> None:
    path = file(tmp_path, "Ana\tBPER\nMira\tIPER\nruns\tO\nto\tO\nLagos\tBLOC\n")
    with pytest.raises(DataError, match=r"data\.conll:1: .*'BPER' is no tag"):
        load(path)


def test_a_file_that_is_packed_twice_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(gzip.compress(b"Zuri B-PER\n")))
    with pytest.raises(DataError, match="packed twice"):
        load(path)


@pytest.mark.parametrize("word", ["\u00a0", "\u3000", "\ufeffZuri"])
def test_a_word_that_would_be_lost_in_columns_is_not_written(tmp_path, word):
    with pytest.raises(DataError, match="jsonl"):
        write(tmp_path / "out.conll", [Sentence((word, "ran"))])


@pytest.mark.parametrize(
    ("head", "kind"), [(b"PAR1\x15\xff", "a Parquet file"), (b"%PDF-1.7", "a PDF"), (b"{\\rtf1 Hi}", "in RTF")]
)
def test_a_file_that_is_no_text_says_what_it_is(head: bytes, kind: str, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(head + b"\n")
    with pytest.raises(DataError, match=f"{kind}, and no text"):
        load(tmp_path / "data")
