"""CoNLL-U, the ten columns of Universal Dependencies, and CoNLL-U Plus, whose columns a comment names."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from xlner.component import option, options
from xlner.core.tags import UNKNOWN, Scheme, detect_scheme, find_form, read_tags
from xlner.core.types import Sentence
from xlner.data.formats.base import Format
from xlner.data.formats.head import Head
from xlner.data.formats.treebank import Shape, TreebankSentence, looks_like_treebank, share_tags, treebank_rows
from xlner.data.options import SCHEME, ReadOptions
from xlner.data.report import ReadLog
from xlner.data.source import Input
from xlner.data.tagged import deliver, looks_like_tag
from xlner.errors import DataError

_COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
_GLOBAL = re.compile(r"#\s*global\.columns\s*=\s*(.*)")
# What treebanks and taggers call the tag, in lower case and without punctuation: in MISC, or as a column of its own.
_NAMES = ("ner", "ne", "name", "nertag", "netag", "entity", "namedentity", "entities", "iob", "bio")
# Keys that mean nothing else; `Entity=` can be coreference, and `Name=` a property of names.
# What a column of the tags is called that belongs to one of these, as in `NER:TAG`.
_PARTS = ("tag", "tags", "label", "labels", "type", "types", "class", "bioes", "bilou")
_SURE_NAMES = ("ner", "ne", "nertag", "netag", "namedentity", "iob", "bio")
# Types with the number of the entity, as NameTag writes them: `gu_1`, nested `P_1-pf_2`.
_NUMBERED = re.compile(r"[^\W\d]\w*_[0-9]+(?:-[^\W\d]\w*_[0-9]+)*")
_MEND = (
    "; `scheme` IO reads bare types such as PER, `tag_key` reads another key; types with numbers must first become "
    "tags such as B-PER"
)


class Conllu(Format):
    """CoNLL-U and CoNLL-U Plus: the column FORM, with entities from MISC or from a column of their own.

    The tag stands in MISC under `name=`, `ner=`, `NE=` or kin, as whole of MISC, or in a column that `# global.columns`
    names so. A word without it is O where the file never writes O, and unknown where it does. Without any such tag
    the sentences are unlabelled; a column that looks like tags is told. The tag of a multiword token goes to its words
    where these have none: of `1-2 ... ner=B-LOC` to B-LOC and I-LOC. Of several keys or columns of one word the first
    counts (`ner=` before `ner2=`); the entities of the others are left out, counted, and their words never O.
    Text and offsets come from `# text =`, else from `SpaceAfter=No`.

    Limits: ranges (`1-2`) and empty nodes (`1.1`) are no words and are skipped, counted. Entities of coreference, as in
    `Entity=(1-person)`, and types with numbers, as in `NE=gu_1`, are not read.

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
        columns = [] if self.options.tag_key else [i for i, name in enumerate(names) if _means_tags(name)]
        if tag is None and columns:
            tag = columns[0]
        both = misc is not None and options.labelled and bool(columns) and _misc_means_tags(source, misc, len(names))
        several = (both or len(columns) > 1) and self.options.tag_column is None
        of_misc = tag is None
        shape = Shape(
            width=len(names),
            number=names.index("ID") if "ID" in names else None,
            token=names.index("FORM") if token is None else token,
            tag=misc if of_misc else tag,
            misc=misc,
            several=(*((names[i], i) for i in columns), *([("", misc)] if both and misc else [])) if several else (),
        )
        log.columns = shape.describe()
        rows: Iterable[TreebankSentence] = treebank_rows(source, log, shape)
        if options.labelled:
            rows = list(rows)
            if of_misc or several:
                place = "columns of their own and in MISC" if both else "columns of their own" if several else "MISC"
                self._from_pairs(rows, log, place)
                if of_misc and not any(tag != UNKNOWN for row in rows for tag in row.tags):
                    _note_other_columns(source, names, shape, log)
            else:
                share_tags(rows, log)
                _fill(rows, "", UNKNOWN)
        return deliver(rows, log, options, scheme=self.options.scheme)

    def _from_pairs(self, rows: list[TreebankSentence], log: ReadLog, place: str) -> None:
        """Put the tags that MISC or several columns hold in their place."""
        keys = self._find_keys(rows, log, place)
        if not keys:
            for row in rows:
                row.tags = [UNKNOWN] * len(row.words)
            return
        further = _further_entities(rows, keys, log) if len(keys) > 1 else {}
        for i, row in enumerate(rows):
            row.tags = [_tag(misc, keys) for misc in row.tags]
            row.compounds = tuple(replace(c, tag=_tag(c.tag, keys)) for c in row.compounds)
            for word in further.get(i, ()):
                if row.tags[word] in ("", "O", "o"):  # somebody saw an entity there, so it is not O
                    row.tags[word] = UNKNOWN
        share_tags(rows, log)
        _fill(rows, "")

    def _find_keys(self, rows: list[TreebankSentence], log: ReadLog, place: str) -> list[str]:
        """The keys of MISC that hold tags, those to be read first in front; joined files have more than one."""
        wanted = self.options.tag_key
        values: dict[str, Counter[str]] = {}
        for misc, n in Counter(misc for misc, _ in _miscs(rows)).items():
            for key, value in _pairs(misc):
                if key == wanted or (wanted is None and (not key or _means_tags(key))):
                    values.setdefault(key, Counter())[value] += n
        keys: list[str] = []
        bare = True if self.options.scheme == "IO" else None
        for key in sorted(values, key=lambda key: _NAMES.index(_plain(key)) if _plain(key) in _NAMES else len(_NAMES)):
            form = find_form(values[key], bare=bare if key else False)
            fitting = sum(n for value, n in values[key].items() if form.fits(value))
            if form.kind == "type" and all(map(_NUMBERED.fullmatch, set(values[key]) - {"O", UNKNOWN})):
                fitting = 0
            # Under a name of tags a wrong one is a fault, to be told; without a name other things are no tags.
            if key == wanted or (2 if key else 1) * fitting >= values[key].total():
                keys.append(key)
        if keys:
            named = " and ".join(f"{key}=" for key in keys if key)
            log.note(f"tags are those of {named} in {place}" if named else "tags are what stands in the last column")
            return keys
        if wanted is not None:
            raise DataError(f"MISC has no key {wanted} (`tag_key`)", path=log.path)
        for key in (key for key in values if _plain(key) in _SURE_NAMES):
            line = next(line for misc, line in _miscs(rows) if any(key == k for k, _ in _pairs(misc)))
            log.fault(f"what {key}= in {place} holds are no tags such as B-PER: {next(iter(values[key]))}{_MEND}", line)
        others = ", ".join(f"{key}=" for key in values if key)
        holds_none = f"; what {others:.60} holds are no tags such as B-PER" if others else ""
        log.note(f"no named entities in these columns, so the sentences are unlabelled{holds_none}")
        return []

    @staticmethod
    def _column(wanted: int | None, width: int, log: ReadLog) -> int | None:
        if wanted is not None and not -width <= wanted < width:
            raise DataError(f"no column {wanted}; lines have {width} columns, from 0", path=log.path)
        return None if wanted is None else wanted % width


def _column_names(source: Input) -> list[str]:
    for number, line in source.lines():
        if named := _GLOBAL.fullmatch(line):
            return named.group(1).upper().split() or list(_COLUMNS)
        if number > 20 or not line.startswith("#"):
            break
    return list(_COLUMNS)


def _misc_means_tags(source: Input, misc: int, width: int) -> bool:
    """Whether MISC has keys of tags, beside a column of tags."""
    rows = (line.split("\t") for _, line in source.lines() if "=" in line)
    different = {row[misc] for row in rows if len(row) == width}
    return any(key and _means_tags(key) for value in different for key, _ in _pairs(value))


def _miscs(rows: Iterable[TreebankSentence]) -> Iterator[tuple[str, int]]:
    """All MISC with their lines."""
    for row in rows:
        yield from zip(row.tags, row.lines or (), strict=True)
        for compound in row.compounds:
            yield compound.tag, compound.line


def _note_other_columns(source: Input, names: Sequence[str], shape: Shape, log: ReadLog) -> None:
    """Say which further column looks like one of tags, where none was found."""
    rows = [line.split("\t") for line in Head(source.head()).lines]
    rows = [row for row in rows if len(row) == shape.width]
    for i, name in enumerate(names):
        values = {row[i].strip() for row in rows} - {UNKNOWN}
        if i != shape.token and values - {"O"} and all(map(looks_like_tag, values)):
            log.note(f"column {i} ({name}) looks like tags, which are not read; `tag_column` {i} reads them")


def _plain(name: str) -> str:
    """`X:NER_Tag` as `nertag`: names without their owner and punctuation."""
    return re.sub(r"[^a-z]", "", name.rpartition(":")[2].casefold())


def _means_tags(name: str) -> bool:
    """Whether a key or column is called like one of tags, `X:NE` or `NER:TAG`."""
    return _plain(name) in _NAMES or (_plain(name) in _PARTS and _plain(name.rpartition(":")[0]) in _SURE_NAMES)


def _tag(misc: str, keys: Sequence[str]) -> str:
    """The tag of a word, of the first key that it has; "" without one."""
    pairs = _pairs(misc)
    return next((value for key in keys for k, value in pairs if k == key), "")


def _further_entities(rows: list[TreebankSentence], keys: Sequence[str], log: ReadLog) -> dict[int, set[int]]:
    """Count the entities of keys that are not read, since a word has several; their words, by number of sentence."""
    several = [i for i, row in enumerate(rows) if any(sum(k in keys for k, _ in _pairs(m)) > 1 for m in row.tags)]
    if not several:
        return {}
    words: dict[int, set[int]] = defaultdict(set)
    read = _entities([[_tag(misc, keys) for misc in rows[i].tags] for i in several])
    for key in keys:
        for i, mine, other in zip(
            several, read, _entities([[_tag(misc, [key]) for misc in rows[i].tags] for i in several]), strict=True
        ):
            for start, end, label in sorted(other - mine):
                line = (rows[i].lines or [rows[i].line])[start]
                log.drop(f"{label} entity of {key}=, of a word whose tag is another", line)
                words[i].update(range(start, end))
    return words


def _entities(sequences: list[list[str]]) -> list[set[tuple[int, int, str]]]:
    """Start, end and type of all entities; what is no tag is none."""
    form = find_form(Counter(tag for tags in sequences for tag in tags if tag))
    standard = [[form.standard(tag) if tag and form.fits(tag) else "O" for tag in tags] for tags in sequences]
    standard = [["O" if tag == UNKNOWN else tag for tag in tags] for tags in standard]
    scheme = detect_scheme(standard)
    return [{span.key for span in read_tags(tags, scheme)[0]} for tags in standard]


def _fill(rows: list[TreebankSentence], *absent: str) -> None:
    """Make words without a tag unknown where the file writes O, and O where it writes entities alone."""
    tags = {tag for row in rows for tag in row.tags}
    filler = UNKNOWN if not tags.isdisjoint(("O", "o")) or tags <= {"", UNKNOWN} else "O"
    for row in rows:
        row.tags = [filler if tag in absent else tag for tag in row.tags]


def _pairs(misc: str) -> list[tuple[str, str]]:
    """Keys and values of MISC; what has no key gets the key ""."""
    pairs = []
    for item in misc.split("|"):
        key, equals, value = item.partition("=")
        if equals or item not in ("", UNKNOWN):
            pairs.append((key.strip(), value.strip()) if equals else ("", item.strip()))
    return pairs
