"""What each augmentation does to words, entities and unknown words."""

from __future__ import annotations

import pytest
from tests.toy import sentences

from xlner.augment.augmenter import Augmenter, steps_of
from xlner.augment.back_translation import BackTranslation
from xlner.core.types import Sentence, Span
from xlner.data import convert, load
from xlner.errors import DataError, OptionError, UsageError

ANA = Sentence(("Ana", "Boris", "visits", "Arcol", "today"), (Span(0, 2, "PER"), Span(3, 4, "LOC")), "eng")
FLIGHT = Sentence(("Sábado", "en", "Łódź", "y", "Việt", "Nam"), (Span(2, 3, "LOC"), Span(4, 6, "LOC")), "spa")


def changed(name, *items, epoch=0, seed=1, **options):
    return Augmenter.of({name: options}, list(items), seed=seed).epoch(epoch)


def text(sentence):
    return " ".join(sentence.words)


def entities(sentence):
    return [(" ".join(sentence.words[s.start : s.end]), s.label) for s in sentence.spans]


def test_small_letters():
    (made,) = changed("lower-case", ANA)
    assert text(made) == "ana boris visits arcol today"
    assert made.spans == ANA.spans


def test_no_diacritics_but_vowel_signs_of_other_scripts():
    hindi = Sentence(("दिल्ली", "서울", "مُدُن", "أحمد", "القرآن"))
    plain, others = changed("no-diacritics", FLIGHT, hindi)
    assert text(plain) == "Sabado en Lodz y Viet Nam"
    assert plain.spans == FLIGHT.spans
    assert others == hindi


@pytest.mark.parametrize("name", ["typos", "ocr-noise"])
def test_one_small_error_in_a_share_of_the_words(name):
    items = sentences(200)
    made = changed(name, *items, rate=0.5)
    assert [m.spans for m in made] == [s.spans for s in items]
    pairs = [(a, b) for m, s in zip(made, items, strict=True) for a, b in zip(s.words, m.words, strict=True)]
    other = [(a, b) for a, b in pairs if a != b]
    assert 0.2 < len(other) / len(pairs) < 0.6
    assert all(abs(len(a) - len(b)) <= 1 for a, b in other)
    if name == "typos":
        assert all(a[0] == b[0] and set(b) <= set(a) for a, b in other)


def test_masked_words_are_the_unknown_piece_of_the_encoder():
    later = Augmenter.of({"word-masking": {"rate": 1}, "lower-case": {}}, [ANA], unknown="[UNK]").epoch(0)
    assert "[UNK]" in later[0].words  # noise leaves it whole
    made = Augmenter.of({"word-masking": {"rate": 1}}, [ANA], unknown="[UNK]").epoch(0)
    assert set(made[0].words) == {"[UNK]"}
    assert made[0].spans == ANA.spans


def test_another_name_of_the_same_type_and_the_span_covers_it():
    items = sentences(60)
    names = {entity for s in items for entity in entities(s)}
    made = changed("entity-replacement", *items, rate=1)
    assert {entity for m in made for entity in entities(m)} <= names
    assert sum(entities(m) != entities(s) for m, s in zip(made, items, strict=True)) > 40
    assert any(len(m) != len(s) for m, s in zip(made, items, strict=True))
    outside = [[w for i, w in enumerate(s.words) if not any(x.start <= i < x.end for x in s.spans)] for s in items]
    assert outside == [
        [w for i, w in enumerate(m.words) if not any(x.start <= i < x.end for x in m.spans)] for m in made
    ]


def test_names_of_the_same_length_keep_every_word_a_word():
    items = sentences(60)
    made = changed("entity-replacement", *items, rate=1, same_length=True)
    assert [m.spans for m in made] == [s.spans for s in items]
    assert made != items


def test_names_of_a_gazetteer(tmp_path):
    path = tmp_path / "names.tsv"
    path.write_text("# places\nLOC\tSan Juan\n\nLOC\tOyo\n", "utf-8")
    augmenter = Augmenter.of({"entity-replacement": {"gazetteer": str(path), "rate": 1}}, [ANA])
    made = [augmenter.one(0, epoch) for epoch in range(20)]
    assert {entities(m)[1] for m in made} == {("San Juan", "LOC"), ("Oyo", "LOC")}
    assert {entities(m)[0] for m in made} == {("Ana Boris", "PER")}
    assert augmenter.notes() == [f"{path} has no PER; such entities stayed as they were"]
    path.write_text("LOC\tOyo\nLagos\n", "utf-8")
    with pytest.raises(DataError, match=r"names.tsv:2: is no line of a gazetteer; wanted is TYPE<TAB>NAME"):
        changed("entity-replacement", ANA, gazetteer=str(path))
    path.write_text("# nothing\n", "utf-8")
    with pytest.raises(DataError, match="holds no name"):
        changed("entity-replacement", ANA, gazetteer=str(path))


def test_mentions_are_masked_or_cut():
    (masked,) = changed("mention-dropout", ANA, rate=1)
    assert text(masked) == "<unk> <unk> visits <unk> today"
    assert masked.spans == ANA.spans
    (cut,) = changed("mention-dropout", ANA, rate=1, how="drop")
    assert text(cut) in ("Ana visits Arcol today", "Boris visits Arcol today")
    assert [s.key for s in cut.spans] == [(0, 1, "PER"), (2, 3, "LOC")]


@pytest.mark.parametrize("name", ["entity-replacement", "mention-dropout"])
def test_raw_text_has_no_entities_to_change(name):
    raw = ANA.without_labels()
    assert changed(name, raw, rate=1) == [raw]


class TestCodeSwitching:
    @pytest.fixture
    def dictionary(self, tmp_path):
        path = tmp_path / "en-es.txt"
        path.write_text("visit\tvisita\ntoday\thoy día\nBoris\tBorís\nthe old\tviejo\n", "utf-8")
        return str(path)

    def test_words_are_translated_and_names_stay(self, dictionary):
        (made,) = changed("code-switching", ANA, dictionary=[dictionary], rate=1)
        assert text(made) == "Ana Boris visita Arcol hoy día"
        assert made.spans == ANA.spans

    def test_names_go_too_where_they_may(self, dictionary):
        (made,) = changed("code-switching", ANA, dictionary=[dictionary], rate=1, entities=True)
        assert text(made) == "Ana Borís visita Arcol hoy día"
        assert made.spans == ANA.spans

    def test_word_by_word(self, dictionary):
        (made,) = changed("code-switching", ANA, dictionary=[dictionary], rate=1, one_word=True)
        assert text(made) == "Ana Boris visita Arcol today"

    def test_the_name_of_a_file_tells_the_direction(self, dictionary):
        spanish = Sentence(("Ana", "visita"), (), "spa")
        french = Sentence(("Ana", "visite"), (), "fra")
        made = changed("code-switching", spanish, french, dictionary=[dictionary], rate=1)
        assert [text(m) for m in made] == ["Ana visit", "Ana visite"]

    def test_several_words_of_one_entry(self, dictionary):
        train = Sentence(("in", "the", "old", "train", "Ana"), (Span(4, 5, "PER"),), "eng")
        (made,) = changed("code-switching", train, dictionary=[dictionary], rate=1)
        assert (text(made), entities(made)) == ("in viejo train Ana", [("Ana", "PER")])

    def test_each_word_in_one_of_several_languages(self, dictionary, tmp_path):
        german = tmp_path / "en-de.txt"
        german.write_text("visit\tbesucht\ntoday\theute\n", "utf-8")
        made = {
            text(changed("code-switching", ANA, dictionary=[dictionary, str(german)], rate=1, seed=seed)[0])
            for seed in range(30)
        }
        verbs = ("visita", "besucht")
        assert made == {f"Ana Boris {verb} Arcol {day}" for verb in verbs for day in ("hoy día", "heute")}

    def test_a_file_without_a_name_for_sentences_without_a_language(self, tmp_path):
        (tmp_path / "words.txt").write_text("visits\tvisita\n", "utf-8")
        nameless = Sentence(ANA.words, ANA.spans)
        (made,) = changed("code-switching", nameless, dictionary=[str(tmp_path / "words.txt")], rate=1)
        assert text(made) == "Ana Boris visita Arcol today"

    def test_a_dictionary_of_other_languages_is_refused(self, dictionary):
        french = Sentence(("Ana", "visite"), (), "fra")
        with pytest.raises(UsageError, match=r"no dictionary of .*en-es.txt is of the language of the sentences, fr"):
            changed("code-switching", french, dictionary=[dictionary])


class TestLonger:
    def test_in_training_a_sentence_is_followed_by_its_neighbours(self):
        items = sentences(3)
        made = changed("longer-sentences", *items)
        assert [text(m) for m in made] == [
            text(items[0]) + " " + text(items[1]), text(items[1]) + " " + text(items[2]), text(items[2]),
        ]  # fmt: skip
        assert entities(made[0]) == entities(items[0]) + entities(items[1])

    def test_a_test_set_has_each_entity_once(self):
        items = [*sentences(5), *sentences(2, "spa")]
        made = Augmenter.of({"longer-sentences": {"sentences": 3}}, items).test_set()
        assert [len(entities(m)) for m in made] == [6, 4, 4]
        assert [e for m in made for e in entities(m)] == [e for s in items for e in entities(s)]
        assert [m.language for m in made] == ["eng", "eng", "spa"]

    def test_unknown_words_follow(self):
        unknown = Sentence(("a", "b"), missing=((1, 2),))
        made = changed("longer-sentences", unknown, unknown)
        assert made[0].missing == ((1, 2), (3, 4))


class TestBackTranslation:
    @pytest.fixture
    def translator(self, tmp_path):
        """Word by word, by a lexicon whose way back has other words."""
        (tmp_path / "there.txt").write_text("visits\tbesucht\ntoday\theute\nback\tzurück\nbesucht\tsees\nheute\tnow\n")
        options = {"dictionary": [str(tmp_path / "there.txt")], "choice": "first"}
        return {"name": "lexicon", **options}

    def test_the_text_between_entities_changes(self, translator):
        item = Sentence(
            ("Ana", "visits", "today", "back", "and", "Arcol", "today"), (Span(0, 1, "PER"), Span(5, 6, "LOC")), "eng"
        )
        (made,) = changed("back-translation", item, through="de", translator=translator)
        assert (text(made), entities(made)) == ("Ana sees now zurück and Arcol today", entities(item))

    def test_the_translator_gets_the_text_as_it_was_written(self, translator, monkeypatch):
        asked = []
        lines = BackTranslation._lines

        def noted(self, texts, source, target):
            asked.append((source, list(texts)))
            return lines(self, texts, source, target)

        monkeypatch.setattr(BackTranslation, "_lines", noted)
        words = ("Ana", "visits", "today", ",", "back", "and", "(", "maybe", ")", "stays")
        written = "Ana visits today, back\tand (maybe) stays"
        ends, place = [], 0
        for word in words:
            place = written.index(word, place) + len(word)
            ends.append((place - len(word), place))
        item = Sentence(words, (Span(0, 1, "PER"),), "eng", text=written, offsets=tuple(ends))
        changed("back-translation", item, through="de", translator=translator)
        assert asked[0] == ("eng", ["visits today, back and (maybe) stays"])

    def test_it_comes_first_and_knows_the_language(self, translator):
        with pytest.raises(OptionError, match="`augment` must have back-translation before all others"):
            steps_of({"typos": {}, "back-translation": {"through": "de"}})
        with pytest.raises(UsageError, match="do not tell their language; say its `language`"):
            changed("back-translation", Sentence(("a", "b", "c", "d")), through="de", translator=translator)


def test_one_after_the_other_and_the_unknown_word_stays_whole():
    made = Augmenter.of({"mention-dropout": {"rate": 1}, "lower-case": None}, [ANA], unknown="<UNK>").epoch(0)
    assert text(made[0]) == "<UNK> <UNK> visits <UNK> today"
    made = Augmenter.of({"lower-case": {}, "mention-dropout": {"rate": 1}}, [ANA], unknown="<UNK>").epoch(0)
    assert text(made[0]) == "<UNK> <UNK> visits <UNK> today"


def test_what_becomes_of_a_sentence_follows_from_seed_epoch_and_place_alone():
    items = sentences(40)
    chosen = "entity-replacement,typos,word-masking"
    made = Augmenter.of(chosen, items, seed=3)
    assert made.one(7, 2) == Augmenter.of(chosen, items, seed=3).epoch(2)[7]
    assert made.epoch(2) == made.epoch(2)
    others = [made.epoch(3), Augmenter.of(chosen, items, seed=4).epoch(2)]
    assert all(other != made.epoch(2) for other in others)


def test_a_share_of_the_sentences_and_others_in_each_epoch():
    items = sentences(400)
    made = Augmenter.of("lower-case", items, share=0.25)
    same = [[m == s for m, s in zip(made.epoch(e), items, strict=True)] for e in range(2)]
    assert all(0.65 < sum(row) / len(row) < 0.85 for row in same)
    assert same[0] != same[1]


def test_as_text_as_yaml_and_as_a_mapping():
    asked = ["typos, lower-case", "{typos: {rate: 0.1}, lower-case: }", {"typos": {"rate": 0.1}, "lower-case": None}]
    made = [Augmenter.of(a, sentences(20)).epoch(0) for a in asked]
    assert made[0] == made[1] == made[2]


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ("magic", "`augment` names no augmentation with 'magic'; there are: entity-replacement"),
        ("", "`augment` names no augmentation"),
        ("{typos", "`augment` is no YAML mapping"),
        ({"typos": {"rate": 2}}, "`augment` cannot be: the augmentation typos: rate must be at most 1, got '2'"),
        ({"typos": 0.5}, "`augment` must be a mapping of options behind typos, got '0.5'"),
        ("code-switching", "`augment` cannot be: the augmentation code-switching: dictionary is needed"),
    ],
)
def test_what_cannot_be_is_said_in_plain_words(chosen, why):
    with pytest.raises(OptionError) as refused:
        steps_of(chosen)
    assert str(refused.value).startswith(why)


@pytest.mark.parametrize(
    "chosen",
    [{"entity-replacement": {"same_length": True}}, "mention-dropout", "word-masking,typos,lower-case,ocr-noise"],
)
def test_those_that_keep_words_do(chosen):
    items = sentences(100)
    made = Augmenter.of(chosen, items)
    assert made.keeps_words
    assert [len(m) for m in made.epoch(0)] == [len(s) for s in items]


def test_a_sentence_keeps_its_text_only_where_nothing_changed():
    item = ANA.with_text()
    assert changed("no-diacritics", item) == [item]
    assert changed("lower-case", item)[0].text is None


def test_changed_sentences_can_be_written(tmp_path):
    from xlner.data import write

    made = Augmenter.of("word-masking,typos,ocr-noise", sentences(20)).test_set()
    write(tmp_path / "out.conll", made)
    assert [s.words for s in load(tmp_path / "out.conll")] == [m.words for m in made]
    convert(tmp_path / "out.conll", tmp_path / "out.jsonl")
