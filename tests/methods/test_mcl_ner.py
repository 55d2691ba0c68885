"""Multi-view teachers: code-switched copies, translations, what each part does, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.methods.test_bitext import FAST, LABELS, WORDS, in_spanish
from tests.toy import sentences

from xlner.core.run_folder import RunFolder
from xlner.errors import DataError, UsageError
from xlner.evaluate import score
from xlner.methods.mcl_ner import MCLNER
from xlner.methods.task import Source, Task

GOLD = sentences(60, "spa", seed=9)
TEXT = sentences(80)
RAW = [s.without_labels() for s in sentences(60, "spa", seed=5)]
TRANSLATIONS = {"1-en": lambda: (in_spanish(s).without_labels() for s in TEXT)}


@pytest.fixture
def quick(tiny_encoder):
    return MCLNER.Options(encoder=str(tiny_encoder), teacher=replace(FAST, batch_subwords=48), student=FAST)


@pytest.fixture
def dictionaries(tmp_path):
    path = tmp_path / "dictionary.txt"
    path.write_text("".join(f"{a}\t{b}\n" for a, b in WORDS.items()), "utf-8")
    return {"eng": str(path)}


def task(*sources, **more):
    source = Source(language="eng", sentences=tuple(TEXT), name="1-en")
    return Task(sources=sources or (source,), target="spa", labels=LABELS, raw=lambda: iter(RAW), **more)


def fit(asked, options, folder):
    MCLNER.check(asked, options)
    folder.mkdir(parents=True, exist_ok=True)
    return MCLNER.fit(asked, options, RunFolder(folder))


def parts_of_loss(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return {k for line in lines for k in line} & {"tags", "sentences", "relations"}


def test_code_switched_copies_and_translations_are_views(quick, dictionaries, tmp_path):
    made = fit(task(dictionaries=dictionaries, translations=TRANSLATIONS), quick, tmp_path / "run")
    assert score(GOLD, list(made.model.predict(GOLD))).f1 > 0.9
    assert [t.name for t in made.baselines] == ["1-en"]
    assert "teacher 1-en: 80 sentence pairs are learnt from" in made.notes
    assert parts_of_loss(tmp_path / "run" / "teachers" / "1-en") == {"tags", "sentences", "relations"}


def test_the_semantic_contrast_can_be_switched_off(quick, dictionaries, tmp_path):
    options = replace(quick, semantic_contrast=0, distill=False)
    made = fit(task(dictionaries=dictionaries), options, tmp_path / "run")
    assert parts_of_loss(tmp_path / "run" / "teachers" / "1-en") == {"tags", "relations"}
    assert made.baselines == ()


def test_relations_can_be_switched_off(quick, dictionaries, tmp_path):
    options = replace(quick, relation_contrast=0, learn_switched=False, distill=False)
    fit(task(dictionaries=dictionaries), options, tmp_path / "run")
    assert parts_of_loss(tmp_path / "run" / "teachers" / "1-en") == {"tags", "sentences"}


def test_too_few_translations_are_an_error(quick, tmp_path):
    few = {"1-en": lambda: (in_spanish(s).without_labels() for s in TEXT[:-1])}
    with pytest.raises(DataError, match="1-en-translated: the target side ends after 79 sentences"):
        fit(task(translations=few), quick, tmp_path)


def test_what_has_no_effect_or_no_view_is_refused(quick, dictionaries):
    with pytest.raises(UsageError, match="needs another view of its sentences"):
        MCLNER.check(task(), quick)
    with pytest.raises(UsageError, match="`dictionary de=FILE` is for no labelled source"):
        MCLNER.check(task(dictionaries={"deu": dictionaries["eng"]}), quick)
    with pytest.raises(UsageError, match="`semantic_contrast` is 0"):
        MCLNER.check(task(translations=TRANSLATIONS), replace(quick, semantic_contrast=0))
    with pytest.raises(UsageError, match="all sources are models"):
        MCLNER.check(task(Source(language="eng", model="x", name="1-en")), quick)
