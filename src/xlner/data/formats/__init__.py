"""File formats: one module each, found by content first and by file name second.

A third party adds one under the entry-point group `xlner.formats`: a class that extends `Format`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xlner.component import option_fields
from xlner.data.formats.base import Format, Reader, Writer
from xlner.data.formats.head import Head
from xlner.errors import UsageError
from xlner.registry import Registry

__all__ = ["FORMATS", "Format", "Reader", "Writer", "find_format", "options_of"]

# The order is the order of asking: the stricter a format's signs, the earlier it stands. "text" takes anything.
FORMATS = Registry(
    "formats",
    {
        "uner": "xlner.data.formats.uner:Uner",
        "json": "xlner.data.formats.any_json:AnyJson",
        "label-studio": "xlner.data.formats.label_studio:LabelStudio",
        "jsonl": "xlner.data.formats.native:Native",
        "tokens": "xlner.data.formats.tokens:Tokens",
        "gliner": "xlner.data.formats.token_spans:TokenSpans",
        "few-nerd": "xlner.data.formats.few_nerd:FewNerd",
        "spacy": "xlner.data.formats.spacy:Spacy",
        "prodigy": "xlner.data.formats.prodigy:Prodigy",
        "doccano": "xlner.data.formats.doccano:Doccano",
        "conllu": "xlner.data.formats.conllu:Conllu",
        "conll": "xlner.data.formats.conll:Conll",
        "html": "xlner.data.formats.html:Html",
        "text": "xlner.data.formats.text:Text",
        "datasets": "xlner.data.formats.hub:Datasets",
    },
    one="format",
    aliases={"txt": "text"},
)
DEFAULT = "text"


def find_format(head: Head, *, wanted: str | None = None, values: Mapping[str, Any] | None = None) -> Any:
    """The format of an input: the wanted one, else by content, else by extension, else raw text.

    Args:
        head: start of the input.
        wanted: name that the user gave. For a JSON dialect that means "whatever dialect this is".
        values: options of formats; the chosen one gets those that it has.

    Returns:
        A `Format` that is a `Reader`.

    Raises:
        UsageError: no such format, or one that can only be written.
        OptionError: a value cannot be.
    """
    name = _name(head, wanted)
    known = options_of(name)
    return FORMATS.build(name, {key: value for key, value in (values or {}).items() if key in known})


def options_of(name: str) -> set[str]:
    """Names of the options that a format has."""
    return {f.name for f in option_fields(FORMATS.load(name).Options)}


def _name(head: Head, wanted: str | None) -> str:
    if wanted == "jsonl":  # means "JSON lines of whatever dialect"
        wanted = "json"
    if wanted is not None:
        wanted = FORMATS.canonical(wanted)
        kind = FORMATS.load(wanted)
        if not hasattr(kind, "read"):
            raise UsageError(f"format '{wanted}' can be written, not read")
        return wanted
    return (
        _first(lambda kind: not kind.named_only and kind.sniff(head))
        or _first(lambda kind: not kind.named_only and head.suffix in kind.extensions)
        or DEFAULT
    )


def _first(fits: Callable[[type[Format]], bool]) -> str | None:
    for name in FORMATS.names():
        kind: type[Format] = FORMATS.load(name)
        if hasattr(kind, "read") and fits(kind):
            return name
    return None
