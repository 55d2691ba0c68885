"""What `xlner project` does: a labelled file and its translation in, a labelled translation out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from xlner.align import Aligner
from xlner.align.files import LinkFile
from xlner.align.read import read_pairs
from xlner.align.split import WordsSplit, check_words_split, find_split
from xlner.align.use import by_position, link_files
from xlner.component import from_values, to_values
from xlner.data import load as load_sentences
from xlner.data.source import check_stdin
from xlner.errors import DataError, OptionError
from xlner.flags import Columns
from xlner.project.files import Outputs, read_alignments, read_target, write_outputs
from xlner.project.matchers import Matcher
from xlner.project.pipeline import project as project_sentences
from xlner.project.plan import ChosenPart, Resources, plan
from xlner.project.result import ProjectionResult
from xlner.project.scores import Score
from xlner.project.selection import check_threshold, select

if TYPE_CHECKING:
    from xlner.core.types import Sentence
    from xlner.tagger import Tagger

Words = Literal["spaces", "segment"]


def project(
    source: str | Path,
    target: str | Path,
    outputs: Outputs | str | Path,
    *,
    matcher: str | Matcher | None = None,
    aligner: str | Aligner | None = None,
    score: str | Score | None = None,
    matcher_options: Mapping[str, Any] | None = None,
    aligner_options: Mapping[str, Any] | None = None,
    score_options: Mapping[str, Any] | None = None,
    alignment: str | Path | None = None,
    fit: tuple[str | Path, str | Path] | None = None,
    load: str | Path | None = None,
    min_score: float = 0.0,
    words: Words | None = None,
    words_split: WordsSplit = "auto",
    source_language: str | None = None,
    target_language: str | None = None,
    ner_model: str | None = None,
    device: str | None = None,
    reading: Mapping[str, Any] | None = None,
) -> ProjectionResult:
    """Project a labelled file onto its translation. All that can be wrong with the input is found before work starts.

    Args:
        source: labelled file of any format.
        target: its translation, line by line: raw text, or any format, whose labels are ignored. Marked for `markers`.
        outputs: files to write; a path alone is that of the labelled target sentences.
        matcher: as in `xlner.project.project`.
        aligner: likewise.
        score: likewise.
        matcher_options: likewise.
        aligner_options: likewise.
        score_options: likewise.
        alignment: Pharaoh lines, one per pair, instead of an aligner.
        fit: two more parallel files for an aligner that learns.
        load: folder of a saved aligner, used as it is.
        min_score: spans below it become missing words.
        words: how raw target text becomes words: at "spaces", or "segment". None takes spaces where links come from a
            file, since such files count words so, and segments elsewhere.
        words_split: what spaces are: blanks and TABs ("space"), white space of any kind ("unicode"), or what fits the
            links from a file ("auto"); see `xlner.align.split.find_split`.
        source_language: BCP-47 or ISO 639.
        target_language: likewise; helps to segment.
        ner_model: a tagger of the target language, for scores and candidates that ask for one.
        device: a torch device name, for every part that runs on one.
        reading: `token_column` and `tag_column` of the labelled file, from 0; they are found out by default.

    Raises:
        DataError: the files have different numbers of sentences, the source has no labels, or one cannot be used.
        UsageError: an option is wrong or has no effect, or an output cannot be a file.
    """
    outputs = outputs if isinstance(outputs, Outputs) else Outputs(outputs)
    check_threshold(min_score)
    check_words_split(words_split)
    if words not in (None, *get_args(Words)):
        raise OptionError("words", f"must be one of {', '.join(get_args(Words))}, got '{words}'")
    inputs = [p for p in (source, target, alignment, *(fit or ())) if p is not None]
    parts = plan(
        ChosenPart(matcher, matcher_options or {}),
        ChosenPart(aligner, aligner_options or {}),
        ChosenPart(score, score_options or {}),
        Resources(alignment is not None, fit is not None, load, ner_model is not None, device),
    )
    linker, linking = parts.aligner, dict(parts.aligner_options)
    beside = [] if linker is None else link_files(linker, linking, load)
    inputs += [file.path for file in beside]
    check_stdin(inputs)
    outputs.check(inputs)
    corpus = load_sentences(source, language=source_language, **to_values(from_values(Columns, reading or {})))
    sources = corpus.sentences
    remarks = corpus.report.remarks()
    if sources and not any(s.labelled for s in sources):
        raise DataError(
            "no labels in it: the source of a projection is labelled text, such as CoNLL with a column of tags",
            path=source,
        )
    by_lines = alignment is not None or (linker is not None and by_position(linker, linking, load))
    way = words or ("spaces" if by_lines or "markers" in parts.matcher.needs else "segment")
    splitting: dict[str, Any] = {"language": target_language, "words": way, "asked": words is not None}
    splitting["columns"] = reading or {}
    beside += [] if alignment is None else [LinkFile(str(alignment))]
    targets = _read_target(target, sources, splitting | {"remarks": remarks}, words_split, beside)
    if len(sources) != len(targets):
        raise DataError(
            f"has {len(targets)} sentences, but the source {source} has {len(sources)}; sentence n of one file must be "
            "the translation of sentence n of the other (empty lines count)",
            path=target,
        )
    bitext = None
    if fit is not None:
        bitext = read_pairs(
            *fit,
            words=way,
            source_language=source_language,
            target_language=target_language,
            words_split=words_split,
        )
    result = project_sentences(
        sources,
        targets,
        matcher=matcher,
        aligner=aligner,
        score=score,
        matcher_options=matcher_options,
        aligner_options=aligner_options,
        score_options=score_options,
        alignments=None if alignment is None else read_alignments(alignment, sources, targets),
        bitext=bitext,
        load=load,
        tagger=_tagger(ner_model, device),
        device=device,
    )
    if min_score:
        result = select(result, threshold=min_score)
    more = {"min_score": min_score or None, "ner_model": ner_model}
    more = {name: value for name, value in more.items() if value is not None}
    result = replace(result, settings={**result.settings, **more}, remarks=tuple(remarks))
    write_outputs(result, outputs)
    return result


def describe(summary: Mapping[str, Any]) -> str:
    """What became of the entities, in words.

    Args:
        summary: of `ProjectionResult.as_dict`.
    """
    fates = ", ".join(f"{reason} {count}" for reason, count in summary["fates"].items()) or "no entities"
    return (
        f"{summary['sentences']} sentences, {summary['entities']} entities: {fates}\n"
        f"{summary['missing_words']} of {summary['words']} target words have unknown labels"
    )


def notes(summary: Mapping[str, Any]) -> list[str]:
    """What the user should know of a projection; arguments as in `describe`."""
    told = list(summary["notes"])
    if unmet := summary["sentences_with_unmet_constraint"]:
        wanted = f"{summary['settings'].get('constraint')} {summary['settings'].get('n_proj')}"
        told.append(f"sentences without room for '{wanted}' projections per entity: {unmet}")
    return told


def _read_target(
    path: str | Path, sources: list[Sentence], reading: Mapping[str, Any], words_split: str, links: list[LinkFile]
) -> list[Sentence]:
    """The target sentences; their words are counted in the way in which links were made."""
    targets = read_target(path, **reading, words_split="unicode" if words_split == "auto" else words_split)
    _check_source_words(sources, targets, links)
    if words_split != "auto" or reading["words"] != "spaces" or not links or len(targets) != len(sources):
        return targets
    spaced = read_target(path, **{**reading, "remarks": None}, words_split="space")
    at_blanks, at_white_space = (
        [(s.words, t.words) for s, t in zip(sources, side, strict=True)] for side in (spaced, targets)
    )
    return spaced if find_split(at_blanks, at_white_space, links) == "space" else targets


def _check_source_words(sources: list[Sentence], targets: list[Sentence], links: list[LinkFile]) -> None:
    """Refuse links that count a source word with white space inside, such as 10 000, as several words."""
    split = [tuple(" ".join(s.words).split()) for s in sources]
    if not links or len(targets) != len(sources) or all(a == s.words for a, s in zip(split, sources, strict=True)):
        return
    whole = [(s.words, t.words) for s, t in zip(sources, targets, strict=True)]
    apart = [(words, t.words) for words, t in zip(split, targets, strict=True)]
    if find_split(whole, apart, links) == "unicode":
        where = next(s.where for a, s in zip(split, sources, strict=True) if a != s.words)
        raise DataError(
            "a word holds white space, and the links beside it count it as several words; write it as several words, "
            "or make links for the words as they are",
            path=where,
        )


def _tagger(model: str | None, device: str | None) -> Tagger | None:
    if model is None:
        return None
    from xlner.tagger import Tagger

    return Tagger.load(model, device=device)
