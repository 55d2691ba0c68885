"""Choosing among finished models without labels (`xlner compare MODEL... --text FILE`), and what the choice costs.

Three rules, each on raw text of the target alone: the model that agrees most with the others (the rule of the command),
the model whose answers have the highest F1 expected of the mean of all probabilities, and that of its own ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlner.api.choose import AGREEMENT, COMMITTEE, EXPECTED, choose

SENTENCES = 1500
RULES = {
    AGREEMENT: "agreement with the others",
    COMMITTEE: "F1 expected by all together",
    EXPECTED: "F1 expected by itself",
}


def chosen(
    models: Mapping[str, Path], raw: Path, f1: Mapping[str, float], mapping: Mapping[str, str]
) -> dict[str, Any] | None:
    """What each rule says of each model, which model it takes, and the regret in F1; kept beside the runs.

    Args:
        models: name to run folder.
        raw: text of the target; its first sentences are read, no labels.
        f1: the true F1 of each, a fraction.
        mapping: type renames.

    Returns:
        None for fewer than three models.
    """
    if len(models) < 3:
        return None
    told = [sorted((name, place.name) for name, place in models.items()), raw.parts[-2:], sorted(mapping.items())]
    key = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:10]
    kept = next(iter(models.values())).with_name(f"choice-{key}.json")
    if not kept.is_file():
        found = choose(list(models.values()), raw, mapping=mapping, sentences=SENTENCES).models
        kept.write_text(json.dumps({name: found[str(place)] for name, place in models.items()}), "utf-8")
    says = json.loads(kept.read_text("utf-8"))
    best = max(f1, key=lambda name: f1[name])
    rules = {}
    for rule, title in RULES.items():
        values = {name: of[rule] for name, of in says.items()}
        taken = max(values, key=lambda name: values[name] or 0.0)
        rules[title] = {"values": values, "takes": taken, "regret": f1[best] - f1[taken]}
    average = sum(f1.values()) / len(f1)
    return {"best": best, "rules": rules, "regret of chance": f1[best] - average, "f1": dict(f1)}


def choice_table(groups: Mapping[str, Mapping[str, Any] | None]) -> list[str]:
    """Lines of a table: which model each rule takes, how often that is the best, and the regret.

    Args:
        groups: name of a group of models to what `chosen` said of it.
    """
    known = {name: group for name, group in groups.items() if group}
    if not known:
        return []
    lines = ["| models | best | rule | takes | regret in F1 points |", "|---" * 5 + "|"]
    for name, group in known.items():
        for rule, said in group["rules"].items():
            lines.append(f"| {name} | {group['best']} | {rule} | {said['takes']} | {100 * said['regret']:.2f} |")
    for rule in RULES.values():
        mine = [(g["best"], g["rules"][rule]) for g in known.values()]
        right = sum(best == said["takes"] for best, said in mine)
        regret = 100 * sum(said["regret"] for _, said in mine) / len(mine)
        lines.append(f"| all {len(mine)} | | {rule} | right {right} times | {regret:.2f} on average |")
    for name in sorted(set.intersection(*({*g["f1"]} for g in known.values()))):  # what a rule must beat
        lost = [max(g["f1"].values()) - g["f1"][name] for g in known.values()]
        right = sum(g["best"] == name for g in known.values())
        regret = 100 * sum(lost) / len(lost)
        lines.append(f"| all {len(lost)} | | always {name} | right {right} times | {regret:.2f} on average |")
    by_chance = 100 * sum(g["regret of chance"] for g in known.values()) / len(known)
    lines.append(f"| all {len(known)} | | any model, by chance | | {by_chance:.2f} on average |")
    return lines
