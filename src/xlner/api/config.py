"""The YAML file of a run: the method with its options, and the inputs.

    method: {name: distill, options: {loss: mse, teacher: {epochs: 4}}}
    source: [[en, train.conll]]
    target: [es, raw.txt]

What a resolved run prints has this form (`Resolved.as_values`). In older files the options stand at the top level.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlner.api.record import without_unused
from xlner.core.yaml_text import read_yaml
from xlner.errors import DataError, UsageError
from xlner.methods import METHODS

_PAIRS: tuple[tuple[type, ...], str] = (list, dict), "a list of [LANG, FILE], or a mapping LANG: FILE"
_TEXT: tuple[tuple[type, ...], str] = (str,), "text"
_INPUTS = {
    **dict.fromkeys(("source", "source_text", "dev", "translations", "dictionaries"), _PAIRS),
    **dict.fromkeys(("output", "gold", "target_labels", "resume", "licence", "recipe"), _TEXT),
    "target": ((list, str), "[LANG, FILE]"),
    "bitext": ((list,), "a list of [LANG, SOURCE, TARGET]"),
    "map": ((dict, list), "a mapping OLD: NEW"),
    "reading": ((dict,), "a mapping of settings, such as tag_column: 3"),
    **dict.fromkeys(("token_column", "tag_column"), ((int,), "a whole number")),
    "estimate": ((bool,), "true or false"),
}
_NOT_TEXT = ("reading", "token_column", "tag_column", "estimate")
_OF_RECORDS = ("types",)  # a run's config.yaml has them; they follow from the inputs


@dataclass(frozen=True)
class Config:
    """What a YAML file says.

    Args:
        method: name of the method; None if it names none.
        options: of the method, as plain values.
        inputs: the rest.
        flat: names of options that stand at the top level, as in older files.
        path: the file; None for no file.
    """

    method: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    flat: frozenset[str] = frozenset()
    path: str | None = None


def read_config(path: str | Path | None) -> Config:
    """Read a YAML file.

    Args:
        path: the file; None gives an empty configuration.

    Raises:
        DataError: the file is no YAML mapping.
        UsageError: the method is neither a name nor {name, options}, there is none of that name, or an input has
            another form than it should.
    """
    if path is None:
        return Config()
    values = {str(k).replace("-", "_"): v for k, v in _read_yaml(Path(path)).items()}
    chosen = values.pop("method", None)
    if not isinstance(chosen, Mapping):
        chosen = {"name": chosen}
    if set(chosen) - {"name", "options"} or not isinstance(chosen.get("options") or {}, Mapping):
        raise UsageError(f"{path}: method is a name, or a mapping with name and options")
    name = None if chosen.get("name") is None else str(chosen["name"])
    try:
        METHODS.load(name) if name is not None else None
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    inputs = {k: values.pop(k) for k in _INPUTS if k in values}
    for key, value in inputs.items():
        _check_form(path, key, value)
    top = {k: v for k, v in values.items() if k not in _OF_RECORDS}
    options = without_unused({**(chosen.get("options") or {}), **top})
    return Config(name, options, inputs, frozenset(top), str(path))


def _check_form(path: str | Path, key: str, value: Any) -> None:
    kinds, wanted = _INPUTS[key]
    if value is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
        raise UsageError(f"{path}: {key} is {wanted}; got '{value}'")
    if key == "map" and isinstance(value, dict):
        for old, new in value.items():
            if isinstance(new, (list, dict)):
                raise UsageError(f"{path}: map is {wanted}; {old} has {new!r}")
    for leaf in () if value is None or key in _NOT_TEXT else _leaves(value):
        if not isinstance(leaf, str):
            raise UsageError(f"{path}: {key} has {leaf!r} where text is wanted; put it in quotes")


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = [part for item in value.items() for part in item]
    if isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        values = read_yaml(path.read_text("utf-8"))
    except FileNotFoundError:
        raise DataError("no such file", path=path) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        why = f": {error.problem}" if isinstance(error, yaml.constructor.ConstructorError) else ""
        raise DataError(f"is no YAML{why}", path=path, line=mark.line + 1 if mark else None) from None
    if not isinstance(values, dict):
        raise DataError("a mapping of settings is wanted", path=path)
    return values
