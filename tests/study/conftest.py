"""A program that stands for xlner in studies: it does what a command would leave, in no time."""

from __future__ import annotations

import sys
import textwrap

import pytest

FAKE = """
import json, os, sys, time
from pathlib import Path
words = sys.argv[1:]
log = Path(os.environ["FAKE_LOG"])
with log.open("a") as out:
    out.write(" ".join(words) + chr(10))
def after(flag):
    return words[words.index(flag) + 1] if flag in words else None
if "--fail" in words:
    sys.exit("this run was asked to fail")
if "--fail-after" in words and not Path(after("--fail-after")).exists():
    time.sleep(1)
    Path(after("--fail-after")).touch()
    sys.exit("this run was asked to fail once")
if after("--sleep"):
    time.sleep(float(after("--sleep")))
if words[0] in ("train", "transfer"):
    folder = Path(after("--output"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.txt").write_text(" ".join(words))
    print(json.dumps({"target": {"f1": 0.5}, "sizes": [1, 2.5, None]}))
if words[0] == "copy":
    Path(words[2]).write_text(Path(words[1]).read_text())
if words[0] == "predict":
    # Finds the gold entities, but those of every third sentence; a model of seed 2 those of every second.
    assert Path(words[1]).exists(), words[1]
    every = 2 if "seed 2" in (Path(words[1]) / "model.txt").read_text() else 3
    out = []
    for n, sentence in enumerate(Path(words[2]).read_text().strip().split(chr(10) * 2)):
        for line in sentence.splitlines():
            if not line.startswith("# "):
                word, tag = line.split()
                out.append(word + " " + (tag if n % every else "O"))
        out.append("")
    Path(after("--output")).write_text(chr(10).join(out))
"""

PLAN = """
name: toy
question: Does the toy work?
limits: [It is a toy.]
axes:
  seed: [1, 2]
  target: [es, de]
  words: [100, 200]
languages:
  en: {train: "{demo}/en.train.conll"}
  es: {raw: "{demo}/es.raw.txt", gold: "{demo}/es.gold.conll"}
  de: {raw: "{demo}/de.raw.txt", gold: "{demo}/de.gold.conll"}
steps:
  teacher:
    over: [seed]
    run: train --source en={en.train} --seed {seed}
    minutes: 2
  direct:
    over: [target, seed]
    model: "{teacher}"
    gold: "{target.gold}"
  student:
    over: [target, words, seed]
    run: "transfer --source en={teacher} --target {target}={first(target.raw, words)} --note 'seed {seed}'"
    gold: "{target.gold}"
    method: distill
    values: {size: sizes.1}
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A plan, a folder for it, and how to run it with the program that does nothing."""
    program = tmp_path / "fake.py"
    program.write_text(textwrap.dedent(FAKE))
    plan = tmp_path / "toy.yaml"
    plan.write_text(PLAN)
    log = tmp_path / "log.txt"
    log.touch()
    monkeypatch.setenv("FAKE_LOG", str(log))

    class Toy:
        path, folder = plan, tmp_path / "study"
        words = (sys.executable, str(program))

        def run(self, **how):
            from xlner.api.study import run_study

            return run_study(self.path, output=self.folder, data=tmp_path, program=self.words, **how)

        def study(self):
            from xlner.api.study import Study

            return Study.open(self.path, output=self.folder, data=tmp_path)

        def called(self):
            return log.read_text().splitlines()

        def edit(self, old, new):
            text = self.path.read_text()
            assert old in text
            self.path.write_text(text.replace(old, new))

    return Toy()
