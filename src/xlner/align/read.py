"""The words of two parallel files, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from xlner.align.files import LinkFile
from xlner.align.split import check_words_split, find_split, words_at
from xlner.align.windows import WordPair
from xlner.data import stream_text
from xlner.errors import DataError, UsageError

WORDS = ("spaces", "segment")
_LONG_WORD = 20


def read_pairs(
    source: str | Path,
    target: str | Path,
    *,
    words: str = "spaces",
    source_language: str | None = None,
    target_language: str | None = None,
    format: str | None = None,
    words_split: str = "unicode",
    links: Sequence[LinkFile] = (),
    token_column: int | None = None,
    tag_column: int | None = None,
    remarks: list[str] | None = None,
) -> list[WordPair]:
    """Sentence pairs of two files.

    Args:
        source: a file of any format that xlner reads; of raw text, each line is a sentence.
        target: likewise, with as many sentences.
        words: how raw text becomes words: "spaces" (what stands between white space, the custom of Pharaoh files) or
            "segment" (punctuation apart, and words of scripts without spaces).
        source_language: helps "segment"; BCP-47 or ISO 639.
        target_language: likewise.
        format: name of the format of both files; None finds it out.
        words_split: for "spaces": split at blanks and TABs only ("space"), at white space of any kind, such as a
            no-break space ("unicode"), or in the way that links beside the text were made ("auto").
        links: files of links of these pairs, for "auto".
        token_column: column of the word in files with columns, from 0; None finds it.
        tag_column: column of the tag, likewise; it tells which column is no word.
        remarks: what reading left out or took for granted is added to it.

    Raises:
        DataError: the files have different numbers of sentences, or one cannot be read or has no words; or links do not
            tell how words are split, see `find_split`.
        UsageError: an option has no such value.
    """
    check_words_split(words_split)
    reading: dict[str, Any] = {"words": words, "format": format, "token_column": token_column, "tag_column": tag_column}
    if words_split == "auto":
        reading |= {"source_language": source_language, "target_language": target_language}
        pairs = read_pairs(source, target, **reading, remarks=remarks)
        if words != "spaces" or not links:
            return pairs
        spaced = read_pairs(source, target, **reading, words_split="space")
        return spaced if find_split(spaced, pairs, links) == "space" else pairs
    if words not in WORDS:
        raise UsageError(f"`words` is one of {', '.join(WORDS)}; got '{words}'")
    reading |= {"words_split": words_split, "remarks": remarks}
    left = list(read_words(source, language=source_language, **reading))
    right = list(read_words(target, language=target_language, **reading))
    if len(left) != len(right):
        raise DataError(
            f"has {len(right)} sentences, but the source {source} has {len(left)}; sentence n of one file must be the "
            "translation of sentence n of the other (empty lines count)",
            path=target,
        )
    for path, side in ((source, left), (target, right)):
        if not any(side):
            raise DataError("no sentence in it", path=path)
    return list(zip(left, right, strict=True))


def read_words(
    path: str | Path,
    *,
    words: str = "spaces",
    language: str | None = None,
    format: str | None = None,
    words_split: str = "unicode",
    token_column: int | None = None,
    tag_column: int | None = None,
    remarks: list[str] | None = None,
) -> Iterator[tuple[str, ...]]:
    """The words of each sentence of one file. See `read_pairs`.

    Raises:
        DataError: the file cannot be read, or holds annotations of a kind that nobody here reads.
    """
    words_of = partial(words_at, words_split) if words == "spaces" else None
    reading = stream_text(
        path, format=format, language=language, split_lines=False, words_of=words_of,
        token_column=token_column, tag_column=tag_column,
    )  # fmt: skip
    for sentence in reading:
        yield sentence.words
    if remarks is not None:
        remarks += reading.report().remarks()


def looks_unsegmented(sentences: Sequence[Sequence[str]]) -> bool:
    """Whether half of the words split at spaces are so long that the script probably has no spaces between words."""
    lengths = sorted(len(w) for words in sentences[:1000] for w in words)
    return bool(lengths) and lengths[len(lengths) // 2] > _LONG_WORD
