"""Language pairs that the translators of a plan's commands cannot do, found before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import yaml

from xlner.core.languages import iso3
from xlner.errors import XlnerError
from xlner.methods.translating import make_translator
from xlner.study.runs import Roots, Run

_BACKWARDS = ("translate-test",)  # methods that translate the target into the source


def impossible_pairs(runs: Iterable[Run], roots: Roots) -> list[str]:
    """A sentence for each translator and pair of languages that some run asks for and that cannot be.

    Args:
        runs: of a plan.
        roots: where the files lie that a translator reads.
    """
    asked: dict[tuple[str, str, str], str] = {}
    for run in runs:
        for wish in _wishes([roots.filled(word, run.id) for word in run.words]):
            asked.setdefault(wish, run.step)
    errors = []
    for (translator, source, target), step in asked.items():
        try:
            option = yaml.safe_load(translator) if translator.lstrip().startswith("{") else translator
            make_translator(option, iso3(source), iso3(target))
        except yaml.YAMLError:
            errors.append(f"step {step}: the translator '{translator}' is no YAML mapping")
        except XlnerError as error:
            errors.append(f"step {step}: {error}")
    return errors


def _wishes(words: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Translator, from, to."""
    values: dict[str, list[str]] = {}
    for flag, value in pairwise(words):
        if flag.startswith("--"):
            values.setdefault(flag, []).append(value)
    sources, targets = ([v.partition("=")[0] for v in values.get(f, []) if "=" in v] for f in ("--source", "--target"))
    backwards = any(m in _BACKWARDS for m in values.get("--method", []))
    for translator in values.get("--translator", []):
        for source in values.get("--from", sources):
            for target in values.get("--to", targets):
                yield (translator, target, source) if backwards else (translator, source, target)
    for translator in values.get("--translate-test", []):
        for source in sources:
            for target in targets:
                yield (translator, target, source)
