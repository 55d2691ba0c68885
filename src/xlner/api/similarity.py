"""`xlner similarity` as a function: how near languages are to each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.languages import bcp47, iso3, name
from xlner.core.progress import progress
from xlner.core.types import Sentence
from xlner.data import atomic, stream_text
from xlner.errors import DataError, MissingExtraError, UsageError
from xlner.similarity import SIMILARITIES, SentenceEncoder, Similarity, SimilarityMatrix, Texts, expand
from xlner.similarity.predictor import SHIPPED, TransferPredictor
from xlner.similarity.recommend import Recommendation, recommend

DEFAULT_MEASURES = ("lexical",)
MAX_SENTENCES = 2000


@dataclass(frozen=True)
class SimilarityResult:
    """What the measures say of the languages.

    Args:
        matrices: measure -> matrix, in the order they were asked for.
        inputs: ISO 639-3 code -> file, or None where only the code was given.
        sentences: ISO 639-3 code -> how many sentences of its file were looked at.
        encoder: whose tokenizer and vectors the measures used, as it was named.
        layer: as it was asked for; None is the default of `SentenceEncoder`.
        notes: what the user should know.
    """

    matrices: Mapping[str, SimilarityMatrix]
    inputs: Mapping[str, str | None]
    sentences: Mapping[str, int]
    encoder: str
    layer: int | None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, languages as BCP-47 codes in the order of rows (sources) and columns (targets)."""
        return {
            "languages": [bcp47(c) for c in self.inputs],
            "inputs": {bcp47(c): {"path": p, "sentences": self.sentences[c]} for c, p in self.inputs.items()},
            "encoder": self.encoder,
            "layer": self.layer,
            "measures": {m: matrix.as_dict() for m, matrix in self.matrices.items()},
            "notes": list(self.notes),
        }


def similarity(
    languages: Mapping[str, str | Path | None],
    *,
    measures: Sequence[str] = DEFAULT_MEASURES,
    bitext: Sequence[Mapping[str, str | Path]] = (),
    encoder: str = "embedded",
    layer: int | None = None,
    max_sentences: int = MAX_SENTENCES,
    device: str | None = None,
    output: str | Path | None = None,
) -> SimilarityResult:
    """Compare languages by any number of measures; the encoder goes over the text once for all of them.

    Args:
        languages: language -> file of any format, whose labels are ignored; None gives the code alone, which is
            enough for typology.
        measures: names or groups of names; see `xlner.similarity.expand`.
        bitext: groups of files that translate each other line by line: language -> file.
        encoder: "embedded", a folder or a hub id.
        layer: hidden layer; None takes the one 7/12 of the way up.
        max_sentences: of each file, so many sentences from its start are looked at.
        device: torch device name.
        output: folder for `similarity.json`, and for `matrix.csv`, `heatmap.png` and `dendrogram.png` in a folder per
            measure.

    Raises:
        UsageError: a measure lacks the text or bitext that it needs, or an option is wrong.
        MissingExtraError: a measure needs an optional dependency.
        DataError: a file cannot be read, has no sentence, or does not fit its bitext.
    """
    files = _checked(languages, max_sentences)
    place = _folder(output)
    names = expand(measures)
    made: dict[str, Similarity] = {n: SIMILARITIES.load(n)() for n in names}
    sides = [_group(group, files) for group in bitext]
    _check_needs(made, files, sides)
    sentences = {c: [] if p is None else _read(p, c, max_sentences) for c, p in files.items()}
    parallel = [_read_group(group, max_sentences) for group in sides]
    texts = Texts(sentences, bitext=parallel, encoder=SentenceEncoder(encoder, layer=layer, device=device))
    found = {}
    with progress("comparing", total=len(names)) as bar:
        # What needs no text comes first: it fails at once where an extra is absent.
        for n in sorted(names, key=lambda n: made[n].needs != "codes"):
            bar.update(title=n)
            found[n] = made[n].matrix(texts)
            bar.update(advance=1)
    matrices = {n: found[n] for n in names}
    notes = () if place is None else _draw(matrices, place)
    counts = {c: len(s) for c, s in sentences.items()}
    result = SimilarityResult(matrices, files, counts, str(encoder), layer, notes)
    if place is not None:
        for n, matrix in matrices.items():
            with atomic(place / _slug(n) / "matrix.csv") as out:
                out.write(matrix.to_csv())
        with atomic(place / "similarity.json") as out:
            out.write(json.dumps(result.as_dict(), indent=1, ensure_ascii=False) + "\n")
    return result


def rank_sources(
    target: tuple[str, str | Path],
    sources: Mapping[str, str | Path],
    *,
    predictor: str | Path | None = None,
    device: str | None = None,
    output: str | Path | None = None,
) -> tuple[list[Recommendation], TransferPredictor]:
    """Rank the sources that a user has for a target, with the F1 of direct transfer to expect, and why.

    Args:
        target: language and file of its text.
        sources: language -> file; labels are ignored.
        predictor: file of a `TransferPredictor`; None takes the one that comes with the package.
        device: torch device name.
        output: as for `similarity`.

    Returns:
        Recommendations, best first, and the predictor that they are by.

    Raises:
        UsageError: the target is among the sources, or there is no source.
        ModelError: the predictor cannot be read.
        DataError: a file cannot be read or has no sentence.
    """
    goal = iso3(target[0])
    if not sources:
        raise UsageError("--recommend ranks sources: name those you have with --language LANG=FILE")
    if goal in {iso3(s) for s in sources}:
        raise UsageError(f"{name(goal)} ({bcp47(goal)}) is both the target and a source")
    known = TransferPredictor.load(predictor or SHIPPED)
    files = {**sources, goal: target[1]}
    compare = partial(similarity, files, device=device, output=output, **known.settings)
    try:
        found = compare(measures=list(known.measures))
    except MissingExtraError:  # without tables of typology it counts as average, and the reasons say so
        found = compare(measures=[m for m in known.measures if SIMILARITIES.load(m)().needs != "codes"])
    empty = np.full((len(files), len(files)), np.nan)
    absent = {m: SimilarityMatrix(m, tuple(found.inputs), empty, up) for m, up in known.measures.items()}
    return recommend(known, {**absent, **found.matrices}, goal, list(sources)), known


def _checked(languages: Mapping[str, str | Path | None], max_sentences: int) -> dict[str, str | None]:
    files: dict[str, str | None] = {}
    for given, path in languages.items():
        code = iso3(given)
        if code in files:
            raise UsageError(f"--language names {name(code)} ({bcp47(code)}) twice")
        files[code] = None if path is None else str(path)
    if len(files) < 2:
        raise UsageError(
            "similarity is between languages: name two or more, as in --language en=FILE --language es=FILE"
        )
    if max_sentences < 1:
        raise UsageError(f"--max-sentences is at least 1, got {max_sentences}")
    return files


def _group(group: Mapping[str, str | Path], files: Mapping[str, str | None]) -> dict[str, str]:
    sides: dict[str, str] = {}
    for given, path in group.items():
        code = iso3(given)
        if code in sides:
            raise UsageError(f"--bitext names {name(code)} ({bcp47(code)}) twice in one group")
        if code not in files:
            raise UsageError(f"--bitext names {bcp47(code)}, which is not compared; add --language {bcp47(code)}")
        sides[code] = str(path)
    if len(sides) < 2:
        raise UsageError("--bitext wants two or more languages, as in --bitext en=FILE,es=FILE")
    return sides


def _check_needs(
    made: Mapping[str, Similarity], files: Mapping[str, str | None], sides: Sequence[Mapping[str, str]]
) -> None:
    bare = [c for c, path in files.items() if path is None]
    if sides and not any(one.needs == "bitext" for one in made.values()):
        raise UsageError(
            "--bitext is read by measures such as embedding:cka, and none is asked for: add --measure embedding"
        )
    for measure, one in made.items():
        if one.needs == "bitext" and not sides:
            raise UsageError(
                f"the measure {measure} compares translations; give some with --bitext en=FILE,es=FILE, where line n "
                "of one file translates line n of the other"
            )
        if one.needs == "text" and bare:
            code = bcp47(bare[0])
            raise UsageError(f"the measure {measure} reads text, and {code} has none; give --language {code}=FILE")


def _read(path: str, code: str, most: int) -> list[Sentence]:
    found = list(islice(stream_text(path, language=code), most))
    if not any(len(s) for s in found):
        raise DataError(f"no words in it, so {name(code)} cannot be compared", path=path)
    return found


def _read_group(group: Mapping[str, str], most: int) -> dict[str, list[Sentence]]:
    """All lines are read, so that files of different length are noticed; the first `most` are kept."""
    first = next(iter(group))
    kept: dict[str, list[Sentence]] = {}
    length = 0
    for code, path in group.items():
        stream = stream_text(path, language=code, split_lines=False)
        kept[code] = list(islice(stream, most))
        count = len(kept[code]) + sum(1 for _ in stream)
        if code == first:
            length = count
        elif count != length:
            raise DataError(
                f"has {count} sentences, but {group[first]} has {length}; sentence n of one file must be the "
                "translation of sentence n of the other (empty lines count)",
                path=path,
            )
    return kept


def _folder(output: str | Path | None) -> Path | None:
    if output is None:
        return None
    place = Path(output)
    if place.exists() and not place.is_dir():
        raise UsageError(f"--output {output}: a folder is wanted, and this is a file")
    return place


def _draw(matrices: Mapping[str, SimilarityMatrix], place: Path) -> tuple[str, ...]:
    """Pictures of each measure; a note instead where the package that draws is absent."""
    from xlner.similarity.plots import dendrogram, heatmap

    for measure, matrix in matrices.items():
        folder = place / _slug(measure)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            heatmap(matrix, folder / "heatmap.png")
            dendrogram(matrix, folder / "dendrogram.png")
        except MissingExtraError as error:
            return (f"no pictures: {error}",)
    return ()


def _slug(measure: str) -> str:
    """The name of a measure as a folder that every file system takes."""
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in measure)
