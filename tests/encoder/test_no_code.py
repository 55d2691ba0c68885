"""A model folder never runs code, whatever stands on standard input."""

from __future__ import annotations

import ast
import io
import json
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

import xlner
from xlner.core.labels import LabelSet
from xlner.encoder import load_encoder, load_tokenizer
from xlner.encoder.load import load_checkpoint
from xlner.errors import ModelError
from xlner.tagger import Tagger

CLASSES = (
    "AutoConfig", "AutoModel", "AutoModelForMaskedLM", "AutoModelForSeq2SeqLM", "AutoModelForTokenClassification",
    "AutoTokenizer",
)  # fmt: skip


@pytest.fixture
def trap(tiny_encoder, tmp_path, monkeypatch):
    """A model folder whose code, if it ran, would leave a file; and "yes" on standard input."""
    folder = tmp_path / "trap"
    shutil.copytree(tiny_encoder, folder)
    mark = tmp_path / "it ran"
    (folder / "code.py").write_text(
        f"open({str(mark)!r}, 'w').close()\n"
        "from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast\n"
        "class C(BertConfig):\n    model_type = 'trap'\n"
        "class M(BertForTokenClassification):\n    config_class = C\n"
        "class T(PreTrainedTokenizerFast):\n    pass\n"
    )
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "trap", "architectures": ["BertForTokenClassification"], "id2label": {"0": "O", "1": "B-PER"},
        "auto_map": {name: "code.C" if name == "AutoConfig" else "code.M" for name in CLASSES[:-1]},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings |= {"tokenizer_class": "T", "auto_map": {"AutoTokenizer": [None, "code.T"]}}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))
    yield folder
    assert not mark.exists(), "code of a model folder was run"


def _nmt(folder: str) -> object:
    from xlner.project.scores.translation import _loaded

    return _loaded(folder, "cpu")


@pytest.mark.parametrize(
    "load",
    [load_tokenizer, load_encoder, load_checkpoint, Tagger.load, lambda f: Tagger.fresh(f, LabelSet(("PER",))), _nmt],
    ids=["tokenizer", "encoder", "checkpoint", "tagger", "fresh", "translation"],
)
def test_code_in_a_model_folder_is_never_run(trap, load):
    with pytest.raises(ModelError, match="trap"):
        load(str(trap))


def test_a_tokenizer_with_code_beside_a_known_model_is_not_run(trap, tiny_encoder):
    shutil.copy(tiny_encoder / "config.json", trap / "config.json")
    with suppress(ModelError):
        load_tokenizer(trap)  # without its code, as a plain fast tokenizer


COMMANDS = """
predict TRAP -
evaluate TRAP GOLD
evaluate TRAP TEXT --estimate
evaluate KNOWN TEXT --estimate --also TRAP
compare TRAP PREDICTED --gold GOLD
compare PREDICTED TRAP --gold GOLD
train --source en=GOLD --encoder TRAP --output OUT
transfer --source en=TRAP --target es=TEXT --output OUT
transfer --source en=GOLD --source de=TRAP --target es=TEXT --output OUT
transfer --source en=GOLD --target es=TEXT --encoder TRAP --output OUT
align --source TEXT --target TEXT --encoder TRAP --output OUT
align --source TEXT --target TEXT --aligner layers --encoder TRAP --output OUT
project --source GOLD --target TEXT --encoder TRAP --output OUT
project --source GOLD --target TEXT --score ner --ner-model TRAP --output OUT
project --source GOLD --target TEXT --score nmt --nmt-model TRAP --output OUT
similarity --language en=TEXT --language es=TEXT --measure embedding:centroid --encoder TRAP
similarity --language en=TEXT --language es=TEXT --measure lexical:subwords --encoder TRAP
similarity --language en=TEXT --language es=TEXT --measure language-id --encoder TRAP
translate --from en --to es --translator hf --model TRAP TEXT OUT
""".strip().splitlines()


@pytest.mark.parametrize("line", COMMANDS)
def test_no_command_runs_code_of_a_model(trap, tiny_encoder, tmp_path, line, capsys):
    from tests.toy import sentences, write_conll, write_text

    from xlner.cli import main

    places = {"TRAP": trap, "OUT": tmp_path / "out", "PREDICTED": write_conll(tmp_path / "p.conll", sentences(5))}
    places["GOLD"] = write_conll(tmp_path / "g.conll", sentences(5))
    if "KNOWN" in line:
        places["KNOWN"] = Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER"))).save(tmp_path / "known")
    places["TEXT"] = write_text(tmp_path / "t.txt", sentences(5))
    words = line.split()
    for name, place in places.items():
        words = [w.replace(name, str(place)) for w in words]
    with pytest.raises(SystemExit) as stopped:
        main(words)
    told = capsys.readouterr().err
    assert stopped.value.code == 1
    assert "trap" in told
    assert "Traceback" not in told


def test_every_loading_call_says_no_to_code():
    found = 0
    for file in Path(xlner.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id.startswith("Auto") and node.func.attr == "from_pretrained":
                found += 1
                text = ast.unparse(node)
                assert "trust_remote_code=False" in text or "**{" in text, f"{file}: {text}"
    assert found >= 6
