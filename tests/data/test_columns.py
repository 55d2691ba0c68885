"""Which column holds the words, which the tags, and how tags are spelt."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlner.data import load, stream_text
from xlner.errors import DataError, UsageError

ROWS = [("Zuri", "NNP", "B-PER"), ("met", "VBD", "O"), ("Li", "NNP", "B-PER"), None]
ROWS += [("Oyo", "NNP", "B-LOC"), ("grew", "VBD", "O"), None, ("Then", "RB", "O"), ("rain", "NN", "O"), (".", ".", "O")]


def table(tmp_path: Path, *, number: str, columns: str, separator: str = "\t") -> Path:
    """The rows with something in front: %w counts words from 1, %z from 0, %s sentences, %a words of the whole file."""
    lines, word, sentence, total = [], 0, 1, 0
    for row in ROWS:
        if row is None:
            lines.append("")
            word, sentence = 0, sentence + 1
            continue
        front = number.replace("%w", str(word + 1)).replace("%z", str(word)).replace("%s", str(sentence))
        front = front.replace("%a", str(total + 7))
        picked = [row["wpt".index(c)] for c in columns]
        lines.append(separator.join([*front.split(), *picked]))
        word, total = word + 1, total + 1
    path = tmp_path / "file.conll"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("separator", ["\t", " "])
@pytest.mark.parametrize("columns", ["wt", "wpt"])
@pytest.mark.parametrize(
    "number", ["%w", "%z", "%a", "%s-%w", "s%s.%w", "%s", "sent%s", "doc1", "doc1 0 %z", "%s %w", "%a %s %w"]
)
def test_ids_are_no_words(tmp_path: Path, number: str, columns: str, separator: str) -> None:
    path = table(tmp_path, number=number, columns=columns, separator=separator)
    corpus = load(path)
    assert [s.words for s in corpus] == [("Zuri", "met", "Li"), ("Oyo", "grew"), ("Then", "rain", ".")]
    assert corpus.report.types == {"LOC": 1, "PER": 2}
    assert len(corpus.report.notes) == len(number.split())
    assert all("words are in column" in note for note in corpus.report.notes)
    assert [s.words for s in stream_text(path)] == [s.words for s in corpus]


LINES = {
    "sentence ids, no blank lines": "1 Zuri B-PER/1 met O/1 Li B-PER/2 Oyo B-LOC/2 grew O",
    "sentence names, no blank lines": "s9 Zuri B-PER/s9 met O/s9 Li B-PER/s4 Oyo B-LOC/s4 grew O",
    "a name at the first word only": "S:1\tZuri\tB-PER/\tmet\tO/\tLi\tB-PER/S:2\tOyo\tB-LOC/\tgrew\tO",
    "with a header": "N\tWord\tPOS\tTag/S1\tZuri\tN\tB-PER/\tmet\tV\tO/\tLi\tN\tB-PER/S2\tOyo\tN\tB-LOC/\tgrew\tV\tO",
    "numbers with a dot": "1. Zuri B-PER/2. met O/3. Li B-PER//1. Oyo B-LOC/2. grew O",
    "offsets": "0 4 Zuri B-PER/5 8 met O/9 11 Li B-PER//12 15 Oyo B-LOC/16 20 grew O",
    "ranges of offsets": "0-4 Zuri B-PER/5-8 met O/9-11 Li B-PER//12-15 Oyo B-LOC/16-20 grew O",
}


@pytest.mark.parametrize("rows", LINES.values(), ids=LINES)
def test_other_columns_before_the_words(tmp_path: Path, rows: str) -> None:
    path = tmp_path / "file.tsv"
    path.write_text((rows if "\t" in rows else rows.replace(" ", "\t")).replace("/", "\n") + "\n", encoding="utf-8")
    corpus = load(path)
    assert [s.words for s in corpus] == [("Zuri", "met", "Li"), ("Oyo", "grew")]
    assert corpus.report.types == {"LOC": 1, "PER": 2}
    assert any("words are in column" in note for note in corpus.report.notes)
    assert [s.words for s in stream_text(path)] == [s.words for s in corpus]


@pytest.mark.parametrize("number", ["1", "0"])
def test_the_number_of_the_only_word_is_no_word(tmp_path: Path, number: str) -> None:
    path = tmp_path / "file.tsv"
    path.write_text(f"{number}\tZuri\tB-PER\n\n{number}\tOyo\tB-LOC\n", encoding="utf-8")
    assert [s.words for s in load(path)] == [("Zuri",), ("Oyo",)]


def test_webanno_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "file.tsv"
    text = "#FORMAT=WebAnno TSV 3.3\n\n#Text=Zuri met\n1-1\t0-4\tZuri\tPER\n1-2\t5-8\tmet\t_\n"
    path.write_text(text, encoding="utf-8")
    for read in (load, lambda p: list(stream_text(p))):
        with pytest.raises(DataError, match=r"WebAnno TSV.*CoNLL 2002"):
            read(path)


def test_numbers_can_be_words(tmp_path: Path) -> None:
    path = tmp_path / "file.conll"
    path.write_text("1\tO\n2\tO\n3\tO\n\n1\tO\nOyo\tB-LOC\n", encoding="utf-8")
    assert load(path).sentences[0].words == ("1", "2", "3")
    path.write_text("1\tCD\tO\nman\tNN\tO\n\n2\tCD\tO\nmen\tNN\tO\n\nOyo\tNN\tB-LOC\n", encoding="utf-8")
    assert load(path).sentences[0].words == ("1", "man")
    path.write_text("1\tCD\tO\n2\tCD\tO\n3\tCD\tO\n\n1\tCD\tO\n2\tCD\tB-LOC\n", encoding="utf-8")
    assert load(path).sentences[0].words == ("1", "2", "3")


def test_the_user_is_believed(tmp_path: Path) -> None:
    path = table(tmp_path, number="%w", columns="wpt")
    assert load(path, token_column=0).sentences[0].words == ("1", "2", "3")
    assert [s.words[0] for s in stream_text(path, token_column=2)] == ["NNP", "NNP", "RB"]
    assert load(path, options={"token_column": 1}).sentences[1].words == ("Oyo", "grew")
    with pytest.raises(UsageError, match="cannot both be 1"):
        load(path, token_column=1, tag_column=1)
    with pytest.raises(DataError, match="no column 7"):
        load(path, token_column=7)


def test_columns_do_no_harm_to_raw_text(tmp_path: Path) -> None:
    path = tmp_path / "raw.txt"
    path.write_text("Zuri met Li in Oyo.\nThen it rained.\n", encoding="utf-8")
    reading = stream_text(path, token_column=1)
    assert [len(s) for s in reading] == [6, 4]
    assert reading.report().notes == ("`token_column` has no effect on the format text",)


def test_outer_entities_go_before_nested_ones_which_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "nested.tsv"
    path.write_text(
        "#\tsomewhere\n1\tOyo\tB-ORG\tB-LOC\n2\tBank\tI-ORG\tO\n3\tgrew\tO\tO\n\n1\tLi\tB-PER\tO\n2\tran\tO\tO\n",
        encoding="utf-8",
    )
    corpus = load(path)
    assert [[s.key for s in x.spans] for x in corpus] == [[(0, 2, "ORG")], [(0, 1, "PER")]]
    assert corpus.report.reasons == {"entity nested in another, of a further column": 1}
    assert any("left out 1 times: entity nested" in line for line in corpus.report.remarks())
    assert load(path, tag_column=3).report.types == {"LOC": 1}


@pytest.mark.parametrize(
    "content",
    [
        "Oyo B-NP B-LOC\ngrew B-VP O\n\nLi B-NP B-PER\nran B-VP O\n",  # chunks
        "Oyo B-ORG B-LOC\ngrew O O\n\nLi B-PER B-PER\nran O O\n\nKe B-LOC B-LOC\n",  # gold and prediction
    ],
)
def test_other_columns_of_tags_are_not_nested(tmp_path: Path, content: str) -> None:
    (tmp_path / "file.conll").write_text(content, encoding="utf-8")
    corpus = load(tmp_path / "file.conll")
    assert corpus.sentences[0].spans[0].label == "LOC"
    assert corpus.report.reasons == {}


TAGS = "{b}PER {i}PER O {b}LOC"


@pytest.mark.parametrize(
    ("tags", "scheme", "labels"),
    [
        ("B-PER I-PER O B-LOC", "IOB2", ["PER", "LOC"]),
        ("B_PER I_PER O B_LOC", "IOB2", ["PER", "LOC"]),
        ("B:PER I:PER O B:LOC", "IOB2", ["PER", "LOC"]),
        ("PER-B PER-I O LOC-B", "IOB2", ["PER", "LOC"]),
        ("PER_B PER_E O LOC_S", "BIOES", ["PER", "LOC"]),
        ("b-per i-per o b-loc", "IOB2", ["per", "loc"]),
        ("PER PER O LOC", "IO", ["PER", "LOC"]),
        ("per per o loc", "IO", ["per", "loc"]),
        ("person-actor person-actor O location-GPE", "IO", ["person-actor", "location-GPE"]),
        ("B I O B", "IOB2", ["ENTITY", "ENTITY"]),
        ("B_GPE_LOC I_GPE_LOC O B_PER", "IOB2", ["GPE_LOC", "PER"]),
        ("B-GPE_LOC I-GPE_LOC O B-PER", "IOB2", ["GPE_LOC", "PER"]),
        ("organización organización O persona", "IO", ["organización", "persona"]),
    ],
)
@pytest.mark.parametrize("name", ["a.conll", "a.txt", "a"])
def test_tags_are_read_as_they_are_spelt(tmp_path: Path, name: str, tags: str, scheme: str, labels: list[str]) -> None:
    path = tmp_path / name
    path.write_text("".join(f"w{i}\t{tag}\n" for i, tag in enumerate(tags.split())), encoding="utf-8")
    corpus = load(path)
    assert [s.key for s in corpus.sentences[0].spans] == [(0, 2, labels[0]), (3, 4, labels[1])]
    assert corpus.report.scheme == scheme
    assert bool(corpus.report.notes) == (not tags.startswith("B-"))


def test_bare_types_can_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("Oyo\tLOC\nBank\tORG\n", encoding="utf-8")  # without any O nothing shows that these are tags
    with pytest.raises(DataError, match=r"'LOC' is no tag.*bare types, `scheme` is IO"):
        load(path, format="conll")
    assert load(path, scheme="IO").report.types == {"LOC": 1, "ORG": 1}


def test_a_column_of_parts_of_speech_is_no_column_of_types(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("Oyo\tNNP\ngrew\tVBD\n.\t.\n", encoding="utf-8")
    with pytest.raises(DataError, match=":1: 'NNP' is no tag"):
        load(path)


def test_a_slip_among_good_tags_is_still_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("Oyo\tB-LOC\nand\tO\n\nKe\tB-LOC\nLi\tPER\n", encoding="utf-8")
    with pytest.raises(DataError, match=":5: 'PER' is no tag"):
        load(path)


@pytest.mark.parametrize("outside", ["O\tO", "O\t", "O\t_", "O\t-"])
def test_letters_and_types_in_columns_of_their_own(tmp_path: Path, outside: str) -> None:
    path = tmp_path / "two.tsv"
    path.write_text(f"Zuri\tB\tPER\nLi\tB\tPER\nKe\tI\tPER\nsaw\t{outside}\nOyo\tB\tLOC\n", encoding="utf-8")
    corpus = load(path)
    assert [s.key for s in corpus.sentences[0].spans] == [(0, 1, "PER"), (1, 3, "PER"), (4, 5, "LOC")]
    assert any("column 1 holds the letters of the tags and column 2 their types" in n for n in corpus.report.notes)
    assert [s.words for s in stream_text(path)] == [corpus.sentences[0].words]
    assert load(path, tag_column=1, scheme="IOB2").report.types == {"ENTITY": 3}


@pytest.mark.parametrize(
    "content",
    [
        "Zuri\tB-PER\n\t9\nran\tO\n",
        "Zuri\tB-PER\n\tO:\nran\tO\n",
        "#-PER\n#oyo B-LOC\n",
        "#C\n# \tO\n",
        "# id 3f2a\tdomain=sw\nAmina _  _ _ ",
        "# id 3f2a\tdomain=sw\nAmina _ _ B",
        "Zuri PER\n# PER\nsaw O\nOyo LOC\nwith O\nAda PER\n",
        "# document_id = own-1\n# segment = _\nZuri\tB-p",
        "Zuri\tPER\nLi\tPER\nsaw\tO\n\n# text = x\tPER\nran\tO\n",
    ],
)
def test_words_are_the_same_with_labels_and_without(tmp_path: Path, content: str) -> None:
    path = tmp_path / "small.conll"
    path.write_text(content, encoding="utf-8")
    corpus = load(path)
    assert [s.words for s in corpus] == [s.words for s in stream_text(path)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        # no blank lines: document, sentence, number of the word; sentences end where the second changes
        ("d\ts1\t1\tZuri\tB-PER\nd\ts1\t2\tran\tO\nd\ts2\t1\tLi\tB-PER\nd\ts2\t2\tsaw\tO\n", "Zuri ran|Li saw"),
        ("1\tZuri\tB-PER\n2\tran\tO\n1\tLi\tB-PER\n2\tsaw\tO\n3\tit\tO\n", "Zuri ran|Li saw it"),
        ("1-1\tZuri\tB-PER\n1-2\tran\tO\n2-1\tLi\tB-PER\n2-2\tsaw\tO\n", "Zuri ran|Li saw"),
        (
            "a\t1\tZuri\tB-PER\na\t1\tran\tO\na\t2\tLi\tB-PER\na\t2\tsaw\tO\n"
            "b\t1\tKe\tB-PER\nb\t1\tsat\tO\nb\t2\tOyo\tB-LOC\nb\t2\tgrew\tO\n",
            "Zuri ran|Li saw|Ke sat|Oyo grew",
        ),
        # numbers as tables write them, with marks around, in other digits, counting down, and times of speech
        ("0.0\tZuri\tB-PER\n1.0\tran\tO\n2.0\tLi\tB-PER\n", "Zuri ran Li"),
        ("[1]\tZuri\tB-PER\n[2]\tran\tO\n\n[1]\tLi\tB-PER\n[2]\tsaw\tO\n", "Zuri ran|Li saw"),
        ("1/2\tZuri\tB-PER\n2/2\tran\tO\n\n1/3\tLi\tB-PER\n2/3\tsaw\tO\n3/3\tit\tO\n", "Zuri ran|Li saw it"),
        ("١\tZuri\tB-PER\n٢\tran\tO\n\n١\tLi\tB-PER\n٢\tsaw\tO\n", "Zuri ran|Li saw"),
        ("-2\tZuri\tB-PER\n-1\tran\tO\n\n-2\tLi\tB-PER\n-1\tsaw\tO\n", "Zuri ran|Li saw"),
        ("d.s1.w1.x\tZuri\tB-PER\nd.s1.w2.x\tran\tO\nd.s1.w3.x\tLi\tB-PER\n", "Zuri ran Li"),
        ("0.00\t0.35\tZuri\tB-PER\n0.35\t0.70\tran\tO\n0.70\t0.90\thome\tO\n", "Zuri ran home"),
        # ranges and empty nodes, as treebanks have them
        ("1\tZuri\tB-PER\n2-3\tdel\tO\n2\tde\tO\n3\tel\tO\n3.1\tx\tO\n4\tOyo\tB-LOC\n", "Zuri de el Oyo"),
    ],
)
def test_ids_of_all_shapes_are_no_words(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "ids.tsv"
    path.write_text(content, encoding="utf-8")
    corpus = load(path)
    assert "|".join(" ".join(s.words) for s in corpus) == words
    assert [s.words for s in stream_text(path)] == [s.words for s in corpus]
    assert any("words are in column" in note for note in corpus.report.notes)


@pytest.mark.parametrize(
    "content",
    [
        "\tsentence_id\tword\ttag\n0\ts1\tZuri\tPER\n1\ts1\tran\tO\n",
        "token\tentity\nZuri\tPER\nran\tO\n",
        "text label\nZuri PER\nran O\n",
        "Sentence #\tWord\tPOS\tTag\nSentence: 1\tZuri\tNNP\tB-PER\nNaN\tran\tVBD\tO\n",
        "No.\tTOKEN\tNE-TAG\tNE-EMB\n1\tZuri\tB-PER\tO\n2\tran\tO\tO\n",
        "id\tform\tpos\tne\n0\tZuri\tX\tPER\n1\tran\tX\tO\n",
    ],
)
def test_a_first_line_that_names_the_columns_is_believed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "named.tsv"
    path.write_text(content, encoding="utf-8")
    corpus = load(path)
    assert [s.words for s in corpus] == [s.words for s in stream_text(path)] == [("Zuri", "ran")]
    assert corpus.report.types == {"PER": 1}
    assert corpus.report.reasons == {"header that names the columns": 1}


def test_a_hash_before_a_word_with_a_tag_is_no_comment(tmp_path: Path) -> None:
    path = tmp_path / "tweets.conll"
    path.write_text("Zuri B-PER\nran O\n#New York B-LOC\n", encoding="utf-8")
    with pytest.raises(DataError, match=":3: 3 columns"):
        load(path)


@pytest.mark.parametrize("tag", ["B-P|B-pf", "B-P+B-pf", "B-P/B-pf", "B-P,B-pf"])
def test_several_tags_of_a_word_are_refused(tmp_path: Path, tag: str) -> None:
    path = tmp_path / "nested.conll"
    path.write_text(f"Zuri {tag}\nran O\n", encoding="utf-8")
    with pytest.raises(DataError, match="is several tags"):
        load(path)


@pytest.mark.parametrize("separator", "./+")
def test_further_signs_between_letter_and_type(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "a.conll"
    path.write_text(f"Zuri B{separator}PER\nLi I{separator}PER\nran O\n", encoding="utf-8")
    assert [s.key for s in load(path).sentences[0].spans] == [(0, 2, "PER")]


@pytest.mark.parametrize("letters", [("BEGIN", "INSIDE"), ("Start", "In")])
def test_letters_spelt_out_are_refused(tmp_path: Path, letters: tuple[str, str]) -> None:
    path = tmp_path / "a.conll"
    path.write_text(f"Zuri {letters[0]}-PER\nLi {letters[1]}-PER\nran O\n", encoding="utf-8")
    with pytest.raises(DataError, match="is no tag"):
        load(path)


def test_small_files_have_outer_entities_too(tmp_path: Path) -> None:
    path = tmp_path / "g.tsv"
    path.write_text("1\tAna\tB-PER\tO\n2\tTU\tB-ORG\tO\n3\tOyo\tI-ORG\tB-LOC\n\n1\tLi\tB-PER\tO\n", encoding="utf-8")
    assert load(path).report.types == {"PER": 2, "ORG": 1}


def test_two_columns_of_tags_are_told(tmp_path: Path) -> None:
    path = tmp_path / "two.conll"
    path.write_text("Oyo B-ORG B-LOC\ngrew O O\n\nLi B-PER B-PER\nran O O\n\nKe B-LOC B-LOC\n", encoding="utf-8")
    assert any("hold tags; those of the last were taken" in note for note in load(path).report.notes)


@pytest.mark.parametrize("last", ["_ _ _", "Q1 O NIL", "POS O NEG"])
def test_a_column_of_tags_wins_over_a_last_one_of_other_things(tmp_path: Path, last: str) -> None:
    path = tmp_path / "more.tsv"
    rows = zip(("Zuri", "ran", "Oyo"), ("B-PER", "O", "B-LOC"), last.split(), strict=True)
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    corpus = load(path)
    assert corpus.report.types == {"PER": 1, "LOC": 1}
    assert "column 1 holds tags and the last one does not; `tag_column` names another" in corpus.report.notes


def test_letters_with_an_empty_type_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.conll"
    path.write_text("Zuri B-\nLi I-\nran O\n", encoding="utf-8")
    with pytest.raises(DataError, match="'B-' is no tag"):
        load(path)


def test_few_predictions_beside_gold_are_not_nested_in_it(tmp_path: Path) -> None:
    """A tagger that finds few entities, and those rightly: the last column is read, with nothing left out."""
    found = "Li B-PER B-PER\nran O O\n\n"
    missed = "Ke B-LOC O\ngrew O O\n\nOyo B-LOC O\nBank I-LOC O\n\n"
    (tmp_path / "file.conll").write_text(found * 4 + missed * 10, encoding="utf-8")
    report = load(tmp_path / "file.conll").report
    assert (report.types, report.reasons) == ({"PER": 4}, {})


def test_chunks_with_names_of_their_own_are_no_entities_in_a_short_file(tmp_path: Path) -> None:
    (tmp_path / "file.conll").write_text(
        "राम B-NP B-PER\nगया B-VGF O\nऔर B-CCP O\nघर B-NP O\n\n" * 20, encoding="utf-8"
    )
    assert load(tmp_path / "file.conll").report.types == {"PER": 20}


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        ("en:Ana\tB-PER\nen:\tO\nen:ran\tO\n\n" + "en:she\tO\n" * 40, ("Ana", "ran"), "en:, which was taken off"),
        ("simple:Ana\tB-PER\nsimple:ran\tO\n", ("Ana", "ran"), "simple:, which was taken off"),
        ("en:Ana\tB-PER\n\nde:Bo\tB-PER\n", ("en:Ana",), "en:, de:, which were left on"),
        ("re:\tO\n", ("re:",), ""),
    ],
)
def test_prefixes_of_languages(tmp_path: Path, content: str, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "file.conll").write_text(content, encoding="utf-8")
    corpus = load(tmp_path / "file.conll")
    assert corpus.sentences[0].words == words
    assert said in " ".join(corpus.report.notes)
    assert bool(corpus.report.notes) == bool(said)
