from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import yaml
from tests.toy import sentences, write_conll, write_text


def test_two_processes_train_one_model(tmp_path, tiny_encoder):
    write_conll(tmp_path / "train.conll", sentences(200))
    write_text(tmp_path / "raw.txt", sentences(150, "spa", seed=5))
    write_conll(tmp_path / "gold.conll", sentences(40, "spa", seed=9))
    fast = {"learning_rate": 1e-2, "batch_subwords": 128, "freeze_embeddings": False, "epochs": 4}
    settings = {"encoder": str(tiny_encoder), "chunk_sentences": 64, "teacher": fast, "student": fast}
    (tmp_path / "fast.yaml").write_text(yaml.safe_dump(settings))
    made = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29511",
         "-m", "xlner", "transfer", "--source", f"en={tmp_path / 'train.conll'}",
         "--target", f"es={tmp_path / 'raw.txt'}",
         "--gold", str(tmp_path / "gold.conll"), "--output", str(tmp_path / "run"), "--device", "cpu",
         "--config", str(tmp_path / "fast.yaml")],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-3000:]
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["target"]["f1"] > 0.9


def test_the_others_wait_for_the_main_process_and_get_what_it_made(tmp_path):
    made = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29513",
         "-m", "tests.train.waiting", str(tmp_path)],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-3000:]
    results = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)]
    assert results == [{"there": there, "text": "by 0", "given": "made by 0", "all": True} for there in (False, True)]


@pytest.mark.skipif("XLNER_FULL_TESTS" not in os.environ, reason="takes half a minute: set XLNER_FULL_TESTS=1")
def test_fewer_batches_than_processes_end_with_the_same_weights_everywhere(tmp_path, tiny_encoder):
    processes = 3
    made = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(processes), "--master-port",
         str(29520 + processes), "-m", "tests.train.few_sentences", str(tiny_encoder), str(tmp_path)],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-3000:]
    results = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(processes)]
    assert results == [results[0]] * processes
    assert results[0]["changed"] == {"model": True, "head": True}
