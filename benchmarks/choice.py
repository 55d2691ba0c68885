"""Choosing among finished models without labels, and what the choice costs.

Two rules, each on raw text of the target alone: the model with the highest F1 expected of its own probabilities
(`xlner evaluate MODEL TEXT --estimate`), and the model that agrees most with the others (mean F1 of its answers, taken
as gold, against theirs).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from xlner.api.estimate import estimate
from xlner.data import load, stream_text, write
from xlner.evaluate import score
from xlner.tagger import Tagger

SENTENCES = 1500
EXPECTED, AGREEMENT = "expected F1", "agreement with the others"


def chosen(
    models: Mapping[str, Path], raw: Path, f1: Mapping[str, float], mapping: Mapping[str, str]
) -> dict[str, Any]:
    """What each rule says of each model, which model it takes, and the regret in F1.

    Args:
        models: name to run folder; two or more.
        raw: text of the target; its first sentences are read, no labels.
        f1: the true F1 of each, a fraction.
        mapping: type renames.
    """
    text = next(iter(models.values())).parent / f"{'.'.join(raw.parts[-2:])}.{SENTENCES}.jsonl"
    write(text, list(islice(stream_text(raw), SENTENCES)))
    looked = {name: _looked(model, text, mapping) for name, model in models.items()}
    answers = {name: load(answered).sentences for name, (_, answered) in looked.items()}
    says = {
        EXPECTED: {name: expected for name, (expected, _) in looked.items()},
        AGREEMENT: {name: _agreement(name, answers) for name in models},
    }
    best = max(f1.values())
    rules = {}
    for rule, values in says.items():
        taken = max(values, key=lambda name: values[name])
        rules[rule] = {"values": values, "takes": taken, "regret": best - f1[taken]}
    return {"best": max(f1, key=lambda name: f1[name]), "rules": rules}


def _looked(model: Path, text: Path, mapping: Mapping[str, str]) -> tuple[float, Path]:
    """Expected F1 of a model, and the file of its answers; both are kept beside the run."""
    kept, answers = (Path(f"{model}.{text.stem}.{what}") for what in ("expected.json", "jsonl"))
    if not kept.is_file():
        write(answers, Tagger.load(model, mapping=mapping).predict(list(stream_text(text))))
        kept.write_text(json.dumps(estimate(model, text, mapping=mapping).value), "utf-8")
    return float(json.loads(kept.read_text("utf-8")) or 0.0), answers


def _agreement(name: str, answers: Mapping[str, Sequence[Any]]) -> float:
    others = [score(answers[other], answers[name]).f1 for other in answers if other != name]
    return sum(others) / len(others)


def choice_table(groups: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Lines of a table: which model each rule takes, how often that is the best, and the regret.

    Args:
        groups: name of a group of models to what `chosen` said of it.
    """
    lines = ["| models | best | rule | takes | regret in F1 points |", "|---" * 5 + "|"]
    for group, found in groups.items():
        for rule, said in found["rules"].items():
            lines.append(f"| {group} | {found['best']} | {rule} | {said['takes']} | {100 * said['regret']:.2f} |")
    for rule in (EXPECTED, AGREEMENT):
        mine = [(g["best"], g["rules"][rule]) for g in groups.values()]
        right = sum(best == said["takes"] for best, said in mine)
        regret = 100 * sum(said["regret"] for _, said in mine) / len(mine)
        lines.append(f"| all {len(mine)} | | {rule} | right {right} times | {regret:.2f} on average |")
    return lines
