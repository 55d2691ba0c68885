"""What a part of xlner says of itself: a summary, a reference, what it needs, and typed options.

A part is a class. Its docstring gives the summary (first paragraph) and the `Reference:`; `needs` names the inputs that
it asks for; `Options` is a class of settings, made with the decorators below:

    class FirstSentences:
        '''Train on the first k sentences only.'''

        needs = frozenset({"labelled"})

        @options
        class Options:
            k: int = option(100, "How many sentences.", ge=1, unit="sentences")

Flags, help, YAML, validation, run records and docs pages are made from that. Values are checked and converted by
pydantic, which is imported with the first check, so that listing options costs nothing.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    TypeVar,
    Union,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from xlner.errors import OptionError

if TYPE_CHECKING:
    from pydantic import BaseModel

T = TypeVar("T")
REQUIRED: Any = MISSING
_BOUNDS = ("ge", "gt", "le", "lt")


def option(
    default: Any,
    help: str,
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    unit: str | None = None,
    decides: bool = True,
    apart: bool = False,
) -> Any:
    """One option of a part: a field of its `Options`.

    Choices are the values of a `Literal` type.

    Args:
        default: value if nobody gives one; `REQUIRED` if somebody must. A class of options is made with its defaults.
        help: one sentence, for `--help` and the docs.
        ge: least value.
        gt: all values are greater.
        le: greatest value.
        lt: all values are less.
        unit: what a number counts, such as "subwords".
        decides: whether the value can change a result. Others may differ when a run is resumed.
        apart: the options that this one holds are set by flags with its name alone, such as `pretrain.epochs`; a flag
            `epochs` for the options of the same name elsewhere leaves them.
    """
    bounds = {n: v for n, v in zip(_BOUNDS, (ge, gt, le, lt), strict=True) if v is not None}
    metadata = {"help": help, "bounds": bounds, "unit": unit, "decides": decides, "apart": apart}
    if isinstance(default, type):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def options(cls: type[T]) -> type[T]:
    """Make a class of options: a frozen dataclass whose values are checked and converted when it is made.

    A `__post_init__` of the class can check what concerns several fields. It raises `OptionError` or `UsageError`.
    """
    check_fields = getattr(cls, "__post_init__", None)  # also that of a class of options above it

    def check(self: Any) -> None:
        for name, value in _checked(type(self), {f.name: getattr(self, f.name) for f in fields(self)}).items():
            object.__setattr__(self, name, value)
        if check_fields is not None:
            check_fields(self)

    cls.__post_init__ = check  # type: ignore[attr-defined]
    return dataclass(frozen=True, kw_only=True)(cls)


@options
class NoOptions:
    """Of a part that has nothing to choose."""


class Part:
    """Base of parts that are made with their options. A part may also stand alone, with the same three names.

    Args:
        options: an `Options` of the class.
        values: fields of `Options`, instead.

    Raises:
        OptionError: there is no such option, or its value cannot be.
    """

    Options: ClassVar[Any] = NoOptions
    needs: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, options: Any = None, /, **values: Any) -> None:
        self.options = from_values(self.Options, values) if options is None else options


@dataclass(frozen=True)
class OptionField:
    """One option, as help and docs show it.

    Args:
        name: the field.
        type: its type.
        default: None too where it has none, and for options that hold options.
        required: somebody must give a value.
        help: one sentence.
        unit: what a number counts.
        bounds: least and greatest values, under the names of pydantic: ge, gt, le, lt.
        decides: whether it can change a result.
        apart: flags for options of the same name elsewhere leave those that it holds.
    """

    name: str
    type: Any
    default: Any
    required: bool
    help: str
    unit: str | None
    bounds: Mapping[str, float]
    decides: bool
    apart: bool = False

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of a `Literal`, also of an optional one."""
        kinds = get_args(self.type) if get_origin(self.type) is not Literal else (self.type,)
        return tuple(str(v) for kind in kinds if get_origin(kind) is Literal for v in get_args(kind))

    @property
    def nested(self) -> Any | None:
        """The class of options that this field holds, or None."""
        return self.type if is_options(self.type) else None

    def describe(self) -> str:
        """The help with bounds, unit and default."""
        signs = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
        parts = [f"{signs[name]} {value:.10g}" for name, value in self.bounds.items()]
        parts += [f"in {self.unit}"] if self.unit else []
        if self.required:
            parts.append("required")
        elif self.default is not None and self.default != () and not self.nested:
            parts.append(f"default {self.default}")
        return self.help + (f" [{'; '.join(parts)}]" if parts else "")


@dataclass(frozen=True)
class Description:
    """What a part says of itself.

    Args:
        name: under which it is registered.
        summary: one sentence.
        reference: the publication behind it; "" for none.
        needs: inputs that it asks for.
        fields: its options.
    """

    name: str
    summary: str
    reference: str
    needs: frozenset[str]
    fields: tuple[OptionField, ...]


def describe(name: str, part: Any) -> Description:
    """What the part registered as `name` says of itself."""
    doc = inspect.getdoc(part) or ""
    summary = " ".join(doc.partition("\n\n")[0].split()) or name
    section = re.search(r"^References?:(.*?)(?=\n\s*\n|\n\w+:|\Z)", doc, re.DOTALL | re.MULTILINE)
    needs = part.needs if isinstance(getattr(part, "needs", None), frozenset) else frozenset()
    reference = " ".join(section.group(1).split()) if section else ""
    return Description(name, summary, reference, needs, option_fields(options_class(part)))


def options_class(part: Any) -> Any:
    """The class of options of a part; `NoOptions` if it names none."""
    return getattr(part, "Options", NoOptions)


def is_options(kind: Any) -> bool:
    """Whether `kind` is a class made by `options`."""
    return isinstance(kind, type) and is_dataclass(kind) and hasattr(kind, "__post_init__")


@cache
def option_fields(kind: Any) -> tuple[OptionField, ...]:
    """The options of a class made by `options`, in order."""
    hints = get_type_hints(kind)
    return tuple(_field(f, hints[f.name]) for f in fields(kind))


def _field(f: Field[Any], hint: Any) -> OptionField:
    meta = f.metadata
    required = f.default is MISSING and f.default_factory is MISSING
    default = None if f.default is MISSING else f.default
    return OptionField(
        f.name, hint, default, required, meta.get("help", ""), meta.get("unit"), meta.get("bounds", {}),
        meta.get("decides", True), meta.get("apart", False),
    )  # fmt: skip


def is_default(options: Any, name: str) -> bool:
    """Whether one of the options has the value that it has if nobody gives one."""
    kind: Any = type(options)
    return any(f.name == name and f.default == getattr(options, name) for f in option_fields(kind))


def from_values(kind: Any, values: Mapping[str, Any], *, owner: str = "", outer: str = "") -> Any:
    """Options from plain values, such as those of a YAML file; names may have hyphens.

    Args:
        kind: a class made by `options`.
        values: name -> value; mappings for options that hold options. What is not named keeps its default.
        owner: what the options belong to, for messages: "the method distill".
        outer: the option that holds these, and a dot.

    Raises:
        OptionError: there is no such option, one is missing, or a value cannot be.
    """
    known = {f.name: f for f in option_fields(kind)}
    given = {str(k).replace("-", "_"): v for k, v in values.items()}
    for name in given:
        if name not in known:
            holders = [f.name for f in known.values() if f.nested and name in {x.name for x in option_fields(f.nested)}]
            have = f"it has: {', '.join(known)}" if known else "it has none"
            have = f"write {' or '.join(f'{h}: {{{name}: ...}}' for h in holders)}" if holders else have
            raise OptionError(name, f"{owner or 'this part'} has no option '{outer}{name}'; {have}", whole=True)
    for name, f in known.items():
        if f.required and name not in given:
            raise OptionError(name, f"is needed: {f.help}", owner=owner)
        if f.nested and isinstance(given.get(name), Mapping):
            try:
                given[name] = from_values(f.nested, given[name], owner=owner, outer=f"{outer}{name}.")
            except OptionError as error:
                raise error.inside(name) from None
    try:
        return kind(**given)
    except OptionError as error:
        raise error.of(owner) from None


def to_values(settings: Any, *, deciding: bool = False) -> dict[str, Any]:
    """Options as plain values, which YAML and JSON can hold.

    Args:
        settings: options.
        deciding: leave out what cannot change a result.
    """
    out, kind = {}, cast(Any, type(settings))
    for f in option_fields(kind):
        value = getattr(settings, f.name)
        if deciding and not f.decides:
            continue
        out[f.name] = to_values(value, deciding=deciding) if f.nested else _plain(value)
    return out


def json_schema(kind: Any) -> dict[str, Any]:
    """The JSON schema of a class of options."""
    return _model(kind).model_json_schema()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _checked(kind: Any, values: dict[str, Any]) -> dict[str, Any]:
    """The values, converted to the types of the fields."""
    from pydantic import ValidationError

    plain = {f.name: _readable(f, values[f.name]) for f in option_fields(kind) if not f.nested}
    for f in option_fields(kind):
        if f.nested and not isinstance(values[f.name], f.nested):
            raise OptionError(f.name, f"is a mapping of options, got '{values[f.name]}'")
    try:
        checked = _model(kind, nested=False).model_validate(plain)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        known = next(f for f in option_fields(kind) if f.name == name)
        raise OptionError(name, f"{_wanted(known, first)}, got '{_shown(plain[name])}'") from None
    return {name: getattr(checked, name) for name in plain}


@cache
def _model(kind: Any, *, nested: bool = True) -> type[BaseModel]:
    """A pydantic model with the fields of a class of options."""
    from pydantic import ConfigDict, create_model
    from pydantic import Field as PydanticField

    parts: dict[str, Any] = {}
    for f in option_fields(kind):
        if f.nested and not nested:
            continue
        extra: Any = {"unit": f.unit} if f.unit else None
        default = ... if f.required else to_values(f.nested()) if f.nested else f.default
        bounds: dict[str, Any] = dict(f.bounds)
        field_info = PydanticField(default, description=f.help, json_schema_extra=extra, **bounds)
        parts[f.name] = (_model(f.nested) if f.nested else f.type, field_info)
    name = f"{kind.__module__}.{kind.__qualname__}"
    # Numbers that come as text are converted; true and false are no numbers, and 1.5 is no whole one.
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)
    return create_model(name, __config__=config, **parts)


def _readable(f: OptionField, value: Any) -> Any:
    """Paths as text; and no number where a truth value came, which Python would take for 0 or 1."""
    if isinstance(value, bool) and bool not in (f.type, *get_args(f.type)) and str(value) not in f.choices:
        raise OptionError(f.name, f"must be {in_words(f.type)}, got '{str(value).lower()}'")
    return str(value) if isinstance(value, Path) and f.type is not Path else value


def _shown(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _wanted(f: OptionField, error: Any) -> str:
    """What a field takes, in plain words."""
    kind, context = error["type"], error.get("ctx", {})
    bounds = {
        "greater_than_equal": ("at least", "ge"), "greater_than": ("above", "gt"),
        "less_than_equal": ("at most", "le"), "less_than": ("below", "lt"),
    }  # fmt: skip
    if kind in bounds:
        words, key = bounds[kind]
        return f"must be {words} {context[key]:.10g}"
    return f"must be {in_words(f.type)}"


def in_words(kind: Any) -> str:
    """What a type takes, in plain words: "a whole number", "one of ce, mse, kl"."""
    origin, of = get_origin(kind), get_args(kind)
    if origin is Literal:
        return f"one of {', '.join(map(str, of))}"
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(in_words(k) for k in of if k is not type(None)))
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    if kind in names:
        return names[kind]
    if origin in (tuple, list) or (origin is not None and "Sequence" in str(origin)):
        item = next((k for k in of if k is not Ellipsis), str)
        return f"a list ({in_words(item)} each)"
    if origin is dict or (origin is not None and "Mapping" in str(origin)):
        return "a mapping"
    return getattr(kind, "__name__", "text") if kind is not type(None) else "nothing"
