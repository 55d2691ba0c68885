"""Models of transformers, converted and run by CTranslate2."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.translate import tiny
from tests.translate.test_parts import HOUSE, made
from xlner.errors import MissingExtraError, ModelError, UsageError

ROMANCE = (">>por<<", ">>spa<<")
KINDS = {
    "nllb": tiny.nllb,
    "m2m100": tiny.m2m100,
    "marian": lambda folder: tiny.marian(folder, tokens=ROMANCE, pair=("en", "roa")),
    "madlad": tiny.madlad,
}


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Makes a translator whose conversions go to a folder of this test."""
    pytest.importorskip("ctranslate2")
    monkeypatch.setenv("XLNER_CACHE", str(tmp_path / "cache"))

    def make(folder: Path, pair=("en", "pt"), **values):
        return made("ctranslate2", pair, **{"model": str(folder), "device": "cpu", "beams": 2, **values})

    return make


def conversions(tmp_path) -> list[Path]:
    return sorted((tmp_path / "cache").iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_the_model_says_in_torch(kind, engine, tmp_path):
    pytest.importorskip("sentencepiece")
    folder = KINDS[kind](tmp_path / "m")
    pair = ("en", "zh-TW") if kind == "madlad" else ("en", "pt")
    there = made("hf", pair, model=str(folder), device="cpu", precision="fp32", beams=1)._model()
    here = engine(folder, pair, quantisation="float32", beams=1)._model()
    ids = there._encode(HOUSE)
    assert ids == here._encode(HOUSE)
    wanted = there.generate_ids(ids, 8)
    known = set(here.tokenizer.get_vocab().values()) | set(getattr(here.tokenizer, "lang_code_to_id", {}).values())
    for got, want in zip(here.generate_ids(ids, 8), wanted, strict=True):
        assert [i if i in known else here.tokenizer.unk_token_id for i in want][: len(got)] == got
        assert len(got) >= min(8, len(want))


class TestConversion:
    def test_the_first_token_names_the_target(self, engine, tiny_nllb):
        assert engine(tiny_nllb).translate([*HOUSE, ""]) == ["a"] * 4 + [""]
        assert engine(tiny_nllb, ("en", "sw")).translate(HOUSE) == ["x"] * 4

    def test_it_is_done_once_and_kept(self, engine, tiny_nllb, tmp_path):
        engine(tiny_nllb)
        (first,) = conversions(tmp_path)
        before = (first / "model.bin").stat().st_mtime_ns
        engine(tiny_nllb)
        assert conversions(tmp_path) == [first]
        assert (first / "model.bin").stat().st_mtime_ns == before
        engine(tiny_nllb, quantisation="float32")
        assert len(conversions(tmp_path)) == 2

    def test_other_weights_are_converted_anew(self, engine, tiny_nllb, tmp_path):
        folder = shutil.copytree(tiny_nllb, tmp_path / "m")
        version = engine(folder).version()
        from safetensors.torch import load_file, save_file

        weights = load_file(folder / "model.safetensors")
        save_file({k: v + 1 for k, v in weights.items()}, folder / "model.safetensors", metadata={"format": "pt"})
        assert engine(folder).version() != version
        assert len(conversions(tmp_path)) == 2

    def test_a_killed_conversion_is_done_again(self, engine, tiny_nllb, tmp_path, monkeypatch):
        from xlner.translate import ctranslate2_model

        def killed(self, folder, **values):
            (Path(folder) / "half").write_text("x")
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(ctranslate2_model._Converter, "convert", killed)
            with pytest.raises(KeyboardInterrupt):
                engine(tiny_nllb)
        assert engine(tiny_nllb).translate(HOUSE) == ["a"] * 4

    def test_pickled_weights_are_never_read(self, engine, tiny_nllb, tmp_path):
        folder = shutil.copytree(tiny_nllb, tmp_path / "m")
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
        with pytest.raises(ModelError, match="cannot be loaded"):
            engine(folder)
        assert conversions(tmp_path) == []


class TestMistakes:
    def test_an_unknown_language_lists_those_there_are(self, engine, tiny_nllb):
        with pytest.raises(UsageError, match="has no gl; its languages: en, fa, pt, sw, zh"):
            engine(tiny_nllb, ("en", "gl"))

    def test_a_translation_without_end_is_said(self, engine, tmp_path):
        pytest.importorskip("sentencepiece")
        translator = engine(tiny.marian(tmp_path / "m"), ("en", "de"))
        translator._model().generate_ids = lambda ids, room: [[5] * room for _ in ids]
        assert translator.translate(["the house"]) == [""]
        assert translator.failed == {"the house": "no end of the translation came"}

    def test_an_absent_package_is_named(self, tiny_nllb, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "ctranslate2", None)
        with pytest.raises(MissingExtraError, match=r"pip install 'xlner\[ctranslate2\]'"):
            made("ctranslate2", ("en", "pt"), model=str(tiny_nllb))
