"""`xlner similarity` and `similarity --recommend` as functions: how near languages are, and which source to take."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from xlner.api.apply import check_models
from xlner.api.estimate import LEARNT_FROM, estimate
from xlner.component import to_values
from xlner.core.files import atomic
from xlner.core.languages import bcp47, iso3, name
from xlner.core.progress import progress
from xlner.core.types import Sentence
from xlner.data import stream_text
from xlner.errors import DataError, MissingExtraError, OptionError, UsageError
from xlner.evaluate.estimator import SHIPPED_TYPES
from xlner.similarity import SIMILARITIES, SentenceEncoder, Similarity, SimilarityMatrix, Texts, expand
from xlner.similarity.predictor import ESTIMATE, SHIPPED_PREDICTOR, SHIPPED_WITH_MODEL, TransferPredictor
from xlner.similarity.recommend import Recommendation, rank
from xlner.tagger import Tagger

DEFAULT_MEASURES = ("lexical",)
MAX_SENTENCES = 2000
EXCERPT = 16


@dataclass(frozen=True)
class SimilarityResult:
    """What the measures say of the languages.

    Args:
        matrices: measure -> matrix, in the order they were asked for.
        inputs: ISO 639-3 code -> file, or None where only the code was given.
        sentences: ISO 639-3 code -> how many sentences of its file were looked at.
        encoder: whose tokenizer and vectors the measures used, as it was named.
        layer: as it was asked for; None is the default of `SentenceEncoder`.
        options: measure -> the options it was made with, of those that have any.
        notes: what the user should know.
    """

    matrices: Mapping[str, SimilarityMatrix]
    inputs: Mapping[str, str | None]
    sentences: Mapping[str, int]
    encoder: str
    layer: int | None
    options: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, languages as BCP-47 codes in the order of rows (sources) and columns (targets)."""
        return {
            "languages": [bcp47(c) for c in self.inputs],
            "inputs": {bcp47(c): {"path": p, "sentences": self.sentences[c]} for c, p in self.inputs.items()},
            "encoder": self.encoder,
            "layer": self.layer,
            "options": {m: dict(values) for m, values in self.options.items()},
            "measures": {m: matrix.as_dict() for m, matrix in self.matrices.items()},
            "notes": list(self.notes),
        }


def similarity(
    languages: Mapping[str, str | Path | None],
    *,
    measures: Sequence[str] = DEFAULT_MEASURES,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    bitext: Sequence[Mapping[str, str | Path]] = (),
    encoder: str = "embedded",
    layer: int | None = None,
    excerpt: int = EXCERPT,
    max_sentences: int = MAX_SENTENCES,
    device: str | None = None,
    output: str | Path | None = None,
    token_column: int | None = None,
    tag_column: int | None = None,
) -> SimilarityResult:
    """Compare languages by any number of measures; the encoder goes over the text once for all of them.

    Args:
        languages: language -> file of any format, whose labels are ignored; None gives the code alone, which is
            enough for typology.
        measures: names or groups of names; see `xlner.similarity.expand`.
        options: measure -> option -> value, such as `{"lexical:ngrams": {"n": 4}}`.
        bitext: groups of files that translate each other line by line: language -> file.
        encoder: "embedded", a folder or a hub id.
        layer: hidden layer; None takes the one 7/12 of the way up.
        excerpt: subwords of each sentence that are encoded, 0 for all; see `SentenceEncoder`.
        max_sentences: of each file, so many sentences from its start are looked at.
        device: torch device name.
        output: folder for `similarity.json`, and for `matrix.csv`, `heatmap.png` and `dendrogram.png` in a folder per
            measure.
        token_column: column of the word in files with columns, from 0; None finds it.
        tag_column: column of the tag, likewise.

    Raises:
        UsageError: a measure lacks the text or bitext that it needs, or an option is wrong.
        OptionError: an option of a measure is unknown, or its value cannot be.
        MissingExtraError: a measure needs an optional dependency.
        DataError: a file cannot be read, has no sentence, or does not fit its bitext.
    """
    files = _checked(languages, max_sentences)
    place = _folder(output)
    names = expand(measures)
    built = _built(names, options or {})
    sides = [_group(group, files) for group in bitext]
    _check_needs(built, files, sides)
    reader = SentenceEncoder(encoder, layer=layer, device=device, excerpt=excerpt)
    columns = {"token_column": token_column, "tag_column": tag_column}
    remarks: list[str] = []
    sentences = {c: [] if p is None else _read(p, c, max_sentences, columns, remarks) for c, p in files.items()}
    parallel = [_read_group(group, max_sentences, columns, remarks) for group in sides]
    texts = Texts(sentences, bitext=parallel, encoder=reader)
    compared = {}
    with progress("comparing", total=len(names)) as bar:
        # What needs no text comes first: it fails at once where an extra is absent.
        for n in sorted(names, key=lambda n: built[n].needs != {"codes"}):
            bar.update(title=n)
            compared[n] = built[n].matrix(texts)
            bar.update(advance=1)
    matrices = {n: compared[n] for n in names}
    notes = (*dict.fromkeys(remarks), *(() if place is None else _draw(matrices, place)))
    counts = {c: len(s) for c, s in sentences.items()}
    chosen = {n: to_values(m.options) for n, m in built.items() if to_values(m.options)}
    result = SimilarityResult(matrices, files, counts, str(encoder), layer, chosen, notes)
    if place is not None:
        for n, matrix in matrices.items():
            with atomic(place / _slug(n) / "matrix.csv") as out:
                out.write(matrix.to_csv())
        with atomic(place / "similarity.json") as out:
            out.write(json.dumps(result.as_dict(), indent=1, ensure_ascii=False) + "\n")
    return result


@dataclass(frozen=True)
class RankedSources:
    """Sources for a target, and what ranked them.

    Args:
        target: ISO 639-3 code.
        sources: best first.
        predictor: what predicted their F1.
        notes: what to know before relying on it.
        estimate: the F1 that is expected of the model on the target's text, a fraction; None without a model, or where
            it found no entity.
    """

    target: str
    sources: tuple[Recommendation, ...]
    predictor: TransferPredictor
    notes: tuple[str, ...] = ()
    estimate: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, languages as BCP-47 codes."""
        return {
            "target": bcp47(self.target),
            "recommendations": [r.as_dict() for r in self.sources],
            "predictor": self.predictor.about,
            "mean_abs_error": self.predictor.error.get("mean_abs_error"),
            "estimate": self.estimate,
            "notes": list(self.notes),
        }


def recommend(
    target: tuple[str, str | Path],
    sources: Mapping[str, str | Path],
    *,
    predictor: str | Path | None = None,
    model: str | Path | None = None,
    device: str | None = None,
    output: str | Path | None = None,
) -> RankedSources:
    """Rank the sources that a user has for a target, with the F1 of direct transfer to expect, and why.

    Args:
        target: language and file of its text.
        sources: language -> file; labels are ignored.
        predictor: file of a `TransferPredictor`; None takes the one that comes with the package.
        model: run folder, model folder or hub id of a trained model that did not learn on text of the target, best an
            English one. How well it is expected to do on the target's text, without labels, says how hard the target
            is. Of its types those that the predictor speaks of count.
        device: torch device name.
        output: as for `similarity`.

    Raises:
        UsageError: the target is among the sources, there is no source, the predictor and the model do not fit, or the
            model has none of the types.
        ModelError: the predictor cannot be read.
        DataError: a file cannot be read or has no sentence.

    Limits:
        Intervals come from targets that the predictor had not seen. A note says so where it has seen this one.
    """
    goal = iso3(target[0])
    if not sources:
        raise UsageError("`recommend` ranks sources: name those you have with `languages LANG=FILE`")
    if goal in {iso3(s) for s in sources}:
        raise UsageError(f"{name(goal)} ({bcp47(goal)}) is both the target and a source")
    known = TransferPredictor.load(predictor or (SHIPPED_PREDICTOR if model is None else SHIPPED_WITH_MODEL))
    if (model is not None) != (ESTIMATE in known.measures):
        says = "looks at no model, and one was given" if model is not None else "looks at a model: give it as `model`"
        raise UsageError(f"the predictor {says}")
    if model is not None:
        check_models([model], "a recommendation")
    seen: list[str] = []
    expected = None if model is None else _estimated(model, target[1], known, device, seen)  # first: it may fail
    files = {**sources, goal: target[1]}
    settings = {"device": device, "output": output, **known.settings}
    of_pairs = [m for m in known.measures if m != ESTIMATE]
    try:
        result = similarity(files, measures=of_pairs, **settings)
    except MissingExtraError:  # without tables of typology it counts as average, and the reasons say so
        without = [m for m in of_pairs if SIMILARITIES.load(m).needs != {"codes"}]
        result = similarity(files, measures=without, **settings)
    unknown = np.full((len(files), len(files)), np.nan)
    given = unknown if expected is None else np.full_like(unknown, expected)
    absent = {
        m: SimilarityMatrix(m, tuple(result.inputs), given if m == ESTIMATE else unknown, up)
        for m, up in known.measures.items()
    }
    ranked = rank(known, {**absent, **result.matrices}, goal, list(sources))
    return RankedSources(goal, tuple(ranked), known, (*result.notes, *seen, *_seen(known, goal)), expected)


def _estimated(
    model: str | Path, text: str | Path, predictor: TransferPredictor, device: str | None, notes: list[str]
) -> float | None:
    """The F1 that a model is expected to have on a text, a fraction; None where it finds no entity, and a note."""
    most = int(predictor.settings.get("max_sentences", MAX_SENTENCES))
    # Fitted with models that had these types and had not learnt on the target.
    types = Tagger.load(model, device=device).labels.types
    if not {*types} & {*SHIPPED_TYPES}:
        raise UsageError(
            f"{model} knows {', '.join(types)}, and the predictor speaks of {', '.join(SHIPPED_TYPES)}: give a model "
            "that has some of these types, or none"
        )
    others = {t: "O" for t in types if t not in SHIPPED_TYPES}
    made = estimate(
        model, text, estimator="default", distilled=False, mapping=others, device=device, sentences=most
    )  # fmt: skip
    notes += [note for note in made.notes if note == LEARNT_FROM]
    if made.value is None:
        notes.append(
            f"{model} found no {', '.join(SHIPPED_TYPES)} in {text}, so it says nothing of how hard the target is; "
            "that alone suggests less F1 than is predicted"
        )
    return made.value


def _seen(predictor: TransferPredictor, target: str) -> tuple[str, ...]:
    table = predictor.fitted_on
    if target not in {*table.sources, *table.targets}:
        return ()
    return (
        f"{name(target)} ({bcp47(target)}) is among the languages that the predictor was fitted on. The intervals and "
        "the mean error are those of languages that it had not seen, so they say nothing of this one",
    )


def _checked(languages: Mapping[str, str | Path | None], max_sentences: int) -> dict[str, str | None]:
    files: dict[str, str | None] = {}
    for given, path in languages.items():
        code = iso3(given)
        if code in files:
            raise UsageError(f"`languages` names {name(code)} ({bcp47(code)}) twice")
        files[code] = None if path is None else str(path)
    if len(files) < 2:
        raise UsageError(
            "similarity is between languages: name two or more, as in `languages en=FILE` `languages es=FILE`"
        )
    if max_sentences < 1:
        raise OptionError("max_sentences", f"must be at least 1, got {max_sentences}")
    return files


def _built(names: Sequence[str], options: Mapping[str, Mapping[str, Any]]) -> dict[str, Similarity]:
    """The measures, made with their options. Messages name the option with its measure."""
    if strangers := [m for m in options if m not in names]:
        known = "" if strangers[0] in SIMILARITIES.names() else f"; there are: {', '.join(SIMILARITIES.names())}"
        raise UsageError(f"`options {strangers[0]}` is for a measure that is not asked for{known}")
    built: dict[str, Similarity] = {}
    for measure in names:
        try:
            built[measure] = SIMILARITIES.build(measure, options.get(measure))
        except OptionError as error:
            if error.whole:
                raise
            raise UsageError(f"`options {measure}.{error.field}` {error.what}") from None
    return built


def _group(group: Mapping[str, str | Path], files: Mapping[str, str | None]) -> dict[str, str]:
    sides: dict[str, str] = {}
    for given, path in group.items():
        code = iso3(given)
        if code in sides:
            raise UsageError(f"`bitext` names {name(code)} ({bcp47(code)}) twice in one group")
        if code not in files:
            raise UsageError(f"`bitext` names {bcp47(code)}, which is not compared; add `languages {bcp47(code)}`")
        sides[code] = str(path)
    if len(sides) < 2:
        raise UsageError("`bitext` wants two or more languages, as in `bitext en=FILE,es=FILE`")
    return sides


def _check_needs(
    built: Mapping[str, Similarity], files: Mapping[str, str | None], sides: Sequence[Mapping[str, str]]
) -> None:
    bare = [c for c, path in files.items() if path is None]
    if sides and not any("bitext" in one.needs for one in built.values()):
        raise UsageError(
            "`bitext` is read by measures such as embedding:cka, and none is asked for: add `measures embedding`"
        )
    for measure, one in built.items():
        if "bitext" in one.needs and not sides:
            raise UsageError(
                f"the measure {measure} compares translations; give some with `bitext en=FILE,es=FILE`, where line n "
                "of one file translates line n of the other"
            )
        if "text" in one.needs and bare:
            code = bcp47(bare[0])
            raise UsageError(f"the measure {measure} reads text, and {code} has none; give `languages {code}=FILE`")


Columns = Mapping[str, Any]


def _read(path: str, code: str, most: int, columns: Columns, remarks: list[str]) -> list[Sentence]:
    """The first sentences; what reading them left out is added to `remarks`."""
    reading = stream_text(path, language=code, **columns)
    sentences = list(islice(reading, most))
    remarks += reading.report().remarks()
    if not any(len(s) for s in sentences):
        raise DataError(f"no words in it, so {name(code)} cannot be compared", path=path)
    return sentences


def _read_group(group: Mapping[str, str], most: int, columns: Columns, remarks: list[str]) -> dict[str, list[Sentence]]:
    """All lines are read, so that files of different length are noticed; the first `most` are given back."""
    first = next(iter(group))
    heads: dict[str, list[Sentence]] = {}
    length = 0
    for code, path in group.items():
        stream = stream_text(path, language=code, split_lines=False, **columns)
        heads[code] = list(islice(stream, most))
        count = len(heads[code]) + sum(1 for _ in stream)
        remarks += stream.report().remarks()
        if code == first:
            length = count
        elif count != length:
            raise DataError(
                f"has {count} sentences, but {group[first]} has {length}; sentence n of one file must be the "
                "translation of sentence n of the other (empty lines count)",
                path=path,
            )
    return heads


def _folder(output: str | Path | None) -> Path | None:
    if output is None:
        return None
    place = Path(output)
    if place.exists() and not place.is_dir():
        raise UsageError(f"`output {output}`: a folder is wanted, and this is a file")
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
