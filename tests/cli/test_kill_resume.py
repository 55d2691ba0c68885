from __future__ import annotations

import json
import subprocess
import sys

from tests.conftest import ROOT


def test_a_killed_run_resumes_to_the_same_result():
    """Four random kills here; `benchmarks/kill_resume.py --kills 20` is the long form."""
    script = ROOT / "benchmarks" / "kill_resume.py"
    made = subprocess.run([sys.executable, str(script), "--kills", "4"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[-2000:]
    result = json.loads(made.stdout)
    assert result["kills"] == 4
    assert result["different"] == []
