"""Raw target text and its translations into the languages of the sources, where their taggers read it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xlner.core.languages import bcp47
from xlner.errors import UsageError
from xlner.methods.projected import SentencePairs
from xlner.methods.projection_options import Named
from xlner.methods.task import Source, Task
from xlner.methods.teachers import Teacher
from xlner.methods.translating import make_translator, translated, translation_note


def check_raw_translations(sources: Sequence[Source], target: str, translator: Named) -> None:
    """See that the target language can be translated into that of every source.

    Args:
        sources: tag the translations.
        target: ISO 639-3 code of the raw text.
        translator: from the target language.

    Raises:
        UsageError: it cannot.
    """
    for source in sources:
        if source.language == target:
            raise UsageError(
                f"source {bcp47(source.language)} is in the target language; there is nothing to translate"
            )
        make_translator(translator, target, source.language)


def pairs_of_raw_text(
    task: Task, sources: Sequence[Source], teachers: Sequence[Teacher], translator: Named, folder: Path, kind: str = ""
) -> tuple[list[SentencePairs], tuple[str, ...]]:
    """The translated raw text of every source, which its teacher is to tag, and the raw text itself.

    Args:
        task: its raw text and target.
        sources: of the teachers, in their order.
        teachers: tag the translations.
        translator: from the target language.
        folder: where the translations go.
        kind: ends the names of the pairs, where there are others of the same teachers.

    Returns:
        The pairs, source by source, and what the user should know of the translations.
    """
    assert task.raw is not None
    pairs, notes = [], []
    for source, teacher in zip(sources, teachers, strict=True):
        file = folder / f"{bcp47(source.language)}.txt"
        text = translated(task.raw, translator, task.target, source.language, file)
        notes.append(translation_note(f"{source.name}{kind}", file))
        languages = (source.language, task.target)
        pairs.append(
            SentencePairs(
                name=f"{source.name}{kind}", source=text, target=task.raw, teacher=teacher, languages=languages
            )
        )
    return pairs, tuple(notes)
