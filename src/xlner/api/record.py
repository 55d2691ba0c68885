"""The record of a run: what decides its result, and records of older versions in the form of today."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlner.augment.augmenter import named_steps
from xlner.component import from_values, option_fields, options_class, to_values
from xlner.core.run_folder import RunFolder
from xlner.core.types import Sentence
from xlner.encoder.history import pretraining_of
from xlner.errors import OptionError
from xlner.methods import METHODS
from xlner.methods.projection_options import name_and_options
from xlner.methods.task import Source, Task

# Settings of a record that are not options of the method.
_OF_THE_RUN = (
    "method", "source", "source_text", "target", "dev", "map", "types", "bitext", "translations", "dictionaries",
    "target_labels", "reading",
)  # fmt: skip

_PARTS = ("aligner", "matcher", "score", "translator", "marked_translator", "translate_test")


def record_of(method: str, options: Any, run: Mapping[str, Any]) -> dict[str, Any]:
    """What is written as config.yaml: the method with all options that decide a result, and the inputs.

    Args:
        method: as it is registered.
        options: of the method.
        run: the rest, by the names that `_OF_THE_RUN` lists.
    """
    return {"method": {"name": method, "options": without_unused(to_values(options, deciding=True))}, **run}


def without_unused(values: Mapping[str, Any]) -> dict[str, Any]:
    """Options without the settings of a step that is off, so that its defaults may change between versions.

    Args:
        values: of a method's options, as in a record.
    """
    step = values.get("pretrain")
    off = isinstance(step, Mapping) and step.get("epochs") == 0
    return {**values, "pretrain": {"epochs": 0}} if off else dict(values)


def encoder_role(options: Any) -> dict[str, str]:
    """The encoder as an input of a run, by its role, where it was trained further here and so is none that all know.

    Args:
        options: of the method.
    """
    encoder = str(getattr(options, "encoder", ""))
    return {"encoder": encoder} if encoder and pretraining_of(encoder) else {}


def part_files(options: Any) -> dict[str, str]:
    """Files and folders that parts are named with, such as the links of `aligner`, by their roles as inputs of a run.

    Args:
        options: of the method.
    """

    def of(value: Any) -> Iterator[str]:
        if isinstance(value, Mapping):
            for inner in (v for k, v in value.items() if k != "name"):
                yield from of(inner)
        elif isinstance(value, (list, tuple)):
            for inner in value:
                yield from of(inner)
        elif isinstance(value, str) and (os.path.isfile(value) or os.path.isfile(os.path.join(value, "config.json"))):
            yield value

    parts = {name: value for name in _PARTS if isinstance(value := getattr(options, name, None), (str, dict))}
    named: dict[str, Any] = {name: name_and_options(name, value)[1] for name, value in parts.items()}
    for outer in ("", "teacher.", "student."):
        place = getattr(options, outer[:-1], None) if outer else options
        for name in ("augment", "perturb"):
            if chosen := getattr(place, name, None):
                named[outer + name] = [values for _, values in named_steps(chosen, name)]
    return {f"file of {name}: {path}": path for name, values in named.items() for path in of(values)}


def upgrade(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as today's version writes it. An option that it lacks has its default.

    Until version 0.1 the method was its name, and the options of all methods stood beside it.

    Args:
        record: the content of config.yaml.
    """
    method = record.get("method")
    if isinstance(method, Mapping):
        name, values = str(method.get("name")), dict(method.get("options") or {})
    else:
        name = str(method)
        values = {k: v for k, v in record.items() if k not in (*_OF_THE_RUN, "gold")}
    rest = {k: v for k, v in record.items() if k in _OF_THE_RUN and k != "method"}
    if name not in METHODS.names():
        return {"method": {"name": name, "options": values}, **rest}
    kind = options_class(METHODS.load(name))
    if not isinstance(method, Mapping):
        known = {f.name for f in option_fields(kind)}
        values = {k: v for k, v in values.items() if k in known}  # the others are options of other methods
    values = without_unused(values)
    try:
        return record_of(name, from_values(kind, values), rest)
    except OptionError:  # of another version, which has an option or a value that this one lacks: another run
        return {"method": {"name": name, "options": values}, **rest}


def fitted_of_old(run: RunFolder, task: Task) -> dict[str, Any] | None:
    """What fitted.json would say in a run of version 0.1, which has none; None if it has no scores either.

    Args:
        run: a run with a model.
        task: names the models among the sources.
    """
    metrics = run.read_json("metrics.json")
    if not metrics:
        return None
    trained = {p.parent.parent.name: str(p.parent) for p in sorted(run.path.glob("teachers/*/model/config.json"))}
    given = {s.name: s.model for s in task.sources if s.model}
    scored = metrics.get("sources", {**given, **trained})
    baselines = [{"name": name, "model": trained[name], "mapping": None} for name in scored if name in trained]
    baselines += [
        {"name": name, "model": given[name], "mapping": dict(task.mapping)}
        for name in scored
        if name in given and name not in trained
    ]
    return {"baselines": baselines, "notes": metrics.get("notes", []), "costs": {}}


def count_sentences(run: RunFolder, sources: Sequence[Source], gold: Sequence[Sentence]) -> None:
    """Write to `data.json` how many labelled sentences there are, and what pretraining the encoder has had."""
    data = run.read_json("data.json") or {}
    for number, source in enumerate(sources, 1):
        data[f"source {number} ({source.language})"]["sentences"] = len(source.sentences) or None
    if "encoder" in data:
        data["encoder"]["pretraining"] = pretraining_of(data["encoder"]["path"])
    if gold:
        data["gold"]["sentences"] = len(gold)
    elif not (run.path / "metrics.json").is_file():
        data.pop("gold", None)  # of a former try, which came to no scores
    run.write_json("data.json", data)
