"""The settings that readers and writers share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlner.core.tags import Repair, Scheme
from xlner.errors import UsageError


@dataclass(frozen=True)
class ReadOptions:
    """How to read one input.

    Args:
        language: ISO 639-3 code that the sentences get.
        token_column: column of the word, from 0; negative counts from the end. None: the format's own.
        tag_column: column of the tag, likewise.
        scheme: tag scheme; None detects it over the whole file.
        repair: what happens to entities that break the scheme, see `xlner.core.tags.read_tags`.
        labels: names of integer tags, in order.
        labelled: read entities; False gives the words alone, in constant memory where the format allows it.
        split_lines: raw text only: split each line into sentences; False makes each line one sentence, empty
            lines included, so that two files of parallel text stay side by side.
        split: for data sets with splits, which one.
    """

    language: str | None = None
    token_column: int | None = None
    tag_column: int | None = None
    scheme: Scheme | None = None
    repair: Repair = "conll"
    labels: Sequence[str] | None = None
    labelled: bool = True
    split_lines: bool = True
    split: str | None = None

    def __post_init__(self) -> None:
        if self.scheme not in (None, "IO", "IOB1", "IOB2", "BIOES", "BILOU"):
            raise UsageError(f"--scheme is IO, IOB1, IOB2, BIOES or BILOU; got '{self.scheme}'")
        if self.repair not in ("conll", "error", "discard"):
            raise UsageError(f"--repair is conll, error or discard; got '{self.repair}'")
        if self.token_column is not None and self.token_column == self.tag_column:
            raise UsageError(f"the word and the tag cannot both be in column {self.token_column}")


@dataclass(frozen=True)
class WriteOptions:
    """How to write one output.

    Args:
        separator: between the columns of CoNLL.
        title: heading of the HTML page.
    """

    separator: str = "\t"
    title: str = "Named entities"
