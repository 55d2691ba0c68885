"""Every labelled file of the real data sets, against counts made elsewhere. Skips where they are absent."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path

import pytest

from xlner.core.types import Sentence
from xlner.data import load, split_words, stream_text

SENTENCES = {
    "conll/en": (14041, 3250, 3453),
    # One more than usually reported: this copy has a stray blank line (line 15) inside a sentence.
    "conll/de": (12153, 2867, 3005),
    "conll/es": (8323, 1915, 1517),
    "conll/nl": (15806, 2895, 5195),
    **{f"wikiann/{code}": (20000, 10000, 10000) for code in ("en", "de", "es", "nl", "fr", "pt")},
}
ENTITIES = {"conll/en": 23499, "conll/es": 18798, "conll/nl": 13344, "conll/de": 11851}


def in_full(folder: str, small: Container[str]) -> object:
    """A folder that is read with XLNER_FULL_TESTS alone, unless it is a small one."""
    long = folder not in small and "XLNER_FULL_TESTS" not in os.environ
    return pytest.param(folder, marks=pytest.mark.skipif(long, reason="many files: set XLNER_FULL_TESTS=1"))


@pytest.mark.parametrize("folder", [in_full(f, ("conll/de", "conll/es", "wikiann/de")) for f in SENTENCES])
def test_published_counts(shared_data: Path, folder: str) -> None:
    extension = ".txt" if folder.startswith("conll") else ""
    corpora = [load(shared_data / folder / f"{part}{extension}") for part in ("train", "dev", "test")]
    assert tuple(map(len, corpora)) == SENTENCES[folder]
    if folder in ENTITIES:
        assert corpora[0].report.entities == ENTITIES[folder]
    assert not any(word.startswith(folder[-2:] + ":") for c in corpora[1:] for s in c for word in s.words[:1])


def test_one_corpus_in_two_schemes_has_the_same_entities(shared_data: Path) -> None:
    old = load(shared_data / "conll/en_iob1/eng.testa")
    new = load(shared_data / "conll/en/dev.txt")
    assert (old.report.scheme, new.report.scheme) == ("IOB1", "IOB2")
    assert [(s.words, s.spans) for s in old] == [(s.words, s.spans) for s in new]


AFRICAN = [
    "bam",
    "bbj",
    "ewe",
    "fon",
    "hau",
    "kin",
    "lug",
    "luo",
    "mos",
    "nya",
    "pcm",
    "sna",
    "swa",
    "tsn",
    "twi",
    "yor",
]
OTHER = ["uner", "europarl_ner", "other_ner", *(f"masakhaner2/{code}" for code in AFRICAN)]


@pytest.mark.parametrize("folder", [in_full(f, ("europarl_ner", "masakhaner2/bam", "masakhaner2/yor")) for f in OTHER])
def test_all_other_files_are_read(shared_data: Path, folder: str) -> None:
    suffixes = {".txt", ".iob2", ".conll", ".conll02", ".tsv"}
    files = [p for p in sorted((shared_data / folder).rglob("*")) if p.suffix in suffixes]
    assert files
    for path in files:
        corpus = load(path)
        assert corpus.report.format == ("uner" if folder == "uner" else "conll"), path
        assert corpus.report.entities > 0, path
        if "train" not in path.name:  # once more as raw text; the large files would say nothing new
            assert sum(1 for _ in stream_text(path)) == len(corpus), path


def word_f1(sentences: list[Sentence], language: str) -> float:
    """F1 of our word boundaries against the corpus's own."""
    both = ours = gold = 0
    for sentence in sentences:
        if sentence.text is not None and sentence.offsets is not None:
            found = set(split_words(sentence.text, language))
            both += len(found & set(sentence.offsets))
            ours += len(found)
            gold += len(sentence.offsets)
    return 2 * both / (ours + gold)


@pytest.mark.parametrize(
    ("name", "language", "least"),
    [
        ("en_ewt-ud-dev", "en", 0.98),
        ("da_ddt-ud-dev", "da", 0.99),
        ("sv_talbanken-ud-dev", "sv", 0.99),
        ("pt_bosque-ud-dev", "pt", 0.99),
        ("sr_set-ud-dev", "sr", 0.99),
        ("de_pud-ud-test", "de", 0.98),
    ],
)
def test_our_words_are_those_of_annotated_corpora(shared_data: Path, name: str, language: str, least: float) -> None:
    assert word_f1(load(shared_data / "uner" / f"{name}.iob2").sentences, language) > least


def test_no_chinese_entity_begins_or_ends_inside_one_of_our_words(shared_data: Path) -> None:
    for sentence in load(shared_data / "uner/zh_gsdsimp-ud-dev.iob2"):
        if sentence.text is None or sentence.offsets is None:
            continue
        edges = {edge for word in split_words(sentence.text, "zh") for edge in word}
        for span in sentence.spans:
            assert {sentence.offsets[span.start][0], sentence.offsets[span.end - 1][1]} <= edges
