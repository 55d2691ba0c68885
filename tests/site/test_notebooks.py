"""The notebooks run from top to bottom, on the beginning of the corpus and with a small encoder."""

from __future__ import annotations

import os

import pytest
from tests.site.commands import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
nbformat = pytest.importorskip("nbformat")


def test_there_are_two():
    assert len(NOTEBOOKS) == 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_valid_and_has_no_outputs(path):
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    assert [cell.id for cell in book.cells if cell.get("outputs")] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs(path, tiny_encoder, tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")])))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    book = nbformat.read(path, as_version=4)
    (settings,) = [cell for cell in book.cells if "parameters" in cell.metadata.get("tags", ())]
    wanted = {"encoder": str(tiny_encoder), "epochs": 1, "sentences": 20, "folder": str(tmp_path / "run")}
    assert {line.partition(" =")[0] for line in settings.source.splitlines()} == wanted.keys()
    settings.source = "\n".join(f"{name} = {value!r}" for name, value in wanted.items())
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute(cwd=str(tmp_path))
    outputs = [output for cell in book.cells for output in cell.get("outputs", ())]
    kinds = {kind for output in outputs for kind in output.get("data", ())}
    assert kinds & {"text/html", "image/png"}
