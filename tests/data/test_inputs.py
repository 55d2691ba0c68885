"""Inputs that are no plain UTF-8 file: pipes, packed files, other line ends, other encodings, nothing at all."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from xlner.core.files import forget_copies
from xlner.core.run_folder import file_hash
from xlner.data import check, convert, load, stream_text
from xlner.data.source import Input
from xlner.errors import DataError

SMALL = "Zuri\tB-PER\nran\tO\n\nOyo\tB-LOC\n"


def zstd(data: bytes) -> bytes:
    return pytest.importorskip("zstandard").ZstdCompressor().compress(data)


@pytest.fixture
def pipe(tmp_path: Path) -> Callable[[bytes], Path]:
    """A named pipe that some thread writes to once."""

    def make(content: bytes) -> Path:
        path = tmp_path / "pipe"
        os.mkfifo(path)
        threading.Thread(target=path.write_bytes, args=(content,), daemon=True).start()
        return path

    forget_copies()
    return make


def test_a_pipe_loses_nothing_and_can_be_read_again(pipe: Callable[[bytes], Path], tmp_path: Path) -> None:
    content = "".join(f"w{i}\tO\nOyo\tB-LOC\n\n" for i in range(30_000))
    (tmp_path / "file").write_text(content)
    path = pipe(content.encode())
    corpus = load(path)
    assert len(corpus) == 30_000
    assert corpus.sentences[0].words == ("w0", "Oyo")
    assert sum(1 for _ in stream_text(path)) == 30_000
    assert file_hash(path) == file_hash(tmp_path / "file")


def test_a_pipe_is_converted_whole(pipe: Callable[[bytes], Path], tmp_path: Path) -> None:
    convert(pipe(f"{SMALL}\n".encode() * 5000), tmp_path / "out.jsonl")
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 10_000


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_standard_input_under_both_names(name: str) -> None:
    script = (
        "import sys; from xlner.data import load, stream_text\n"
        "print(len(load(sys.argv[1])), len(list(stream_text('-'))), len(load('/dev/stdin')))"
    )
    done = subprocess.run([sys.executable, "-c", script, name], input=SMALL, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "2", "2"]


@pytest.mark.parametrize(
    ("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("zst", zstd)]
)
class TestPacked:
    def test_it_is_read_as_what_is_in_it(self, ending: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
        path = tmp_path / f"a.conll.{ending}"
        path.write_bytes(pack(SMALL.encode()) + pack(SMALL.encode()))  # several members in a row are one text
        assert [s.words for s in load(path)][:2] == [("Zuri", "ran"), ("Oyo", "Zuri", "ran")]
        assert Input.of(path).suffix == ".conll"

    def test_the_name_does_not_matter(self, ending: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
        path = tmp_path / "a.conll"
        path.write_bytes(pack(SMALL.encode()))
        assert len(load(path)) == 2

    def test_damage_is_an_error(self, ending: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
        path = tmp_path / f"a.conll.{ending}"
        packed = pack("".join(f"w{i * i}\tO\n" for i in range(5000)).encode())
        path.write_bytes(packed[: len(packed) // 2])
        with pytest.raises(DataError, match=r"a\.conll\..*damaged or cut short"):
            load(path)

    def test_an_empty_one_is_an_error(self, ending: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
        path = tmp_path / f"a.txt.{ending}"
        path.write_bytes(pack(b""))
        with pytest.raises(DataError, match="no sentence in it"):
            list(stream_text(path))


def test_archives_of_many_files_are_refused(tmp_path: Path) -> None:
    import tarfile
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.conll", SMALL)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        entry = tarfile.TarInfo("a.conll")
        entry.size = len(SMALL)
        tar.addfile(entry, io.BytesIO(SMALL.encode()))
    for name, kind in (("a.zip", "ZIP archive"), ("a.tar.gz", "tar archive")):
        with pytest.raises(DataError, match=kind):
            load(tmp_path / name)


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_every_line_end(end: str, tmp_path: Path) -> None:
    for name, text in (("a.tsv", SMALL), ("b.txt", "Zuri ran.\nOyo is big.\n")):
        path = tmp_path / name
        path.write_bytes(text.replace("\n", end).encode())
        assert len(load(path)) == 2
        assert not any("\r" in word for s in load(path) for word in s.words)


def test_carriage_returns_across_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_bytes(b"".join(b"w%d O\r" % i for i in range(40_000)))
    assert len(load(path).sentences[0]) == 40_000


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("words", ["Zürich", "東京", "Москва", "Zuri"])
def test_wide_encodings_without_a_mark_get_the_right_advice(encoding: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_bytes(f"{words}\tB-LOC\nx\tO\n\n{words}\tB-LOC\n".encode(encoding))
    with pytest.raises(DataError, match=f"iconv -f {encoding.upper().replace('-L', 'L').replace('-B', 'B')} "):
        load(path)


@pytest.mark.parametrize("word", ["\u202bZuri\u202c", "Zu\fri", "Zu\u200bri"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_invisible_characters_do_not_hide_an_encoding(encoding: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_bytes(f"{word}\tB-LOC\n{word}\tO\n".encode(encoding))
    with pytest.raises(DataError, match="iconv -f UTF-"):
        load(path)


@pytest.mark.parametrize("end", ["\n", "\r"])
def test_a_stray_nul_is_no_encoding(end: str, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_bytes(f"Zuri\tB-PER{end}r\0n\tO{end}Oyo\tB-LOC{end}fine\tO{end}".encode())
    with pytest.raises(DataError, match="holds NUL bytes"):
        load(path)


def test_a_mark_in_the_middle_is_no_part_of_a_word(tmp_path: Path) -> None:
    path = tmp_path / "joined.conll"
    path.write_bytes(2 * f"\ufeff{SMALL}\n".encode())
    assert [s.words[0] for s in load(path)] == ["Zuri", "Oyo", "Zuri", "Oyo"]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", " \n"])
@pytest.mark.parametrize("name", ["a.txt", "a.conll", "a.jsonl", "a"])
def test_nothing_is_an_error_everywhere(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    for act in (load, lambda p: list(stream_text(p)), lambda p: convert(p, tmp_path / "out.conll")):
        with pytest.raises(DataError, match="no sentence in it"):
            act(path)
    assert not (tmp_path / "out.conll").exists()
    assert not check([path]).ok


def test_remarks_say_what_was_left_out_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("-DOCSTART- O\n\nZuri\tB-PER\n \tO\nran\tO\n\nOyo\tI-LOC\n\nLi\tB-PER\n", encoding="utf-8")
    (line,) = load(path).report.remarks()
    assert line.startswith(f"{path}: left out 1 times: word that is empty")
    assert f"1 broken tag sequences, the first at {path}:7" in line
    path.write_text("-DOCSTART- O\n\nZuri\tB-PER\n", encoding="utf-8")
    assert load(path).report.remarks() == []
    words = stream_text(path)
    assert len(list(words)) == 1
    assert words.report().remarks() == []


@pytest.mark.parametrize("pack", [bz2, lzma])
def test_what_follows_a_packed_file_is_not_dropped(tmp_path, pack):
    packed = pack.compress(b"Zuri B-PER\nran O\n")
    path = tmp_path / "data.conll"
    path.write_bytes(packed + packed + b"\0" * 8)  # several, and padding
    assert len(load(path).sentences[0]) == 4
    path.write_bytes(packed + b"more bytes")
    with pytest.raises(DataError, match="damaged"):
        load(path)
