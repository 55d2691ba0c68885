"""What `xlner train` and `xlner transfer` share: flags and YAML to inputs and options, and the result on the screen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from xlner.cli.arguments import language_value
from xlner.cli.config import read_config
from xlner.cli.parts import Choice, options_of
from xlner.core.languages import iso3
from xlner.errors import UsageError

_PAIRS = ("source", "dev", "source_text", "translations", "dictionaries")


def run(context: typer.Context, method: str | None, flags: Mapping[str, Any], *, default: str) -> None:
    """Run the method that flags and YAML say, or print what they come to.

    Args:
        context: of the command; has the options of the method.
        method: as given by a flag.
        flags: the other flags, by the names of the YAML file.
        default: the method if nobody names one.
    """
    from xlner.component import to_values
    from xlner.core.labels import parse_map

    config = read_config(flags["config"])
    name = method or config.parts.get("method") or default
    written = config.options.get("method", {})
    if config.flat:
        written = _of_method(name, written, flags["config"])
    options = options_of(context, Choice("method", "methods", default), name, written)
    given = {k: v for k, v in flags.items() if v not in (None, [], "") and k not in ("config", "print_config", "json")}
    settings = {**config.inputs, **given}
    inputs: dict[str, Any] = {key: _pairs(key, settings.get(key) or []) for key in _PAIRS}
    if settings.get("target"):
        inputs["target"] = _pairs("target", [settings["target"]])[0]
    inputs["bitext"] = [_bitext(item) for item in settings.get("bitext") or []]
    inputs |= {key: settings[key] for key in ("gold", "target_labels") if settings.get(key)}
    map_ = settings.get("map") or {}
    mapping = dict(map_) if isinstance(map_, Mapping) else parse_map(map_)
    columns = {k: settings[k] for k in ("token_column", "tag_column") if settings.get(k) is not None}
    reading = {**(settings.get("reading") or {}), **columns}
    rest: dict[str, Any] = {"resume": settings.get("resume") or "auto", "licence": settings.get("licence")}
    if flags["print_config"]:
        import yaml

        plain = {k: [list(p) for p in v] if isinstance(v, list) else v for k, v in inputs.items() if v}
        plain |= {"target": list(inputs["target"])} if "target" in inputs else {}
        resolved = {"method": {"name": name, "options": to_values(options)}, **plain}
        resolved |= {"map": mapping, "reading": reading, "output": settings.get("output") and str(settings["output"])}
        resolved |= rest
        typer.echo(yaml.safe_dump(resolved, sort_keys=False, allow_unicode=True), nl=False)
        return
    for key in ("source", "output"):
        if not settings.get(key):
            raise UsageError(f"`{key}` is needed")

    from xlner.api.inputs import Inputs
    from xlner.api.transfer import run_method
    from xlner.cli.show import show_run

    result = run_method(
        name, options, Inputs(**inputs), Path(settings["output"]), mapping=mapping, reading=reading, **rest
    )
    if flags["json"]:
        typer.echo(json.dumps(result.metrics))
    show_run(result, quiet=flags["json"])


def _of_method(name: str, written: Mapping[str, Any], path: object) -> dict[str, Any]:
    """Options at the top level of a file are those of all methods; what this one lacks is passed over, and said."""
    from xlner.component import option_fields, options_class
    from xlner.methods import METHODS

    fields = {n: {f.name for f in option_fields(options_class(METHODS.load(n)))} for n in METHODS.loadable()}
    others = {k for k in written if k not in fields[name] and any(k in known for known in fields.values())}
    if others:
        typer.echo(
            f"note: {path}: {', '.join(sorted(others))} not read, the method {name} has no such option", err=True
        )
    return {k: v for k, v in written.items() if k not in others}


def _pairs(key: str, items: Any) -> list[tuple[str, str]]:
    """LANG=FILE items of flags, or [LANG, FILE] pairs or a mapping of a YAML file."""
    if isinstance(items, Mapping):
        items = list(items.items())
    option = "--" + {"translations": "translation", "dictionaries": "dictionary"}.get(key, key).replace("_", "-")
    pairs = []
    for item in items:
        if isinstance(item, str):
            pairs.append(language_value(item, option=option))
        elif isinstance(item, Sequence) and len(item) == 2:
            pairs.append((iso3(str(item[0])), str(item[1])))
        else:
            raise UsageError(f"{option} wants LANG=FILE, or [LANG, FILE] in a YAML file; got '{item}'")
    return pairs


def _bitext(item: Any) -> tuple[str, str, str]:
    if isinstance(item, str):
        language, files = language_value(item, option="--bitext")
        left, comma, right = files.partition(",")
        if not (comma and left and right):
            raise UsageError(f"--bitext wants LANG=SOURCE,TARGET, such as --bitext en=news.en,news.es; got '{item}'")
        return language, left, right
    if isinstance(item, Sequence) and len(item) == 3:
        return iso3(str(item[0])), str(item[1]), str(item[2])
    raise UsageError(f"bitext is [LANG, SOURCE, TARGET] in a YAML file; got '{item}'")
