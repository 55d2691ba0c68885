"""A tiny model, and a tagger that knows some names in many scripts."""

from __future__ import annotations

import pytest
from tests.quick_model import make_model

from xlner.core.labels import LabelSet
from xlner.core.types import Span

NAMES = {
    ("Ana", "García"): "PER", ("Lima",): "LOC", ("Amina",): "PER", ("Kano",): "LOC",
    ("北", "京"): "LOC", ("北京",): "LOC", ("القاهرة",): "LOC", ("دلهی",): "LOC", ("दिल्ली",): "LOC", ("Москве",): "LOC",
    ("กรุงเทพ",): "LOC", ("አዲስ", "አበባ"): "LOC",
}  # fmt: skip


class KnowsNames:
    """Finds the names above wherever they stand, sure to 0.9."""

    labels = LabelSet(("LOC", "PER"))

    def predict(self, sentences):
        for sentence in sentences:
            spans, at = [], 0
            while at < len(sentence):
                name = next((n for n in NAMES if sentence.words[at : at + len(n)] == n), ())
                if size := len(name):
                    spans.append(Span(at, at + size, NAMES[name], 0.9))
                at += size or 1
            yield sentence.with_spans(tuple(spans))


@pytest.fixture
def knows_names():
    return KnowsNames()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory, tiny_encoder):
    """A model folder; it finds Ana, Boris and Arcol, and takes a moment to load."""
    return make_model(tmp_path_factory.mktemp("tiny") / "model", tiny_encoder)
