"""CoNLL-U, the ten columns of Universal Dependencies, and CoNLL-U Plus, whose columns a comment names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from xlner.component import option, options
from xlner.core.tags import UNKNOWN, Scheme, find_form
from xlner.core.types import Sentence
from xlner.data.formats.base import Format
from xlner.data.formats.head import Head
from xlner.data.formats.treebank import Shape, TreebankSentence, looks_like_treebank, share_tags, treebank_rows
from xlner.data.options import SCHEME, ReadOptions
from xlner.data.report import ReadLog
from xlner.data.source import Input
from xlner.data.tagged import deliver
from xlner.errors import DataError

_COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
_GLOBAL = re.compile(r"#\s*global\.columns\s*=\s*(.*)")
# What treebanks and taggers call the tag, in lower case and without punctuation: in MISC, or as a column of its own.
_NAMES = ("ner", "ne", "name", "nertag", "netag", "entity", "namedentity", "entities", "iob", "bio")
# Keys that mean nothing else; `Entity=` can be coreference, and `Name=` a property of names.
_SURE_NAMES = ("ner", "ne", "nertag", "netag", "namedentity", "iob", "bio")


class Conllu(Format):
    """CoNLL-U and CoNLL-U Plus: the column FORM, with entities from MISC or from a column of their own.

    The tag stands in MISC under `name=`, `ner=`, `NE=` or kin, as whole of MISC, or in a column that `# global.columns`
    names so. A word without it is O where the file never writes O, and unknown where it does. Without any such tag
    the sentences are unlabelled. Text and offsets come from `# text =`, else from `SpaceAfter=No`.

    Limits: ranges (`1-2`) and empty nodes (`1.1`) are no words and are skipped, counted. Entities of coreference, as in
    `Entity=(1-person)`, are not read.

    Reference: Nivre et al., Universal Dependencies v2, LREC 2020.
    """

    name = "conllu"
    extensions = (".conllu", ".conllup")

    @options
    class Options:
        token_column: int | None = option(
            None, "Column of the word, from 0; negative counts from the end; default: FORM."
        )
        tag_column: int | None = option(None, "Column of the tag, likewise; default: found in MISC or by its name.")
        tag_key: str | None = option(None, "Key of MISC that holds the tag; default: ner, name, ne and kin.")
        scheme: Scheme | None = option(None, SCHEME)

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """The columns are named by a comment, or there are ten and the first is a number."""
        return any(_GLOBAL.fullmatch(line) for line in head.lines[:20]) or looks_like_treebank(head, len(_COLUMNS))

    def read(self, source: Input, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """Sentences of syntactic words."""
        names = _column_names(source)
        misc = names.index("MISC") if "MISC" in names else None
        token = self._column(self.options.token_column, len(names), log)
        tag = self._column(self.options.tag_column, len(names), log)
        if token is None and "FORM" not in names:
            raise DataError("`# global.columns` names no FORM; `token_column` says where the words are", path=log.path)
        if tag is None and self.options.tag_key is None:
            tag = next((i for i, name in enumerate(names) if _plain(name) in _NAMES), None)
        of_misc = tag is None
        shape = Shape(
            width=len(names),
            number=names.index("ID") if "ID" in names else None,
            token=names.index("FORM") if token is None else token,
            tag=misc if of_misc else tag,
            misc=misc,
        )
        log.columns = shape.describe()
        rows: Iterable[TreebankSentence] = treebank_rows(source, log, shape)
        if options.labelled:
            rows = list(rows)
            if of_misc:
                self._from_misc(rows, log)
            else:
                share_tags(rows, log)
        return deliver(rows, log, options, scheme=self.options.scheme)

    def _from_misc(self, rows: list[TreebankSentence], log: ReadLog) -> None:
        """Put the tags that MISC holds in its place."""
        pick = self._find_key(rows, log)
        if pick is None:
            for row in rows:
                row.tags = [UNKNOWN] * len(row.words)
            return
        for row in rows:
            row.tags = [pick(misc) for misc in row.tags]
            row.compounds = tuple(replace(c, tag=pick(c.tag)) for c in row.compounds)
        share_tags(rows, log)
        writes_o = any("O" in row.tags or "o" in row.tags for row in rows)
        absent = UNKNOWN if writes_o else "O"
        for row in rows:
            row.tags = [tag or absent for tag in row.tags]

    def _find_key(self, rows: list[TreebankSentence], log: ReadLog) -> Callable[[str], str] | None:
        """How to get the tag of a word from its MISC; None if none holds one."""
        wanted = self.options.tag_key
        values: dict[str, Counter[str]] = {}
        for misc, n in Counter(misc for misc, _ in _miscs(rows)).items():
            for key, value in _pairs(misc):
                if key == wanted or (wanted is None and (not key or _plain(key) in _NAMES)):
                    values.setdefault(key, Counter())[value] += n
        keys: list[str] = []  # those that hold tags; joined files have more than one
        for key in sorted(values, key=lambda key: _NAMES.index(_plain(key)) if _plain(key) in _NAMES else len(_NAMES)):
            form = find_form(values[key], bare=None if key else False)
            fitting = sum(n for value, n in values[key].items() if form.fits(value))
            # Under a name of tags a wrong one is a fault, to be told; without a name other things are no tags.
            if key == wanted or (2 if key else 1) * fitting >= values[key].total():
                keys.append(key)
        if keys:
            named = " and ".join(f"{key}=" for key in keys if key)
            log.note(f"tags are those of {named} in MISC" if named else "tags are what stands in the last column")
            return lambda misc: next((value for key in keys for k, value in _pairs(misc) if k == key), "")
        if wanted is not None:
            raise DataError(f"MISC has no key {wanted} (`tag_key`)", path=log.path)
        for key in (key for key in values if _plain(key) in _SURE_NAMES):
            line = next(line for misc, line in _miscs(rows) if f"{key}=" in misc)
            log.fault(f"what {key}= in MISC holds are no tags such as B-PER: {next(iter(values[key]))}", line)
        log.note("no named entities in these columns, so the sentences are unlabelled")
        return None

    @staticmethod
    def _column(wanted: int | None, width: int, log: ReadLog) -> int | None:
        if wanted is not None and not -width <= wanted < width:
            raise DataError(f"no column {wanted}; lines have {width} columns, from 0", path=log.path)
        return None if wanted is None else wanted % width


def _column_names(source: Input) -> list[str]:
    for number, line in source.lines():
        if found := _GLOBAL.fullmatch(line):
            return found.group(1).upper().split() or list(_COLUMNS)
        if number > 20 or not line.startswith("#"):
            break
    return list(_COLUMNS)


def _miscs(rows: Iterable[TreebankSentence]) -> Iterator[tuple[str, int]]:
    """All MISC with their lines."""
    for row in rows:
        yield from zip(row.tags, row.lines or (), strict=True)
        for compound in row.compounds:
            yield compound.tag, compound.line


def _plain(name: str) -> str:
    """`X:NER_Tag` as `nertag`: names without their owner and punctuation."""
    return re.sub(r"[^a-z]", "", name.rpartition(":")[2].casefold())


def _pairs(misc: str) -> list[tuple[str, str]]:
    """Keys and values of MISC; what has no key gets the key ""."""
    pairs = []
    for item in misc.split("|"):
        key, equals, value = item.partition("=")
        if equals or item not in ("", UNKNOWN):
            pairs.append((key.strip(), value.strip()) if equals else ("", item.strip()))
    return pairs
