"""xlner demo --corpus: the files that tutorials begin with."""

from __future__ import annotations

import json

import pytest

from xlner.cli import main
from xlner.data.demo import demo_file


def test_the_corpus_is_copied_and_nothing_is_trained(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "--corpus", str(tmp_path / "corpus"), "--json"])
    assert not stopped.value.code
    copies = json.loads(capsys.readouterr().out)
    assert sorted(copies) == sorted(str(p) for p in (tmp_path / "corpus").iterdir())
    assert (tmp_path / "corpus" / "es.gold.conll").read_bytes() == demo_file("es.gold.conll").read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["corpus"]


def test_a_file_in_the_way_is_said(tmp_path, capsys):
    (tmp_path / "corpus").write_text("not a folder")
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "--corpus", str(tmp_path / "corpus")])
    assert stopped.value.code == 1
    assert "corpus" in capsys.readouterr().err
