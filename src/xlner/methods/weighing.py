"""Teacher weights from language similarity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load_file, save_file

from xlner.core.files import replace_file
from xlner.core.languages import bcp47
from xlner.core.types import Sentence
from xlner.errors import DataError, UsageError
from xlner.methods.task import Source, Task, pooled
from xlner.methods.weights import TeacherWeights, parse_weights
from xlner.similarity import SIMILARITIES
from xlner.similarity.measure import Similarity, WeighsSentences
from xlner.train.processes import main_first

if TYPE_CHECKING:
    from xlner.methods.student import DistilOptions

_BY_SENTENCE = ":sentence"
SAMPLE = 2000  # sentences per language that a measure looks at


def teacher_weights(sources: Sequence[Source], task: Task, options: DistilOptions, folder: Path) -> TeacherWeights:
    """How much each source counts, by the rule of `options.weights`.

    `uniform`, numbers, or the name of a similarity measure. One that learns to weigh sentences (`WeighsSentences`, such
    as that of Wu et al., ACL 2020) gives its own weights, and with ":sentence" behind its name one row per sentence.
    Any other gives the softmax of its closeness in standard deviations.

    Args:
        sources: the teachers' sources.
        task: types and raw target text.
        options: `weights`, the encoder and the seed.
        folder: computed weights are kept in it, for a run that is resumed.

    Raises:
        UsageError: no such rule, or what the user gave does not fit the sources.
        DataError: a source has no text, and the measure reads text.
    """
    rule = options.weights
    if rule == "uniform":
        return TeacherWeights.uniform(len(sources))
    if "=" in rule:
        codes = [bcp47(s.language) for s in sources]
        names = codes if len(set(codes)) == len(codes) else [s.name for s in sources]
        return parse_weights(rule, names, task.labels.types)
    place = folder / "weights.safetensors"
    with main_first():
        if not place.is_file():
            measure, by_sentence = _measure(rule)
            if isinstance(measure, WeighsSentences):
                values = _learned(measure, sources, task, options, by_sentence=by_sentence)
            else:
                values = _measured(measure, sources, task, options)
            with replace_file(place) as unfinished:
                save_file(_of_sources(sources, values), unfinished)
    arrays = load_file(place)
    return TeacherWeights(rule=rule, language=arrays["language"], sentences=arrays.get("sentences"))


def weighed_sources(
    task: Task, options: DistilOptions, folder: Path, *, pool: bool
) -> tuple[tuple[Source, ...], TeacherWeights]:
    """The sources of a task, joined where they have the same types if `pool` says so, and their weights."""
    sources = pooled(task.sources) if pool else task.sources
    return sources, teacher_weights(sources, task, options, folder)


def _measure(rule: str) -> tuple[Similarity, bool]:
    """The measure that a rule names, and whether each sentence is to have weights of its own."""
    name = rule.removesuffix(_BY_SENTENCE)
    by_sentence = name != rule
    names = SIMILARITIES.names()
    if name not in names or (by_sentence and name not in _for_sentences()):
        rules = ["uniform", *names, *(n + _BY_SENTENCE for n in _for_sentences())]
        raise UsageError(f"`weights` is one of {', '.join(rules)}, or numbers such as en=0.7,de=0.3; got '{rule}'")
    measure: Similarity = SIMILARITIES.build(name)
    return measure, by_sentence


def _for_sentences() -> list[str]:
    """The measures that can weigh languages for single sentences."""
    return [n for n in SIMILARITIES.names() if hasattr(SIMILARITIES.load(n), "fitted")]


def _learned(
    measure: WeighsSentences, sources: Sequence[Source], task: Task, options: DistilOptions, *, by_sentence: bool
) -> dict[str, np.ndarray]:
    from xlner.similarity import SentenceEncoder

    texts = _source_texts(sources)
    _check_text(texts, options.weights)
    encoder = SentenceEncoder(options.encoder, device=options.student.device)
    similarity = measure.fitted(texts, encoder=encoder, seed=options.student.seed, max_sentences=SAMPLE)
    sample = _sample(task)
    if not by_sentence:
        return {"language": similarity.language_weights(sample)}
    assert task.raw is not None
    scale, parts = similarity.scale(sample), []
    stream = (s for s in task.raw() if s.words)  # as soft labels count sentences
    while block := list(islice(stream, options.chunk_sentences)):
        parts.append(similarity.sentence_weights(block, scale=scale))
    sentences = np.concatenate(parts)
    return {"language": sentences.mean(0), "sentences": sentences}


def _measured(
    measure: Similarity, sources: Sequence[Source], task: Task, options: DistilOptions
) -> dict[str, np.ndarray]:
    if "bitext" in measure.needs:
        raise UsageError(f"`weights {options.weights}` needs bitext, and a transfer has none; name a measure on text")
    texts = _source_texts(sources)
    if task.target in texts:
        raise UsageError(
            f"`weights {options.weights}` compares other languages with {bcp47(task.target)}, and a source has that "
            f"language itself; give weights as numbers, or {' or '.join(_for_sentences())}"
        )
    if "text" in measure.needs:
        _check_text(texts, options.weights)
    from xlner.similarity import SentenceEncoder, Texts

    encoder = SentenceEncoder(options.encoder, device=options.student.device)
    everything = Texts({task.target: _sample(task), **texts}, encoder=encoder)
    matrix = measure.matrix(everything)
    if not any(np.isfinite(matrix.value(code, task.target)) for code in texts):
        why = next((f": {reason}" for (_, goal), reason in matrix.missing.items() if goal == task.target), "")
        raise DataError(f"`weights {options.weights}` says nothing of the sources{why}")
    return {"language": matrix.weights(task.target, list(texts))}


def _check_text(texts: Mapping[str, Sequence[Sentence]], rule: str) -> None:
    if bare := [bcp47(code) for code, sentences in texts.items() if not sentences]:
        raise DataError(
            f"`weights {rule}` reads text of every source, and {', '.join(bare)} came as a model alone; "
            f"give `source_text {bare[0]}=FILE`"
        )


def _source_texts(sources: Sequence[Source]) -> dict[str, Sequence[Sentence]]:
    """Language -> text, in the order in which languages first occur; two sources of one language join."""
    texts: dict[str, list[Sentence]] = {}
    for source in sources:
        texts.setdefault(source.language, []).extend(source.text or source.sentences)
    return {code: _thin(sentences) for code, sentences in texts.items()}


def _sample(task: Task) -> list[Sentence]:
    assert task.raw is not None
    # Two passes, so that the corpus is never held in memory.
    step = _step(sum(1 for s in task.raw() if s.words))
    return list(islice((s for s in task.raw() if s.words), 0, None, step))


def _thin(sentences: Sequence[Sentence]) -> list[Sentence]:
    """At most SAMPLE sentences, evenly from the whole text."""
    return list(sentences[:: _step(len(sentences))])


def _step(count: int) -> int:
    return max(1, -(-count // SAMPLE))


def _of_sources(sources: Sequence[Source], values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """From weights of languages, on the last axis, to weights of sources: those of one language share its weight."""
    languages = [s.language for s in sources]
    order = list(dict.fromkeys(languages))
    columns = [order.index(code) for code in languages]
    shares = np.array([1 / languages.count(code) for code in languages], np.float32)
    return {k: np.ascontiguousarray(v[..., columns] * shares, np.float32) for k, v in values.items()}
