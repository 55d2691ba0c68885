"""Every command on a page is one that the command line takes."""

from __future__ import annotations

import contextlib

import pytest
import typer
from tests.site.commands import PAGES, Command, blocks, commands, parse, words_of

EVERY = [command for page in PAGES for block in blocks(page) for command in commands(block)]
# Made by the reader of CONTRIBUTING.md.
OTHERS = {"first-k"}


@pytest.fixture(autouse=True)
def plan(tmp_path, monkeypatch):
    """A folder with the files of settings that pages name."""
    (tmp_path / "plan.yaml").write_text("method: {name: distill}\n")
    monkeypatch.chdir(tmp_path)


def test_pages_have_commands():
    assert len(EVERY) > 100
    assert len({c.place.partition(":")[0] for c in EVERY}) > 20


@pytest.mark.parametrize("command", EVERY, ids=[f"{c.place} {' '.join(c.words[:2])}" for c in EVERY])
def test_a_command_of_a_page_is_parsed(command: Command):
    if OTHERS & set(command.words):
        pytest.skip("a part that CONTRIBUTING.md shows how to write")
    with contextlib.suppress(typer.Exit):  # --help
        parse(command.words)


def test_a_wrong_flag_is_seen():
    with pytest.raises(Exception, match="No such option"):
        parse(("transfer", "--sauce", "en=a.conll"))
    with pytest.raises(Exception, match="No such command"):
        parse(("data", "chack", "a.conll"))


def test_words_end_at_a_pipe_and_at_a_comment():
    assert words_of("zcat a.gz | xlner predict run - --format 'a b' > out  # note") == [
        "predict",
        "run",
        "-",
        "--format",
        "a b",
    ]
    assert words_of("pip install xlner") is None
    assert words_of("echo xlner predict") is None
