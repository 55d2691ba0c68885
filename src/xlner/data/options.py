"""The settings that all readers share. What only some formats have stands in their own `Options`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xlner.core.tags import Repair
from xlner.errors import OptionError


@dataclass(frozen=True)
class ReadOptions:
    """How to read one input.

    Args:
        language: ISO 639-3 code that the sentences get.
        repair: what happens to entities that break the tag scheme, see `xlner.core.tags.read_tags`.
        labelled: read entities; False gives the words alone, in constant memory where the format allows it.
        split_lines: raw text only: split each line into sentences; False makes each line one sentence, empty
            lines included, so that two files of parallel text stay side by side.
        words_of: raw text only, with lines as sentences: gives the words of a line; None segments it.
    """

    language: str | None = None
    repair: Repair = "conll"
    labelled: bool = True
    split_lines: bool = True
    words_of: Callable[[str], tuple[str, ...]] | None = None

    def __post_init__(self) -> None:
        if self.repair not in ("conll", "error", "discard"):
            raise OptionError("repair", f"must be one of conll, error, discard, got '{self.repair}'")


# Help of options that several formats have.
SCHEME = "Tag scheme: IO, IOB1, IOB2, BIOES or BILOU; default: found over the whole file."
LABELS = "Names of the integer tags, in order, O first."
