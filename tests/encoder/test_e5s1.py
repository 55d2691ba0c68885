"""Reading the binary file."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from xlner.encoder.e5s1 import E5S1File, Header
from xlner.errors import ModelError


def opened(path: Path, data: bytes) -> E5S1File:
    file = path / "weights.bin"
    file.write_bytes(data)
    return E5S1File(file)


def read_all(path: Path, data: bytes, shapes: dict[str, tuple[int, ...]]) -> None:
    source = opened(path, data)
    for name, shape in shapes.items():
        for _ in source.blocks(name, shape):
            pass


def test_header_and_vocabulary(tmp_path, tiny):
    source = opened(tmp_path, tiny.data)
    assert source.header == Header(32, 1, 2, 64, 17, 16, 2, 1e-12)
    vocabulary = source.vocabulary
    assert vocabulary.pieces[:6] == ("<s>", "<pad>", "</s>", "<unk>", "▁", "▁ab")
    assert vocabulary.scores.shape == (15,)
    assert (vocabulary.bos, vocabulary.eos, vocabulary.pad, vocabulary.unk) == (0, 2, 1, 3)
    assert vocabulary.normalisation == {"\x02": "", "\xa0": " ", "\u3000": " ", "ｂ": "b", "㏒": "abc"}


@pytest.mark.parametrize("rows_at_once", [1, 3, 8192])
def test_tensors_are_exact_however_they_are_cut(tmp_path, tiny, rows_at_once):
    source = opened(tmp_path, tiny.data)
    assert source.tensor_names == list(tiny.matrices)
    for name, wanted in tiny.matrices.items():
        blocks = list(source.blocks(name, wanted.shape, rows_at_once=rows_at_once))
        got = np.concatenate(blocks)
        assert got.dtype == np.float32
        np.testing.assert_array_equal(got, wanted)


def test_a_file_cut_anywhere_is_refused(tmp_path, tiny):
    shapes = {name: m.shape for name, m in tiny.matrices.items()}
    for size in [0, 3, 4, 7, *range(8, len(tiny.data), 61), len(tiny.data) - 1]:
        with pytest.raises(ModelError, match="again"):
            read_all(tmp_path, tiny.data[:size], shapes)


@pytest.mark.parametrize("start", [b"E5S2" + struct.pack("<I", 1), b"E5S1" + struct.pack("<I", 2)])
def test_another_format_is_refused(tmp_path, tiny, start):
    with pytest.raises(ModelError, match="no E5S1 file of version 1"):
        opened(tmp_path, start + tiny.data[8:])


def test_other_block_sizes_are_refused(tmp_path, tiny):
    with pytest.raises(ModelError, match="blocks of 64"):
        opened(tmp_path, tiny.data[:40] + struct.pack("<i", 64) + tiny.data[44:])


def test_absent_tensors_and_wrong_shapes_are_refused(tmp_path, tiny):
    source = opened(tmp_path, tiny.data)
    with pytest.raises(ModelError, match=r"no tensor 'l7\.q\.w'"):
        next(source.blocks("l7.q.w", (32, 32)))
    with pytest.raises(ModelError, match=r"should have shape \(64, 64\)"):
        next(source.blocks("l0.q.w", (64, 64)))
