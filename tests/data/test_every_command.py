"""Every way of giving a file to every command that reads one: nothing is lost, and nothing at all is an error."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.toy import sentences, write_conll, write_text

from xlner.cli import main
from xlner.core.files import forget_copies

N = 12  # sentences of the toy files
LONG = 4_000  # sentences of a text that is longer than what is looked at to find its format


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Path:
    """A toy model, and files of every kind that commands read."""
    from xlner.core.labels import LabelSet
    from xlner.tagger import Tagger

    folder = tmp_path_factory.mktemp("files")
    (folder / "encoder").symlink_to(tiny_encoder)
    Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")), device="cpu").save(folder / "model")
    labelled = sentences(N)
    write_conll(folder / "labelled.conll", labelled)
    write_conll(folder / "long.conll", sentences(LONG))
    for name, language in (("raw.txt", "spa"), ("other.txt", "eng")):
        write_text(folder / name, sentences(N, language))
    write_text(folder / "long.txt", sentences(LONG, "spa"))
    links = [
        " ".join(f"{i}-{i}" for i in range(min(len(a), len(b))))
        for a, b in zip(labelled, sentences(N, "spa"), strict=True)
    ]
    (folder / "links.txt").write_text("\n".join(links) + "\n")
    (folder / "lexicon.tsv").write_text(
        "".join(f"{a}\t{b}\n" for a, b in [("visits", "visita"), ("leaves", "deja"), ("likes", "quiere")])
    )
    return folder


class Stopped(Exception):
    """A method would begin now; carries what it would be given."""


@pytest.fixture
def outcome(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command and gives what came of it: its exit code, all that it wrote, and what it said."""
    tasks: list[Any] = []

    def stop(run: Any, sources: Any, gold: Any) -> None:
        task = tasks[-1]
        raw = list(task.raw()) if task.raw else []
        given = [*(s for source in sources for s in source.sentences), *task.dev, *gold, *raw]
        raise Stopped("\n".join(repr((s.words, s.spans)) for s in given))

    monkeypatch.setattr("xlner.api.transfer.check_inputs", lambda method, kind, task: tasks.append(task))
    monkeypatch.setattr("xlner.api.transfer.count_sentences", stop)

    def run(line: str, place: str) -> tuple[int, str, str]:
        output = tmp_path / f"output-{len(list(tmp_path.iterdir()))}"
        output.mkdir()
        places = {"IN": place, "OUT": str(output), "FILES": str(files)}
        for part, spelt in PARTS.items():
            line = line.replace(part, spelt)
        words = [re.sub(r"\b(IN|OUT|FILES)\b", lambda m: places[m.group()], word) for word in line.split()]
        code, told = 0, ""
        try:
            main(words)
        except SystemExit as ended:
            code = int(ended.code or 0)
        except Stopped as stopped:
            told = str(stopped)
        streams = capsys.readouterr()
        written = [] if told else [p.read_text() for p in sorted(output.rglob("*")) if p.is_file()]
        return code, told or "\n".join([streams.out, *written]), streams.err

    return run


PARTS = {
    "ALIGNER": "--aligner embedding --encoder FILES/encoder --device cpu",
    "TRANSLATOR": "--translator lexicon --choice first --from en --to es",
}
# A command with the place of the input that is given in every way, and a file that it reads there.
COMMANDS = {
    "data check": ("data check IN --json", "labelled.conll"),
    "data check of text": ("data check IN --json", "raw.txt"),
    "data convert": ("data convert IN OUT/a.jsonl", "long.conll"),
    "predict": ("predict FILES/model IN --device cpu", "raw.txt"),
    "predict of labelled": ("predict FILES/model IN --device cpu", "labelled.conll"),
    "evaluate, gold": ("evaluate FILES/model IN --json --device cpu", "labelled.conll"),
    "evaluate, predictions": ("evaluate IN FILES/labelled.conll --json", "labelled.conll"),
    "evaluate --estimate": ("evaluate FILES/model IN --estimate --json --device cpu", "raw.txt"),
    "compare, gold": ("compare FILES/labelled.conll FILES/model --gold IN --json --device cpu", "labelled.conll"),
    "compare, predictions": (
        "compare IN FILES/model --gold FILES/labelled.conll --json --device cpu",
        "labelled.conll",
    ),
    "train": ("train --source en=IN --output OUT/run", "long.conll"),
    "train, dev": (
        "train --source en=FILES/labelled.conll --dev en=IN --patience 1 --output OUT/run",
        "labelled.conll",
    ),
    "train, gold": ("train --source en=FILES/labelled.conll --gold IN --output OUT/run", "labelled.conll"),
    "transfer, source": ("transfer --source en=IN --target es=FILES/raw.txt --output OUT/run", "labelled.conll"),
    "transfer, target": ("transfer --source en=FILES/labelled.conll --target es=IN --output OUT/run", "long.txt"),
    "project, source": (
        "project --source IN --target FILES/raw.txt --alignment FILES/links.txt --output OUT/a.conll",
        "labelled.conll",
    ),
    "project, target": (
        "project --source FILES/labelled.conll --target IN --alignment FILES/links.txt --output OUT/a.conll",
        "raw.txt",
    ),
    "project, links": (
        "project --source FILES/labelled.conll --target FILES/raw.txt --alignment IN --output OUT/a.conll",
        "links.txt",
    ),
    "align, source": ("align --source IN --target FILES/raw.txt ALIGNER --output OUT/a.txt", "other.txt"),
    "align, target": ("align --source FILES/other.txt --target IN ALIGNER --output OUT/a.txt", "raw.txt"),
    "align, gold": (
        "align --source FILES/other.txt --target FILES/raw.txt ALIGNER --gold IN --json",
        "links.txt",
    ),
    "align of labelled": (
        "align --source IN --target FILES/raw.txt ALIGNER --output OUT/a.txt",
        "labelled.conll",
    ),
    "similarity": (
        "similarity --language en=FILES/other.txt --language es=IN --measure lexical:ngrams --json",
        "raw.txt",
    ),
    "translate": (
        "translate IN OUT/a.txt TRANSLATOR --dictionary FILES/lexicon.tsv",
        "other.txt",
    ),
    "translate, dictionary": (
        "translate FILES/other.txt OUT/a.txt TRANSLATOR --dictionary IN",
        "lexicon.tsv",
    ),
}


@pytest.fixture
def give(tmp_path: Path) -> Iterator[Callable[[str, Path], str]]:
    """Gives a file in some way, as the name that a command is told."""
    descriptors: list[int] = []
    former = os.dup(0), sys.stdin
    packers = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}

    def piped(content: bytes) -> int:
        reading, writing = os.pipe()

        def write() -> None:
            with open(writing, "wb") as stream:
                stream.write(content)

        threading.Thread(target=write, daemon=True).start()
        return reading

    def as_input(way: str, file: Path) -> str:
        content = file.read_bytes()
        if way == "<(...)":
            descriptors.append(piped(content))
            return f"/dev/fd/{descriptors[-1]}"
        if way == "FIFO":
            place = tmp_path / "fifo"
            os.mkfifo(place)
            threading.Thread(target=place.write_bytes, args=(content,), daemon=True).start()
            return str(place)
        if way in ("-", "/dev/stdin"):
            descriptors.append(piped(content))
            os.dup2(descriptors[-1], 0)
            sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
            return way
        if way == "zst":
            packed = pytest.importorskip("zstandard").ZstdCompressor().compress(content)
        else:
            packed = packers[way](content)
        place = tmp_path / f"{file.name}.{way}"
        place.write_bytes(packed)
        return str(place)

    forget_copies()
    yield as_input
    forget_copies()
    os.dup2(former[0], 0)
    sys.stdin = former[1]
    for descriptor in (*descriptors, former[0]):
        os.close(descriptor)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_way_gives_the_same(command: str, files: Path, give: Any, outcome: Any) -> None:
    line, name = COMMANDS[command]
    code, wanted, said = outcome(line, str(files / name))
    assert code == 0, said
    for way in ("<(...)", "FIFO", "-", "/dev/stdin", "gz", "bz2", "xz", "zst"):
        forget_copies()
        place = give(way, files / name)
        code, got, said = outcome(line, place)
        assert code == 0, f"{way}: {said}"
        assert comparable(got, place) == comparable(wanted, str(files / name)), way
    assert len(wanted) > 100


def comparable(told: str, place: str) -> Any:
    """What was told, without the name of the input and the time that it took."""
    try:
        return _bare(json.loads(told))
    except ValueError:
        return told if place == "-" else told.replace(place, "IN").replace("<stdin>", "IN")


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        named = ("path", "seconds", "inputs", "run_a", "run_b", "where", "message", "output")
        return {k: _bare(v) for k, v in value.items() if k not in named}
    return [_bare(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("content", ["", "\n\n \n", "\ufeff", "# sent_id = 1\n# text = Ana\n\n"])
@pytest.mark.parametrize(
    "command", [c for c, (_, name) in COMMANDS.items() if name not in ("links.txt", "lexicon.tsv")]
)
def test_nothing_is_an_error(command: str, content: str, tmp_path: Path, outcome: Any) -> None:
    line, name = COMMANDS[command]
    place = tmp_path / f"nothing{Path(name).suffix}"
    if content.startswith("#") and place.suffix == ".txt":
        pytest.skip("in plain text a line that begins with # is text")
    place.write_text(content, encoding="utf-8")
    code, told, said = outcome(line, str(place))
    assert code == 1, said + told
    assert "no sentence" in said + told
    assert f"nothing{place.suffix}" in said + told
