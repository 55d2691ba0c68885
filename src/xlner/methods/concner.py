"""Contrastive learning from a few labelled sentences and their translations, then distillation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from xlner.component import option, options
from xlner.errors import UsageError
from xlner.methods.distill import Distill
from xlner.methods.method import Fitted, Method
from xlner.methods.projection_options import ProjectionOptions, check_bitexts, check_gold, projection_plan

if TYPE_CHECKING:
    from pathlib import Path

    from xlner.core.run_folder import RunFolder
    from xlner.methods.projected import ProjectedSet, SentencePairs
    from xlner.methods.supervised import Lesson
    from xlner.methods.task import Source, Task
    from xlner.tagger import Tagger
    from xlner.train.contrastive import Contrastive
    from xlner.train.examples import Chunks


class ConCNER(Method):
    """Teach with contrasts of sentences and their translations and of words by their labels, then distil.

    A teacher learns from labelled sentences and their translations (given, or by a `translator`), onto which the labels
    are projected. Two further losses shape what its encoder says: a sentence is to be nearer to its translation than to
    other sentences, and words of one type nearer to each other than to the rest, over both languages. Parallel text
    without labels joins the first of them. A student then learns from the teacher on raw target text, as in
    distillation. A weight of 0 switches a loss off, `distill` the last step.

    Reference: Fu, Lin, Yang & Jiang 2022, arXiv 2204.00796 (ConCNER). Weights, temperatures and the queue of negatives
    are ours, and not tuned.
    """

    needs = frozenset({"raw"})
    uses = frozenset({"bitext", "translations"})

    @options
    class Options(Distill.Options, ProjectionOptions):
        """Settings of contrastive teachers, projection and distillation."""

        translator: str | dict[str, Any] | None = option(
            None, "Translates labelled sources that come without translations: a name, or a mapping with options."
        )
        translation_contrast: float = option(
            0.01, "Weight of the contrast of sentences with their translations; 0 switches it off.", ge=0
        )
        label_contrast: float = option(
            0.01, "Weight of the contrast of words by their labels; 0 switches it off.", ge=0
        )
        translation_temperature: float = option(0.05, "Temperature of the contrast of sentences.", gt=0)
        label_temperature: float = option(0.1, "Temperature of the contrast of words.", gt=0)
        sentence_vector: Literal["mean", "first"] = option(
            "mean", "What stands for a sentence: the mean of its subwords, or its first, special one."
        )
        head_size: int = option(
            128, "Size of the vectors that projection heads make for contrasts; 0 contrasts hidden states.", ge=0
        )
        queue: int = option(256, "Pairs of earlier steps that are negatives too; 0 for the batch alone.", ge=0)
        contrast_by: Literal["type", "tag"] = option(
            "type", "Which words are alike: those of one type, or of one tag such as B-PER."
        )
        outside_words: float = option(
            1.0, "Words outside of entities that are contrasted, for each word of an entity.", ge=0
        )
        learn_projected: bool = option(
            True, "Project labels onto translations and learn from them; else translations are contrasted alone."
        )
        bitext_pairs: int = option(
            10000, "Sentence pairs of each parallel text to contrast, from its start.", ge=1, unit="pairs"
        )
        distill: bool = option(True, "Distil the teachers on raw target text; else the only teacher is the model.")

    @classmethod
    def check(cls, task: Task, options: ConCNER.Options) -> None:
        """See that there is labelled data to learn from, and something to contrast it with.

        Raises:
            UsageError: there is not, or an option has no effect.
        """
        from xlner.methods.effects import check_effect, check_no_projection
        from xlner.methods.marked import check_marked
        from xlner.methods.paired import check_single_teacher
        from xlner.methods.translated_sources import check_translations

        Distill.check(task, options)
        if not any(s.sentences for s in task.sources):
            raise UsageError("the method concner learns from labelled data, and all sources are models")
        check_single_teacher(task, options)
        check_gold(options)
        if task.bitext and not options.translation_contrast:
            raise UsageError("`bitext` serves the contrast of sentences, and `translation_contrast` is 0")
        check_bitexts(task)
        translated = [s for s in task.sources if s.sentences and (s.name in task.translations or options.translator)]
        if options.translation_contrast and not (task.bitext or translated):
            raise UsageError(
                "the contrast of sentences needs `translation LANG=FILE`, `bitext LANG=SOURCE,TARGET` or a "
                "`translator`; `translation_contrast 0` does without"
            )
        if options.translator is not None:
            check_translations(task, options.translator)
        if not options.translation_contrast:
            idle = ("translation_temperature", "sentence_vector", "queue")
            check_effect(options, idle, "with `translation_contrast 0`")
        if not options.label_contrast:
            check_effect(options, ("label_temperature", "contrast_by", "outside_words"), "with `label_contrast 0`")
        if not (options.translation_contrast or options.label_contrast):
            check_effect(options, ("head_size",), "without contrasts")
        if not task.bitext:
            check_effect(options, ("bitext_pairs",), "without `bitext`")
        if not options.learn_projected:
            check_no_projection(options)
        else:
            projection_plan(options)
            check_marked(options, (s.language for s in translated), task.target)

    @classmethod
    def fit(cls, task: Task, options: ConCNER.Options, run: RunFolder) -> Fitted:
        """Translate, project, train contrastive teachers, and distil them.

        Args:
            task: sources, translations, parallel text, raw text, labels and dev data.
            options: of teachers, contrasts, projection and distillation.
            run: every finished part in its folder is reused.

        Returns:
            The student, with the teachers as baselines; or the teacher alone.
        """
        from xlner.core.costs import Costs
        from xlner.methods.paired import fit_paired
        from xlner.methods.projected import write_projected
        from xlner.methods.translated_sources import pairs_of_translations
        from xlner.methods.weighing import weighed_sources

        costs = Costs()
        with costs.of("weights"):
            sources, weights = weighed_sources(task, options, run.path, pool=options.pool)
        with costs.of("translation"):
            pairs, notes = pairs_of_translations(task, options.translator, run.path / "translations")
        sets: dict[str, ProjectedSet] = {}
        with costs.of("projection"):
            for p in pairs if options.learn_projected else ():
                sets[p.name] = write_projected(p, options, options.teacher, run.path / "projected" / p.name)
        fitted = fit_paired(
            sources, weights, task, options, run, costs,
            lambda source, folder: _lesson(task, source, pairs, sets, options, folder),
        )  # fmt: skip
        told = [*notes, *(s.note() for s in sets.values())]
        return replace(fitted, notes=(*told, *fitted.notes))


def _lesson(
    task: Task,
    source: Source,
    pairs: list[SentencePairs],
    sets: dict[str, ProjectedSet],
    options: ConCNER.Options,
    folder: Path,
) -> Lesson:
    """What the teacher of a source learns; counts of its pairs go to its folder."""
    from xlner.methods.paired import PairedChunks, Taught, members, raw_pairs, taught_pairs, write_pair_counts
    from xlner.methods.projected import SentencePairs
    from xlner.train.contrastive import Contrastive, Contrasts

    how = Contrasts(
        sentences=options.translation_contrast, words=options.label_contrast,
        sentence_temperature=options.translation_temperature, word_temperature=options.label_temperature,
        pool=options.sentence_vector, head=options.head_size, queue=options.queue,
        by_tag=options.contrast_by == "tag", outside=options.outside_words,
    )  # fmt: skip
    by_name = {p.name: p for p in pairs}

    def lesson(tagger: Tagger) -> tuple[dict[str, Chunks], Contrastive]:
        labelled: list[Taught] = []
        for part in members(source, task):
            name = f"{part.name}-translated"
            if name in by_name:
                labelled += taught_pairs(by_name[name], sets.get(name), tagger.labels, len(labelled))
            else:
                labelled += [Taught.of(s, tagger.labels) for s in part.sentences if s.words]
        streams = {"labelled": PairedChunks(tagger, labelled, keep_pairs=bool(how.sentences))}
        raw: list[Taught] = []
        beyond = 0
        for bitext in task.bitext:
            if bitext.language in source.languages:
                sides = SentencePairs(name=f"bitext {bitext.language}", source=bitext.source, target=bitext.target)
                taken, more = raw_pairs(sides, tagger.labels, len(labelled) + len(raw), options.bitext_pairs)
                raw, beyond = [*raw, *taken], beyond + more
        if raw:
            streams["bitext"] = PairedChunks(tagger, raw)
        if how.sentences:
            write_pair_counts(folder, streams, beyond)
        return {**streams}, Contrastive(tagger.model.config.hidden_size, how)

    return lesson
