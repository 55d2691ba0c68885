"""Flags of parts: from the `Options` of the parts that somebody chose to a list that any parser of arguments can take.

A flag has a name without hyphens before it, and sets one or more options. Nothing here knows a parser.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin

from xlner.component import OptionField, option, option_fields, options, options_class
from xlner.errors import OptionError
from xlner.registry import POINTS, Registry, look_up

_SHARED = {"encoder", "device", "precision", "seed"}  # one flag says them to every part that has them
Path = tuple[str, ...]
"""Where an option lies: the flag that chose the part, the field, the field in it: ("method", "teacher", "epochs")."""


@dataclass(frozen=True)
class Choice:
    """A flag that chooses a part.

    Args:
        flag: its name: "method". Its value is a name, or names with weights: "align=0.5,nmt=1".
        point: the extension point: "methods".
        default: the part that is taken without the flag; None for none.
        fixed: the command always takes the default.
    """

    flag: str
    point: str
    default: str | None
    fixed: bool = False

    def registry(self) -> Registry:
        return look_up(POINTS[self.point])


Chosen = Mapping[Choice, str | None]


@options
class Columns:
    """Where words and tags stand in labelled files with columns."""

    token_column: int | None = option(None, "Column of the word in labelled files, from 0.")
    tag_column: int | None = option(None, "Column of the tag; -1 is the last.")


@options
class Splitting:
    """Where words end in text beside links."""

    words_split: Literal["auto", "space", "unicode"] = option(
        "auto", "Spaces between words: space (and TAB), unicode (any white space), or auto, as links tell."
    )


@options
class Recipe:
    """Settings under a name."""

    recipe: str | None = option(
        None, "Settings under a name: fast, the defaults, or strong, better and slower. Flags and `config` win over it."
    )


@options
class Judging:
    """How good a model is without gold."""

    estimate: bool = option(True, "Without `gold`, estimate F1 from raw target text.")


@dataclass
class Flag:
    """One flag of the chosen parts.

    Args:
        name: as messages say it.
        names: how it can be said.
        help: one sentence, with bounds, unit and default.
        metavar: what its value looks like; None for a switch.
        section: which part it belongs to, as a heading.
        paths: the options that it sets.
        switch: it takes no value; its opposite has "no-" before the name.
        many: it may be repeated.
        size: how many words it takes.
        yaml: its value is read as YAML.
        hidden: help leaves it out.
    """

    name: str
    names: list[str]
    help: str
    metavar: str | None
    section: str
    paths: list[Path]
    switch: bool = False
    many: bool = False
    size: int = 1
    yaml: bool = False
    hidden: bool = False


def flags_of(chosen: Chosen, taken: set[str]) -> list[Flag]:
    """The flags of all parts that were chosen.

    Args:
        chosen: which flag chose which part, in the order in which they get a name that several want.
        taken: names that the command has for itself. An option called so has the flag that chose its part before its
            name: method.resume.
    """
    flags: dict[str, Flag] = {}
    for choice, part in _named(chosen):
        section = f"Options of the {choice.registry().one} {part}"
        for outer in option_fields(options_class(choice.registry().load(part))):
            for inner in option_fields(outer.nested) if outer.nested else ():
                path = (choice.flag, outer.name, inner.name)
                short = inner.name.replace("_", "-")
                if outer.apart and inner.name not in _SHARED:
                    _add(flags, inner, path, section, f"{outer.name}.{short}")
                    continue
                if short in taken:
                    _add(flags, inner, path, section, f"{outer.name}.{short}", instead_of=short)
                    continue
                _add(flags, inner, path, section, short)
                _add(flags, inner, path, section, f"{outer.name}.{short}", hidden=True)
            if not outer.nested:
                _add_plain(flags, taken, outer, (choice.flag, outer.name), section)
    for first, flag in flags.items():  # a further form that is the name of another flag belongs to that one
        flag.names = [n for n in flag.names if n == first or n not in {*flags, *taken}]
    return list(flags.values())  # teacher.epochs comes behind epochs, and so wins over it


def flags_beside(classes: Mapping[str, Any]) -> list[Flag]:
    """The flags of classes of options that belong to no part.

    Args:
        classes: name under which the values are given -> class.
    """
    flags: dict[str, Flag] = {}
    for name, kind in classes.items():
        for f in option_fields(kind):
            _add(flags, f, (name, f.name), "Options", f.name.replace("_", "-"))
    return list(flags.values())


def _named(chosen: Chosen) -> Iterator[tuple[Choice, str]]:
    """Every part that was chosen; a sum such as align=0.5,nmt=1 chooses several."""
    for choice, value in chosen.items():
        for part in value.split(",") if value is not None else ():
            yield choice, part.partition("=")[0].strip()


def _add_plain(flags: dict[str, Flag], taken: set[str], field: OptionField, path: Path, section: str) -> None:
    """The flag of an option that lies in no other; where its name is not free, with the choice before it."""
    name = field.name.replace("_", "-")
    before = flags.get(name)
    if field.name in _SHARED and name in taken:
        return  # the command's own flag says it to all parts
    if name not in taken and (before is None or field.name in _SHARED or path in before.paths):
        _add(flags, field, path, section, name)
    else:
        _add(flags, field, path, section, f"{path[0]}.{name}", instead_of=name)


def _add(
    flags: dict[str, Flag], field: OptionField, path: Path, section: str, name: str,
    *, hidden: bool = False, instead_of: str = "",
) -> None:  # fmt: skip
    """Make the flag of one option, or let a flag that is there already set it too."""
    if name in flags:
        flags[name].paths += [] if path in flags[name].paths else [path]
        return
    kinds = {*get_args(field.type), field.type}
    many = any(str(k).startswith(("tuple", "list", "collections.abc.Sequence")) for k in kinds)
    names = list(dict.fromkeys([name, name.replace(".", "-")]))
    if many and name.endswith("s"):  # layer 6, layer 8 reads better
        names = [*(n.removesuffix("s") for n in names), *names]
    size = _fixed_length(kinds)
    yaml = field.type is Any or any(get_origin(k) in (dict, Mapping) for k in kinds)
    word = "NUMBER" if kinds & {int, float} else "TEXT"
    metavar = "YAML" if yaml else "|".join(field.choices) or " ".join([word] * max(1, size))
    text = field.describe() + (f" Not `{instead_of}`, which is another flag." if instead_of else "")
    flags[name] = Flag(
        name, names, text, metavar, section, [path], switch=bool in kinds, many=many and not size, size=max(1, size),
        yaml=yaml, hidden=hidden,
    )  # fmt: skip


def _fixed_length(kinds: set[Any]) -> int:
    """How many words a tuple of fixed length takes; 0 for all other types."""
    fixed = (get_args(k) for k in kinds if get_origin(k) is tuple and Ellipsis not in get_args(k))
    return next((len(of) for of in fixed), 0)


@dataclass
class Given:
    """What flags said to the chosen parts.

    Args:
        values: flag of the choice -> options of the part it chose, as plain values.
        names: path of an option -> name of the flag that set it.
    """

    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    names: dict[Path, str] = field(default_factory=dict)

    def put(self, flag: Flag, value: Any) -> None:
        """Take the value of a flag for all options that it sets."""
        for path in flag.paths:
            inner: dict[str, Any] = self.values.setdefault(path[0], {})
            for key in path[1:-1]:
                inner = inner.setdefault(key, {})
            inner[path[-1]], self.names[path] = value, flag.name

    def says(self, choice: str, option: str) -> str | None:
        """The name of the flag that set an option, such as teacher.epochs; None if none did."""
        return self.names.get((choice, *option.split(".")))

    def spelled(self, error: OptionError) -> OptionError:
        """The error with the option under the name of the flag that the user gave."""
        for (_, *path), name in self.names.items():
            if ".".join(path) == error.field and not error.whole:
                return OptionError(name.replace("-", "_"), error.what, owner=error.owner)
        return error


def owners(name: str, chosen: Chosen) -> Iterator[tuple[Choice, list[str]]]:
    """Which parts, of those that could have been chosen instead, have an option of that name."""
    wanted = name.replace("-", "_")
    for choice in chosen:
        registry = choice.registry()
        if parts := [n for n in registry.loadable() if {wanted, f"{wanted}s"} & _all_names(registry, n)]:
            yield choice, parts


def _all_names(registry: Registry, part: str) -> set[str]:
    fields = option_fields(options_class(registry.load(part)))
    inner = [(f.name, g.name) for f in fields if f.nested for g in option_fields(f.nested)]
    names = {f.name for f in fields} | {name for _, name in inner}
    return names | {f"{outer}{mark}{name}" for outer, name in inner for mark in "._"}


def merged(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Two nested mappings as one; where both say something, the second wins."""
    out = {str(k).replace("-", "_"): v for k, v in low.items()}
    for key, value in high.items():
        before = out.get(key)
        out[key] = merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return out
