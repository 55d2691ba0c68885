"""Fixtures of the translation tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A translation model with random weights, made as NLLB."""
    from tests.translate.tiny import nllb

    return nllb(tmp_path_factory.mktemp("nllb") / "tiny")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A stand-in for Apertium."""
    from tests.translate.tiny import fake_apertium

    return fake_apertium(tmp_path / "bin")
