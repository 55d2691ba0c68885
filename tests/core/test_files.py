"""Files and folders appear whole or not at all."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from xlner.core.files import atomic, atomic_bytes, atomic_folder, recover_folder, remove_folder, replace_file
from xlner.errors import UsageError, XlnerError


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.txt"
    with atomic(path) as out:
        out.write("é\n")
        assert not path.exists()
    assert path.read_bytes() == "é\n".encode()
    assert os.listdir(path.parent) == ["a.txt"]


@pytest.mark.parametrize("how", [atomic, atomic_bytes, replace_file])
def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, how) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    half = b"half" if how is atomic_bytes else "half"
    half = b"half" if how is atomic_bytes else "half"
    with pytest.raises(ZeroDivisionError), how(path) as out:  # noqa: PT012
        (out.write_text if how is replace_file else out.write)(half)
        _ = 1 / 0
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_library_writes_its_own_file(tmp_path: Path) -> None:
    with replace_file(tmp_path / "w.safetensors") as place:
        assert place.suffix == ".safetensors"
        assert place.parent == tmp_path
        place.write_bytes(b"weights")
    assert os.listdir(tmp_path) == ["w.safetensors"]


def test_links_stay_links(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "real" / "a.txt")
    with atomic(link) as out:
        out.write("x")
    assert link.is_symlink()
    assert (tmp_path / "real" / "a.txt").read_text() == "x"


def test_the_bytes_are_on_the_disk_before_the_name_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda n: order.append(f"{os.fstat(n).st_size} bytes"))
    for name in ("replace", "rename"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda a, b, real=real: (order.append("renamed"), real(a, b)))
    with atomic(tmp_path / "f.txt") as out:
        out.write("four")
    with atomic_folder(tmp_path / "d") as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "g.txt").write_text("three")
    assert order == ["4 bytes", "renamed", "5 bytes", "renamed"]


def test_a_disk_that_fills_while_the_bytes_are_written_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(XlnerError, match="the disk is full"), atomic(tmp_path / "f.txt") as out:
        out.write("four")
    assert list(tmp_path.iterdir()) == []


def test_a_mode_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("secret")
    path.chmod(0o600)
    with atomic(path) as out:
        out.write("new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_devices_are_written_to_directly() -> None:
    with atomic("/dev/null") as out:
        out.write("x")
    with atomic_bytes("/dev/null") as raw:
        raw.write(b"x")
    assert not Path("/dev/null").is_file()


def test_a_pipe_is_written_to_directly(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    with atomic(pipe) as out:
        out.write("through")
    reader.join(10)
    assert got == ["through"]
    assert pipe.is_fifo()


def test_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    with atomic("-") as out:
        out.write("a")
    with atomic_bytes("-") as raw:
        raw.write(b"b")
    assert capfd.readouterr().out == "ab"


def test_a_folder_in_the_way_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"), atomic(tmp_path):
        pass


def test_errors_of_the_system_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(XlnerError, match="cannot be written"), atomic(tmp_path / "file" / "a.txt"):
        pass


def test_an_error_of_what_the_block_reads_is_its_own(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic(tmp_path / "a.txt"):
        (tmp_path / "missing").read_text()
    assert os.listdir(tmp_path) == []


def test_a_planted_link_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    monkeypatch.setattr("xlner.core.files._unfinished", lambda target: target.with_name("planted"))
    (tmp_path / "planted").symlink_to(victim)
    with pytest.raises(XlnerError), atomic(tmp_path / "a.txt") as out:
        out.write("x")
    assert victim.read_text() == "mine"


def test_a_long_name(tmp_path: Path) -> None:
    name = "名" * 83 + ".txt"
    with atomic(tmp_path / name) as out:
        out.write("x")
    assert os.listdir(tmp_path) == [name]


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"a\xff.txt")
    with atomic(path) as out:
        out.write("here")
    assert path.read_text() == "here"


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    script = (
        "import os, sys\nfrom xlner.core.files import atomic, atomic_folder\n"
        "with atomic(sys.argv[1] + '/a.txt') as out, atomic_folder(sys.argv[1] + '/f'):\n"
        "    out.write('half'); out.flush(); os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert len(os.listdir(tmp_path)) == 2
    with atomic(tmp_path / "a.txt") as out, atomic_folder(tmp_path / "f"):
        out.write("whole")
    assert sorted(os.listdir(tmp_path)) == ["a.txt", "f"]


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "above" / "model"
    with atomic_folder(path) as place:
        (place / "a.json").write_text("1")
        assert not path.exists()
    with atomic_folder(path, may_replace=("*.json",)) as place:
        (place / "b.json").write_text("2")
    assert os.listdir(path) == ["b.json"]
    assert os.listdir(path.parent) == ["model"]
    with pytest.raises(ZeroDivisionError), atomic_folder(path, may_replace=("*.json",)):
        _ = 1 / 0
    assert os.listdir(path) == ["b.json"]
    assert os.listdir(path.parent) == ["model"]


@pytest.mark.parametrize("patterns", [(), ("*.json",)])
def test_a_folder_of_somebody_is_refused(tmp_path: Path, patterns: tuple[str, ...]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("years of work")
    with pytest.raises(UsageError, match=r"notes\.txt"), atomic_folder(tmp_path / "mine", may_replace=patterns):
        pass
    assert (tmp_path / "mine" / "notes.txt").exists()


def test_an_empty_folder_is_filled_and_a_file_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with atomic_folder(tmp_path / "empty") as place:
        (place / "a").write_text("")
    assert os.listdir(tmp_path / "empty") == ["a"]
    with pytest.raises(UsageError, match="is a file"), atomic_folder(tmp_path / "empty" / "a"):
        pass


def test_a_kill_between_the_renames_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with atomic_folder(path) as place:
        (place / "old").write_text("")
    os.rename(path, tmp_path / ".former-state")
    assert os.listdir(recover_folder(path)) == ["old"]
    remove_folder(path)
    assert os.listdir(tmp_path) == []
