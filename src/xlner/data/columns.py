"""Which column of a file holds the words and which the tags: found over the whole file, or named by the user."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from xlner.core.tags import STANDARD, find_form
from xlner.data.column_kinds import Tags, are_tags
from xlner.data.ids import Division, Ids, is_given
from xlner.data.layout import COMMENT, Layout, header_of, is_between, split_columns
from xlner.data.report import ReadLog
from xlner.data.tagged import looks_like_tag
from xlner.errors import DataError

_PREFIX = re.compile(r"([a-z]{2,3}(?:-[a-z]+)*|simple):")
_NEARLY_ALL = 0.95  # share of words with one prefix, of which the rest are damaged

_FIRST_LINES = 1000  # that tell whether there are tags where nobody wants them

Blocks = Callable[[], Iterable[list[str]]]


def find_layout(blocks: Blocks, log: ReadLog, wanted: Any, *, labelled: bool) -> Layout | None:
    """Separator, width and columns, by the majority of all lines; None for a file without words.

    Lines repeat, so most looks are at the different lines of a block and not at each one.

    Args:
        blocks: gives all lines from the start, many at a time, whenever it is called.
        log: names the file, and takes notes of what was found.
        wanted: `token_column`, `tag_column` and `separator` as the user named them, None where not.
        labelled: whether tags are wanted.

    Raises:
        DataError: the user's columns are not in the file.
    """
    shape = _shape(blocks(), wanted.separator)
    if shape is None:
        return None
    tab, width, trailing = shape
    first_lines = list(islice(chain.from_iterable(blocks()), _FIRST_LINES))
    if width == 1 and (labelled or _half_tagged(first_lines, Layout(tab, 2, 0, 1, fixed=False))):
        width = 2  # words alone: each line then is a word without its tag, and is reported as such
    token, tag = wanted.token_column, wanted.tag_column
    token_at = 0 if token is None else _column(token, width, "word", log)
    tag_at = _column(-1 if tag is None else tag, width, "tag", log)
    fixed = tag is not None and tag >= 0 and (token is None or token >= 0)
    if token is not None and tag_at == token_at and (labelled or tag is not None):
        raise DataError(f"the word and the tag cannot both be in column {token_at}", path=log.path)
    layout = Layout(tab, width, token_at, tag_at if labelled else None, fixed, trailing=trailing)
    find_token, find_tag = token is None, tag is None
    if (find_token or find_tag) and (named := _header(first_lines, layout)):
        header, word_at, tags_at = named
        layout = replace(layout, header=header, token=word_at if find_token else token_at)
        find_token = False
        if find_tag and len(tags_at) == 1:
            tag_at, find_tag = tags_at[0], False
            layout = replace(layout, tag=tag_at if labelled else None)
    elif find_token and width > 1 and _tags_first(first_lines, layout):
        raise DataError(
            "column 0 holds tags and the last one does not; `tag_column` and `token_column` name the columns",
            path=log.path,
            line=1,
        )
    if not labelled and token is not None and _holds_tags(first_lines, layout, token_at):
        raise DataError(f"column {token_at} holds tags; `token_column` is to name the one of words", path=log.path)
    if width > 1:
        layout = replace(layout, tags=_tags_in_another_form(first_lines, layout, tag_at))
    if not labelled and width > 1 and (layout.tags or _holds_tags(first_lines, layout, tag_at)):
        layout = replace(layout, unread_tag=tag_at)
    if width > 1 and (token is None or tag is None):
        layout = _by_content(blocks, layout, tag_at, log, find_token=find_token, find_tag=find_tag)
    return replace(layout, prefix=_common_prefix(blocks(), layout, log))


def _different(blocks: Iterable[list[str]]) -> Iterator[tuple[str, int]]:
    """The different lines of each block that hold words, and how often each occurs there."""
    for block in blocks:
        for line, times in Counter(block).items():
            if line and not is_between(line):
                yield line, times


def _shape(blocks: Iterable[list[str]], separator: str | None) -> tuple[bool, int, bool] | None:
    """Whether TABs separate the columns, how many there are, and whether a further one is empty on every line."""
    tabs = total = open_ends = 0
    widths: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
    for line, times in _different(blocks):
        if line.startswith(COMMENT) and not looks_like_tag(split_columns(line, tab=False)[-1]):
            continue
        total += times
        n_tabs = line.count("\t")
        open_ends += times * line.endswith("\t")
        tabs += times * (n_tabs > 0)
        widths[True][n_tabs + 1] += times
        widths[False][_width(line, n_tabs)] += times
    if not total:
        return None
    tab = 2 * tabs >= total if separator is None else separator == "tab"
    width = widths[tab].most_common(1)[0][0]
    trailing = tab and width > 2 and open_ends == total
    return tab, width - trailing, trailing


def _width(line: str, n_tabs: int) -> int:
    """How many columns runs of spaces and TABs make; counting is faster than splitting."""
    if not n_tabs and "  " not in line:
        return line.strip(" ").count(" ") + 1
    if " " not in line and "\t\t" not in line:
        return line.strip("\t").count("\t") + 1
    return len(split_columns(line, tab=False))


def _by_content(
    blocks: Blocks, layout: Layout, tag_at: int, log: ReadLog, *, find_token: bool, find_tag: bool
) -> Layout:
    """The columns by what stands in them: ids are no words, and nested tags are not those of the outer entities."""
    ids = _look_at_ids(blocks, layout)
    # A look at all tags is for ids beside them, and for entities that may be nested.
    tags = _look_at_tags(blocks() if ids[0].verdict or (layout.tag is not None and layout.width > 2) else (), layout)
    nested: tuple[int, ...] = ()
    if find_tag and layout.tag is not None:
        inside = tags.inside()
        outer = tags.outermost() if inside is None else inside
        nested = tuple(range(outer + 1, layout.width)) if inside is None else ()
        tag_at = outer
        if inside is not None:
            log.note(f"column {inside} holds tags and the last one does not; `tag_column` names another")
        if further := () if nested or inside is not None else tags.further():
            log.note(
                f"columns {further[0]} to {layout.width - 1} hold tags; those of the last were taken; `tag_column` "
                "names another"
            )
        if nested:
            log.note(
                f"columns {outer} to {layout.width - 1} hold tags; those of column {outer} were taken, and the others "
                f"left out; `tag_column {layout.width - 1}` reads the last"
            )
    letter = None
    if find_tag and layout.tag is not None and tags.letters_apart():
        letter = layout.width - 2
        log.note(f"column {letter} holds the letters of the tags and column {tag_at} their types; they were joined")
    token = layout.token
    if find_token:
        while token < layout.width - 1 and token + 1 != tag_at and ids[token].verdict and not tags.all_tags(token + 1):
            if ids[token].alone and not ids[token + 1].differs:
                break
            token += 1
        if token and token < layout.width - 1 and ids[token].verdict and not ids[token].differs:
            token = 0  # behind the numbers stands one value for all of them, such as CD: the numbers are the words
        alone = layout.tag is None and layout.unread_tag is None and not tags.all_tags(tag_at)  # no labels in the file
        if token + 1 < layout.width and token + 1 == tag_at and alone:
            token += bool(ids[token].verdict)
        for column in range(token):
            log.note(
                f"column {column} {ids[column].verdict}; words are in column {token} (`token_column` says otherwise)"
            )
    elif layout.header:
        log.note(f"the first line names the columns; words are in column {token} (`token_column` says otherwise)")
    before = range(token) if find_token or layout.header else ()
    return replace(
        layout,
        token=token,
        tag=None if layout.tag is None else tag_at,
        divisions=tuple(found for column in before if (found := ids[column].division(column))),
        compounds=next((column for column in before if ids[column].has_compounds), None),
        nested=nested,
        letter=letter,
    )


def _look_at_ids(blocks: Blocks, layout: Layout) -> list[Ids]:
    """What each column but the last says of ids; those right of a column that holds none say nothing."""
    ids = _ids_of(blocks(), layout, None)
    for column in range(layout.width - 2):
        if not ids[column].verdict:
            break
        if division := ids[column].division(column):  # what counts within sentences is judged by where they begin
            ids[column + 1 :] = _ids_of(blocks(), layout, division)[column + 1 :]
    return ids


def _ids_of(blocks: Iterable[list[str]], layout: Layout, division: Division | None) -> list[Ids]:
    ids = [Ids() for _ in range(layout.width - 1)]
    alive = len(ids)
    first = True
    before = ""
    for line in chain.from_iterable(blocks):
        if is_between(line):
            first = True
        elif columns := _row(line, layout):
            if division is not None:
                value = columns[division.column]
                first = first or division.begins(value, before)
                before = value if is_given(value) else before
            for i in range(alive):
                ids[i].see(columns[i], first=first)
            alive = next((i for i in range(alive) if not ids[i].alive), alive)
            if not alive:
                break
            first = False
    return ids


def _look_at_tags(blocks: Iterable[list[str]], layout: Layout) -> Tags:
    tags = Tags(layout.width)
    for line, times in _different(blocks):
        if columns := _row(line, layout):
            tags.see(columns, times)
    return tags


def _holds_tags(lines: list[str], layout: Layout, column: int) -> bool:
    """Whether most lines of words have a tag in a column."""
    rows = [columns for line in lines if not is_between(line) and (columns := _row(line, layout))]
    return 2 * sum(looks_like_tag(columns[column].strip()) for columns in rows) >= len(rows) > 0


def _tags_in_another_form(lines: list[str], layout: Layout, column: int) -> frozenset[str]:
    """What a column of tags such as PER or B_PER holds; empty for tags such as B-PER, and for no tags."""
    rows = [columns for line in lines if not is_between(line) and (columns := _row(line, layout))]
    counts = Counter(columns[column].strip() for columns in rows if not columns[0].startswith("#"))
    form = find_form(counts)
    return frozenset(counts) if form != STANDARD and all(map(form.fits, counts)) else frozenset()


def _header(lines: list[str], layout: Layout) -> tuple[tuple[str, ...], int, tuple[int, ...]] | None:
    """The first line, if it names the columns, and which of them hold words and tags."""
    line = next((line for line in lines if not is_between(line) and not line.startswith(COMMENT)), "")
    columns = layout.split(line)
    named = header_of(columns) if len(columns) == layout.width else None
    return None if named is None else (tuple(column.strip().casefold() for column in columns), *named)


def _half_tagged(lines: list[str], layout: Layout) -> bool:
    """Whether at least half of the lines are a word and a tag, though most common are lines of one column."""
    rows = [columns for line in lines if not is_between(line) and (columns := _row(line, layout))]
    words = [
        line for line in lines if not is_between(line) and not (line.startswith(COMMENT) and not _row(line, layout))
    ]
    return 2 * sum(looks_like_tag(columns[-1].strip()) for columns in rows) >= len(words) > 0


def _tags_first(lines: list[str], layout: Layout) -> bool:
    """Whether tags stand in the first column and none in the last, as in "B-PER Zuri"."""
    rows = [columns for line in lines if not is_between(line) and (columns := _row(line, layout))]
    return are_tags({row[0].strip() for row in rows}) and not any(looks_like_tag(row[-1].strip()) for row in rows)


def _row(line: str, layout: Layout) -> list[str]:
    """The columns of a line of words; none for a comment or a header, and for a line of another width."""
    columns = layout.split(line)
    if layout.is_header(columns):
        return []
    if len(columns) != layout.width or (line.startswith(COMMENT) and not looks_like_tag(columns[-1].strip())):
        return []
    return columns


def _column(wanted: int, width: int, what: str, log: ReadLog) -> int:
    at = wanted + width if wanted < 0 else wanted
    if not 0 <= at < width:
        raise DataError(f"no column {wanted} for the {what}; lines have {width} columns, from 0", path=log.path)
    return at


def _common_prefix(blocks: Iterable[list[str]], layout: Layout, log: ReadLog) -> str:
    """`xx:` when nearly every word of the file starts with the same one, as WikiAnn's do."""
    counts: Counter[str] = Counter()
    bare = 0  # words that are nothing but a prefix
    for line, times in _different(blocks):
        columns = layout.split(line)
        if layout.is_comment(line, columns) or len(columns) <= layout.token or layout.is_header(columns):
            continue
        match = _PREFIX.match(columns[layout.token])
        counts[match.group() if match else ""] += times
        bare += times * (match is not None and match.group() == columns[layout.token])
        if counts[""] > _FIRST_LINES and 2 * counts[""] > counts.total():
            return ""
    if 2 * bare > counts.total():
        return ""
    found = [prefix for prefix, n in counts.most_common() if prefix and 10 * n > counts.total()]
    if found and counts[found[0]] >= _NEARLY_ALL * counts.total():
        return found[0]
    if sum(counts[prefix] for prefix in found) >= _NEARLY_ALL * counts.total() and found:
        log.note(
            f"words start with {', '.join(found)}, which were left on them; a file of one language loses its prefix"
        )
    return ""
