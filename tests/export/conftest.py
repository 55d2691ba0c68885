"""A small tagger, and its graphs, which are written once: torch takes seconds for each."""

from __future__ import annotations

import hashlib
import shutil

import pytest
from tests.quick_model import make_model
from tests.toy import sentences, write_conll

import xlner
from xlner.export import folder, graph


@pytest.fixture(scope="session")
def model(tmp_path_factory, tiny_encoder):
    """A tagger of two layers that finds people and places."""
    return make_model(tmp_path_factory.mktemp("export") / "model", tiny_encoder)


@pytest.fixture(scope="session")
def gold(tmp_path_factory):
    return write_conll(tmp_path_factory.mktemp("gold") / "gold.conll", sentences(20, seed=3))


@pytest.fixture(scope="session")
def graphs(tmp_path_factory):
    return tmp_path_factory.mktemp("graphs")


@pytest.fixture(scope="session")
def write_once(graphs):
    """The same weights make the same graph."""

    def remembered(network, file):
        state = hashlib.sha256()
        for name, weight in network.state_dict().items():
            state.update(name.encode() + weight.numpy().tobytes())
        kept = graphs / state.hexdigest()
        if not kept.exists():
            graph.write_graph(network, kept)
        shutil.copyfile(kept, file)

    return remembered


@pytest.fixture(autouse=True)
def graphs_are_written_once(write_once, monkeypatch):
    monkeypatch.setattr(folder, "write_graph", write_once)


@pytest.fixture(scope="session")
def exported_once(model, gold, write_once, tmp_path_factory):
    """Folders as fp32 and as int8."""
    place = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder, "write_graph", write_once)
        for quantise in (None, "int8"):
            xlner.export(model, place / (quantise or "fp32"), quantise=quantise, gold=gold)
    return place


@pytest.fixture(scope="session")
def openvino(model, gold, write_once, tmp_path_factory):
    """What an export to OpenVINO came to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder, "write_graph", write_once)
        return xlner.export(model, tmp_path_factory.mktemp("openvino") / "x", format="openvino", gold=gold)


@pytest.fixture
def exported(exported_once, tmp_path):
    """The tagger's folder as int8, to be changed at will."""
    return shutil.copytree(exported_once / "int8", tmp_path / "int8")
