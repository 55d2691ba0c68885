"""Word by word from dictionaries."""

from __future__ import annotations

import gzip

import pytest

from xlner.api.translate import translate
from xlner.errors import DataError, OptionError, UsageError
from xlner.translate import TRANSLATORS
from xlner.translate.dictionary import Dictionary, pair_of, stems
from xlner.translate.translator import LinkedTranslation, LinksWords

WIKTIONARY = """# English :: Spanish dictionary
house {n} /haʊs/ (building; for people) :: casa {f}, vivienda {f}
house {n} (dynasty) :: casa {f} [formal]
house {v} :: alojar
the {article} :: el, la
red {adj} :: rojo {m}
white {adj} :: blanco
White House {prop} (residence) :: Casa Blanca {f}
New York {prop} :: Nueva York {f}
York {prop} :: York
William {prop} (name) :: Guillermo {m}
bush {n} :: arbusto {m}
turkey {n} :: pavo {m}
Turkey {prop} :: Turquía {f}
US {prop} :: EE. UU.
city {n} :: ciudad {f}
look for {v} :: buscar
be {v} :: ser, estar
tower block {n} SEE: high-rise ::
high-rise {n} :: rascacielos {m}
sentence {n} :: a string of very many words indeed
"""


@pytest.fixture
def dictionary(tmp_path):
    path = tmp_path / "en-es.txt"
    path.write_text(WIKTIONARY)
    return path


def made(*paths, pair=("en", "es"), choice="first", **values):
    out = TRANSLATORS.build("lexicon", {"dictionary": [str(p) for p in paths], "choice": choice, **values})
    out.languages(*pair)
    return out


def said(dictionary, text, **values):
    return made(dictionary, **values).translate([text])[0]


class TestDictionary:
    def test_notes_of_wiktionary_are_no_translation(self, dictionary):
        entries = Dictionary.load([dictionary]).entries
        assert entries["house"].translations == {"casa": 2, "vivienda": 1, "alojar": 1}
        assert entries["White House"].name
        assert not entries["house"].name

    def test_an_entry_that_points_to_another_has_its_translations(self, dictionary):
        assert list(Dictionary.load([dictionary]).entries["tower block"].translations) == ["rascacielos"]

    def test_what_is_too_long_is_counted(self, dictionary):
        assert Dictionary.load([dictionary]).skipped == 1

    def test_tabs_and_spaces_and_packed_files(self, tmp_path):
        with gzip.open(tmp_path / "a.tsv.gz", "wt") as out:
            out.write("house\tcasa\nyou (plural)\tvosotros\n")
        (tmp_path / "b.txt").write_text("house vivienda\nhouse casa\n")
        entries = Dictionary.load([tmp_path / "a.tsv.gz", tmp_path / "b.txt"]).entries
        assert entries["house"].translations == {"casa": 2, "vivienda": 1}
        assert "vosotros" in entries["you"].translations

    def test_one_of_the_other_direction_is_read_backwards(self, tmp_path):
        (tmp_path / "spa-eng.tsv").write_text("casa\thouse\n")
        entries = Dictionary.load([tmp_path / "spa-eng.tsv"], ("eng", "spa")).entries
        assert list(entries["house"].translations) == ["casa"]

    def test_a_line_that_is_none_is_an_error_with_its_place(self, tmp_path):
        (tmp_path / "d.txt").write_text("house casa\nthis is some prose\n")
        with pytest.raises(DataError, match=r"d\.txt:2: is no line of a dictionary; wanted is head<TAB>translation"):
            Dictionary.load([tmp_path / "d.txt"])
        (tmp_path / "d.txt").write_text("\n")
        with pytest.raises(DataError, match="holds no entry"):
            Dictionary.load([tmp_path / "d.txt"])

    def test_pairs_by_name(self):
        assert pair_of("x/en-es.txt") == pair_of("eng-spa.tsv.gz") == ("eng", "spa")
        assert pair_of("dictionary.txt") is pair_of("my-dictionary.txt") is None

    @pytest.mark.parametrize(
        ("word", "head"),
        [("houses", "house"), ("cities", "city"), ("stopped", "stop"), ("making", "make"), ("was", "be"),
         ("n't", "not"), ("women", "woman")],
    )  # fmt: skip
    def test_stems(self, word, head):
        assert head in stems(word, "eng")


class TestWords:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("The red houses .", "El rojo casa ."),
            ("the  house, (red)", "el  casa, (rojo)"),
            ("THE RED HOUSE", "EL ROJO CASA"),
            ("We look for the House in New York", "We buscar el House in Nueva York"),
            ("the US was red", "el EE. UU. ser rojo"),
            ("the White House", "el Casa Blanca"),
            ("TURKEY 1996-08-30", "TURQUÍA 1996-08-30"),
            ("it isn't", "it sern't"),
            ("the Williams", "el Williams"),
            ("zzz 17 %", "zzz 17 %"),
        ],
    )  # fmt: skip
    def test_translations(self, dictionary, text, wanted):
        assert said(dictionary, text) == wanted

    def test_names_without_entry_are_kept(self, dictionary):
        assert said(dictionary, "the Bush") == "el Bush"
        assert said(dictionary, "the Bush", keep_names=False) == "el Arbusto"
        assert said(dictionary, "the bush") == "el arbusto"

    def test_a_sentence_may_begin_with_a_word_that_is_cut_in_a_dictionary(self, dictionary, tmp_path):
        (tmp_path / "more.tsv").write_text("The\tLaHaya\n")
        assert said(dictionary, "The house") == "El casa"
        out = made(dictionary, tmp_path / "more.tsv").translate(["The house", "“The house"])
        assert out == ["El casa", "“El casa"]

    def test_words_without_entry_are_counted(self, dictionary):
        engine = made(dictionary)
        engine.translate(["the zzz house zzz of Smith"])
        assert engine.unknown == {"zzz": 2, "of": 1}
        assert engine.notes()[0].startswith("2 of 6 words have an entry, 1 are names without one, and 3 others")

    def test_the_report_of_a_file_says_so(self, dictionary, tmp_path):
        (tmp_path / "in.txt").write_text("the house\nzzz\n\n")
        report = translate(tmp_path / "in.txt", tmp_path / "out.txt", source="en", target="es", translator="lexicon",
                           options={"dictionary": [str(dictionary)], "choice": "first"})  # fmt: skip
        assert (tmp_path / "out.txt").read_text() == "el casa\nzzz\n\n"
        assert "1 others stayed as they were; most often zzz (1)" in " ".join(report.as_dict()["notes"])
        assert report.tally.unchanged == 1


class TestLinks:
    def test_every_word_says_where_it_came_from(self, dictionary):
        engine = made(dictionary)
        assert isinstance(engine, LinksWords)
        (out,) = engine.translate_words([["We", "look", "for", "the", "US", "."]])
        assert out == LinkedTranslation(
            ("We", "buscar", "el", "EE.", "UU.", "."), ((0, 0), (1, 1), (2, 1), (3, 2), (4, 3), (4, 4), (5, 5))
        )

    def test_nothing_is_lost(self, dictionary):
        sentences = [["The", "White", "House", "in", "New", "York"], [], ["17", "%"], ["a b", "\u200b"]]
        for words, out in zip(sentences, made(dictionary).translate_words(sentences), strict=True):
            assert {i for i, _ in out.links} == set(range(len(words)))
            assert {j for _, j in out.links} == set(range(len(out.words)))
            assert list(out.links) == sorted(out.links)

    def test_protected_words_stay_and_end_entries(self, dictionary):
        engine = made(dictionary)
        (out,) = engine.translate_words([["the", "White", "House", "in", "New", "York"]], protected=[[(1, 3), (5, 6)]])
        assert out.words == ("el", "White", "House", "in", "New", "York")


class TestChoice:
    def test_votes_and_vectors_of_the_encoder_choose(self, dictionary, tiny_encoder):
        engine = made(dictionary, choice="static", encoder=str(tiny_encoder))
        assert engine.translate(["the house"])[0].split()[1] == "casa"
        again = made(dictionary, choice="static", encoder=str(tiny_encoder))
        assert again.version() == engine.version() != made(dictionary).version()

    def test_the_sentence_chooses(self, tmp_path, tiny_encoder, monkeypatch):
        """A translation that is nearest to the word in its sentence wins over votes."""
        import numpy as np

        from xlner.translate.lexicon_choice import Chooser

        (tmp_path / "d.txt").write_text("bank banco\nbank orilla\nriver río\n")
        north, east = np.array([1.0, 0.0]), np.array([0.0, 1.0])

        def encode(self, sentences):
            told = {"banco": north, "orilla": east}
            out = []
            for words in sentences:
                inside = east if "river" in words else north
                out.append(np.stack([told.get(w, inside) for w in words]) if words else np.zeros((0, 2)))
            return out

        monkeypatch.setattr(Chooser, "_encode", encode)
        monkeypatch.setattr("xlner.translate.lexicon_choice._FREQUENCY", 0.0)
        monkeypatch.setattr("xlner.translate.lexicon_choice._HEAD", 0.0)
        engine = made(tmp_path / "d.txt", choice="context", encoder=str(tiny_encoder))
        assert engine.translate(["river bank", "bank money"]) == ["río orilla", "banco money"]

    def test_long_and_empty_sentences_have_a_vector_for_each_word(self, dictionary, tiny_encoder):
        from xlner.translate.lexicon_choice import Chooser

        sentences = [["house"] * 2000, [], ["a" * 3000, "\u200b", "b"]]
        out = Chooser(str(tiny_encoder), device="cpu")._encode(sentences)
        assert [len(v) for v in out] == [2000, 0, 3]
        assert all((abs(v).sum(1) > 0).all() for v in out)

    def test_neighbours_in_a_batch_change_nothing(self, dictionary, tiny_encoder):
        engine = made(dictionary, choice="context", encoder=str(tiny_encoder))
        sentences = ["the house", "The red house was in the city of New York , they said", "be"]
        assert engine.translate(sentences) == [engine.translate([s])[0] for s in sentences]


class TestMistakes:
    def test_a_pair_that_no_file_has(self, dictionary):
        with pytest.raises(UsageError, match="lexicon cannot translate en-de; it has: en-es, es-en"):
            made(dictionary, pair=("en", "de"))

    def test_dictionaries_of_two_pairs(self, dictionary, tmp_path):
        (tmp_path / "en-de.txt").write_text("house Haus\n")
        with pytest.raises(UsageError, match=r"en-de.txt is a dictionary of eng and deu, not of en and es"):
            made(dictionary, tmp_path / "en-de.txt")

    def test_no_file(self, tmp_path):
        with pytest.raises(OptionError, match="`dictionary` must be a file or more"):
            made()
        with pytest.raises(DataError, match="no such file"):
            made(tmp_path / "absent.txt")


def test_heads_of_languages_without_spaces(tmp_path):
    (tmp_path / "zh-en.txt").write_text("北京\tBeijing\n大学\tuniversity\n大\tbig\n学\tlearn\n学生\tstudent\n", "utf-8")
    assert made(tmp_path / "zh-en.txt", pair=("zh", "en")).translate(["北京大学学生"]) == ["Beijing university student"]


@pytest.mark.parametrize(
    ("pair", "entry", "text", "translation"),
    [
        (("tr", "en"), "ırmak\triver", "Irmak", "River"),
        (("tr", "en"), "iş\tjob", "Uzun İŞ", "Uzun JOB"),
        (("en", "tr"), "job\tiş", "Job", "İş"),
        (("en", "tr"), "job\tiş", "the JOB", "the İŞ"),
        (("en", "es"), "job\templeo", "Job", "Empleo"),
    ],
)
def test_capitals_of_turkish(tmp_path, pair, entry, text, translation):
    (tmp_path / "words.txt").write_text(entry + "\n", "utf-8")
    assert made(tmp_path / "words.txt", pair=pair).translate([text]) == [translation]
