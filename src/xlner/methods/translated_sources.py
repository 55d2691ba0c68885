"""Labelled sources and their translations, given or made."""

from __future__ import annotations

from pathlib import Path

from xlner.errors import UsageError
from xlner.methods.projected import SentencePairs
from xlner.methods.projection_options import Named
from xlner.methods.task import Source, Stream, Task
from xlner.methods.translating import make_translator, translated, translation_note


def check_translations(task: Task, translator: Named) -> None:
    """See that every source that is data has translations, or a translator for its language.

    Args:
        task: its sources and translations.
        translator: names the one for sources without translations.

    Raises:
        UsageError: a source has neither; the message says which languages the translator has.
    """
    for source in task.sources:
        if source.sentences and source.name not in task.translations:
            try:
                make_translator(translator, source.language, task.target)
            except UsageError as error:
                raise UsageError(
                    f"source {source.name} has no translations, and none can be made: {error}. Give `translation "
                    "LANG=FILE`, one line per sentence, or another `translator`"
                ) from None


def pairs_of_translations(
    task: Task, translator: Named | None, folder: Path
) -> tuple[list[SentencePairs], tuple[str, ...]]:
    """The labelled sentences of every source that is data, with their translations.

    Args:
        task: sources and translations that are given; one source, one translation, by the source's name.
        translator: makes those that are not given; None leaves such sources out.
        folder: where they go.

    Returns:
        The pairs, source by source, and what the user should know of translations that were made.
    """
    pairs, notes = [], []
    for source in task.sources:
        target = task.translations.get(source.name)
        if not source.sentences or (target is None and translator is None):
            continue
        if target is None and translator is not None:
            file = folder / f"{source.name}.txt"
            target = translated(_stream(source), translator, source.language, task.target, file)
            notes.append(translation_note(source.name, file))
        assert target is not None
        pairs.append(
            SentencePairs(
                name=f"{source.name}-translated", source=_stream(source), target=target,
                languages=(source.language, task.target),
            )
        )  # fmt: skip
    return pairs, tuple(notes)


def _stream(source: Source) -> Stream:
    return lambda: iter(source.sentences)
