"""A small tagger, and its graphs, which are written once: torch takes seconds for each."""

from __future__ import annotations

import hashlib
import shutil

import pytest
from tests.quick_model import make_model
from tests.toy import sentences, write_conll

from xlner.export import folder, graph


@pytest.fixture(scope="session")
def model(tmp_path_factory, tiny_encoder):
    """A tagger of two layers that finds people and places."""
    return make_model(tmp_path_factory.mktemp("export") / "model", tiny_encoder)


@pytest.fixture(scope="session")
def gold(tmp_path_factory):
    return write_conll(tmp_path_factory.mktemp("gold") / "gold.conll", sentences(40, seed=3))


@pytest.fixture(scope="session")
def graphs(tmp_path_factory):
    return tmp_path_factory.mktemp("graphs")


@pytest.fixture(autouse=True)
def graphs_are_written_once(graphs, monkeypatch):
    """The same weights make the same graph."""

    def remembered(network, file):
        state = hashlib.sha256()
        for name, weight in network.state_dict().items():
            state.update(name.encode() + weight.numpy().tobytes())
        kept = graphs / state.hexdigest()
        if not kept.exists():
            graph.write_graph(network, kept)
        shutil.copyfile(kept, file)

    monkeypatch.setattr(folder, "write_graph", remembered)


@pytest.fixture
def exported(model, tmp_path):
    """The tagger's folder as int8."""
    from xlner import export

    export(model, tmp_path / "int8", quantise="int8")
    return tmp_path / "int8"
