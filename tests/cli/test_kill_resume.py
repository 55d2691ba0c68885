from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from tests.conftest import ROOT

FULL = pytest.mark.skipif("XLNER_FULL_TESTS" not in os.environ, reason="takes a minute: set XLNER_FULL_TESTS=1")


@pytest.mark.parametrize("method", ["distill", pytest.param("translate-train", marks=FULL)])
def test_a_killed_run_resumes_to_the_same_result(method):
    """A random kill here; `benchmarks/kill_resume.py --kills 20` is the long form."""
    script = ROOT / "benchmarks" / "kill_resume.py"
    words = [sys.executable, str(script), "--kills", "1", "--method", method]
    made = subprocess.run(words, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[-2000:]
    result = json.loads(made.stdout)
    assert result["kills"] == 1
    assert result["different"] == []
