"""Fixtures that every test folder shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


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
