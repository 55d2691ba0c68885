"""What docs/integrations.md shows runs as it stands."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from xlner.cli import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "integrations.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
NEEDS = {"spaCy": "spacy", "Presidio": "presidio_analyzer", "datasets": "datasets"}
SHOWN = {"spaCy": "('Dalia Chidi', 'PER')", "Presidio": "PERSON 0 11", "Hugging Face": "Cadova", "datasets": "B-LOC"}


@pytest.mark.parametrize("counterpart", SHOWN)
def test_the_blocks_of_the_page_run(counterpart, tiny_model, tmp_path, monkeypatch, capsys):
    pytest.importorskip(NEEDS.get(counterpart, "transformers"))
    if counterpart == "spaCy":
        import xlner.integrations.spacy  # noqa: F401 - in case that the installed package is older than its entry point
    shutil.copytree(tiny_model, tmp_path / "run" / "model")  # as a run has it
    (tmp_path / "more.txt").write_text("Dalia Chidi visita Cadova.\n")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```(python|sh)\n(.*?)```", SECTIONS[counterpart], re.DOTALL)
    assert blocks
    for language, block in blocks:
        if language == "python":
            exec(compile(block, f"{counterpart} of integrations.md", "exec"), {})
            continue
        for line in block.splitlines():
            with pytest.raises(SystemExit) as stopped:
                main(shlex.split(line)[1:])
            assert not stopped.value.code
    assert SHOWN[counterpart] in capsys.readouterr().out
