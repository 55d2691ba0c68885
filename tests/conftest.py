"""Fixtures that every test folder shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Files of few tests that take long. With several processes they come first, so that none is left to one of them alone.
LONG = (
    "study/test_plans.py", "encoder/test_embedded.py", "cli/test_kill_resume.py", "cli/test_plugin.py",
    "train/test_distributed.py", "align/test_tuned.py", "study/test_study.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first."""
    place = {ROOT / "tests" / name: n for n, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path, len(LONG)))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data sets, kept outside the project. XLNER_TEST_DATA names the folder; tests skip without it."""
    folder = Path(os.environ.get("XLNER_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data sets are not at {folder} (set XLNER_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer encoder with random weights, as an ordinary Hugging Face folder."""
    from tests.toy import make_encoder

    return make_encoder(tmp_path_factory.mktemp("encoder") / "tiny")
