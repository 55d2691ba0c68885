"""What a run is asked to do: from a YAML file, and settings that win over it, to the arguments of a method."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from xlner.api.arguments import language_value
from xlner.api.config import Config
from xlner.component import option_fields, options_class, to_values
from xlner.core.labels import parse_map
from xlner.core.languages import iso3
from xlner.errors import OptionError, UsageError
from xlner.flags import merged
from xlner.methods import METHODS

if TYPE_CHECKING:
    from xlner.api.transfer import TransferResult

_PAIRS = ("source", "dev", "source_text", "translations", "dictionaries")
_COLUMNS = ("token_column", "tag_column")


@dataclass(frozen=True, kw_only=True)
class ResolvedRun:
    """A run with all that decides it.

    Args:
        method: as it is registered.
        options: its `Options`.
        inputs: fields of `xlner.api.inputs.Inputs`; languages as ISO 639-3.
        output: run folder; None if nobody named one.
        mapping: type renames.
        reading: how labelled files are read.
        resume: "auto", "never" or a run folder.
        licence: of the model.
        estimate: whether F1 is estimated where there is no gold.
        notes: what the file says and the method does not read.
    """

    method: str
    options: Any
    inputs: Mapping[str, Any]
    output: str | None
    mapping: Mapping[str, str]
    reading: Mapping[str, Any]
    resume: str
    licence: str | None
    estimate: bool = True
    notes: tuple[str, ...] = ()

    def as_values(self) -> dict[str, Any]:
        """The content of a YAML file that asks for this run."""
        plain = {k: [list(p) for p in v] if isinstance(v, list) else v for k, v in self.inputs.items() if v}
        plain |= {"target": list(self.inputs["target"])} if "target" in self.inputs else {}
        method = {"name": self.method, "options": to_values(self.options)}
        rest: dict[str, Any] = {"map": dict(self.mapping), "reading": dict(self.reading), "output": self.output}
        rest |= {} if self.estimate else {"estimate": False}
        return {"method": method, **plain, **rest, "resume": self.resume, "licence": self.licence}

    def run(self) -> TransferResult:
        """Run it.

        Raises:
            UsageError: there is no source or no output; or as `xlner.transfer` does.
        """
        from xlner.api.inputs import Inputs
        from xlner.api.transfer import run_method

        if not self.inputs.get("source"):
            raise UsageError("`source` is needed")
        if self.output is None:
            raise UsageError("`output` is needed")
        return run_method(
            self.method, self.options, Inputs(**self.inputs), self.output, mapping=self.mapping, reading=self.reading,
            resume=self.resume, licence=self.licence, estimate=self.estimate,
        )  # fmt: skip


def resolve(
    config: Config,
    settings: Mapping[str, Any],
    *,
    default: str,
    method: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> ResolvedRun:
    """A YAML file and further settings as one run. An error of a value from the file names the file.

    Args:
        config: the file.
        settings: by the names of the file; they win over it. None and empty lists say nothing.
        default: the method if nobody names one.
        method: wins over the file.
        options: of the method; they win over the file.

    Raises:
        UsageError: a value cannot be.
    """
    name = method if method is not None else config.method or default
    said = {k: v for k, v in settings.items() if v not in (None, [], ())}
    if empty := next((k for k, v in said.items() if v == ""), None):
        raise UsageError(f"`{empty}` is empty; give it a value, or leave it out")

    def value(key: str, convert: Callable[[Any], Any], otherwise: Any = None) -> Any:
        if key in said:
            return convert(said[key])
        if not config.inputs.get(key):
            return otherwise
        try:
            return convert(config.inputs[key])
        except UsageError as error:
            raise UsageError(f"{config.path}: {_unquoted(error)}") from None

    inputs: dict[str, Any] = {key: value(key, partial(_pairs, key), []) for key in _PAIRS}
    inputs["bitext"] = value("bitext", lambda items: [_bitext(item) for item in items], [])
    inputs["target"] = value("target", lambda item: _pairs("target", [item])[0])
    inputs |= {key: value(key, str) for key in ("gold", "target_labels")}
    columns = {k: said.get(k, config.inputs.get(k)) for k in _COLUMNS}
    written, notes = _of_method(name, config)
    return ResolvedRun(
        method=name,
        options=_options(name, config, written, options or {}),
        inputs={k: v for k, v in inputs.items() if v is not None},
        output=value("output", str),
        mapping=value("map", lambda items: dict(items) if isinstance(items, Mapping) else parse_map(items), {}),
        reading={**(config.inputs.get("reading") or {}), **{k: v for k, v in columns.items() if v is not None}},
        resume=value("resume", str, "auto"),
        licence=value("licence", str),
        estimate=said.get("estimate", config.inputs.get("estimate") is not False),
        notes=notes,
    )


def _options(name: str, config: Config, written: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    try:
        return METHODS.options(name, merged(written, given))
    except OptionError as error:
        path = error.field.split(".")
        if not _says(written, path) or _says(given, path):
            raise
        place = path if path[0] in config.flat else ["method", "options", *path]
        what = _unquoted(error.what)
        raise UsageError(f"{config.path}: {what if error.whole else ': '.join(place) + ' ' + what}") from None


def _says(values: Any, path: Sequence[str]) -> bool:
    for name in path:
        plain = {str(k).replace("-", "_"): v for k, v in values.items()} if isinstance(values, Mapping) else {}
        if name not in plain:
            return False
        values = plain[name]
    return True


def _unquoted(message: object) -> str:
    """Without the marks that make flags of names on the command line: the file has the names as they are."""
    return str(message).replace("`", "")


def _of_method(name: str, config: Config) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Options at the top level of a file are those of all methods; what this one lacks is passed over, and said."""
    if not config.flat:
        return config.options, ()
    fields = {n: {f.name for f in option_fields(options_class(METHODS.load(n)))} for n in METHODS.loadable()}
    others = {k for k in config.options if k not in fields[name] and any(k in known for known in fields.values())}
    note = f"{config.path}: {', '.join(sorted(others))} not read, the method {name} has no such option"
    return {k: v for k, v in config.options.items() if k not in others}, (note,) if others else ()


def _pairs(key: str, items: Any) -> list[tuple[str, str]]:
    """LANG=FILE texts, or [LANG, FILE] pairs or a mapping."""
    pairs = []
    for item in items.items() if isinstance(items, Mapping) else items:
        if isinstance(item, str):
            pairs.append(language_value(item, option=key))
        elif isinstance(item, Sequence) and len(item) == 2:
            pairs.append((iso3(str(item[0])), str(item[1])))
        else:
            raise UsageError(f"`{key}` is LANG=FILE, or [LANG, FILE] in a YAML file; got '{item}'")
    return pairs


def _bitext(item: Any) -> tuple[str, str, str]:
    if isinstance(item, str):
        language, files = language_value(item, option="bitext")
        left, comma, right = files.partition(",")
        if not (comma and left and right):
            raise UsageError(f"`bitext` is LANG=SOURCE,TARGET, such as `bitext en=news.en,news.es`; got '{item}'")
        return language, left, right
    if isinstance(item, Sequence) and len(item) == 3:
        return iso3(str(item[0])), str(item[1]), str(item[2])
    raise UsageError(f"`bitext` is [LANG, SOURCE, TARGET] in a YAML file; got '{item}'")
