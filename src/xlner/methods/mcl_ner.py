"""Contrasts of several views: a sentence, its code-switched copy and its translation; and of pairs of words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlner.component import option, options
from xlner.core.languages import bcp47
from xlner.errors import UsageError
from xlner.methods.distill import Distill
from xlner.methods.method import Fitted, Method

if TYPE_CHECKING:
    from pathlib import Path

    from xlner.core.run_folder import RunFolder
    from xlner.methods.supervised import Lesson
    from xlner.methods.task import Source, Task
    from xlner.tagger import Tagger
    from xlner.train.examples import Chunks
    from xlner.train.multi_view import MultiView


class MCLNER(Method):
    """Teach with contrasts of sentences, their code-switched copies and translations, and of pairs of words.

    A teacher learns from labelled sentences and from copies of which some words are replaced by those of a dictionary,
    with the labels they had. A sentence is to be nearer to its copy, and to its translation where one is given, than
    to other sentences; pairs of words in entities of one type nearer to each other than to other pairs. A student then
    learns from the teacher on raw target text, as in distillation, which is the paper's self-training.

    Reference: Mo et al., AAAI 2024, arXiv 2308.09073 (MCL-NER). Theirs classifies relations of pairs of words, and is
    no token classifier; here relations are contrasted, and tags are learnt. Weights and temperatures are ours, and not
    tuned.
    """

    needs = frozenset({"raw"})
    uses = frozenset({"dictionaries", "translations"})

    @options
    class Options(Distill.Options):
        """Settings of multi-view teachers and distillation."""

        switch_share: float = option(
            0.5, "Share of the words with a translation that are replaced in a copy.", gt=0, le=1
        )
        learn_switched: bool = option(True, "Learn the labels of code-switched copies too; else contrast them alone.")
        semantic_contrast: float = option(
            0.01, "Weight of the contrast of sentences with their other views; 0 switches it off.", ge=0
        )
        relation_contrast: float = option(0.01, "Weight of the contrast of pairs of words; 0 switches it off.", ge=0)
        semantic_temperature: float = option(0.05, "Temperature of the contrast of sentences.", gt=0)
        relation_temperature: float = option(0.1, "Temperature of the contrast of pairs of words.", gt=0)
        reach: int = option(3, "How many words further on the second word of a pair stands at most.", ge=0)
        head_size: int = option(
            128, "Size of the vectors that projection heads make for contrasts; 0 contrasts hidden states.", ge=0
        )
        queue: int = option(256, "Views of earlier steps that are negatives too; 0 for the batch alone.", ge=0)
        distill: bool = option(True, "Distil the teachers on raw target text; else the only teacher is the model.")

    @classmethod
    def check(cls, task: Task, options: MCLNER.Options) -> None:
        """See that there is labelled data, and another view of it.

        Raises:
            UsageError: there is not.
        """
        from xlner.methods.effects import check_effect
        from xlner.methods.paired import check_single_teacher

        Distill.check(task, options)
        check_single_teacher(task, options)
        codes = {code for s in task.sources if s.sentences for code in s.languages}
        if not codes:
            raise UsageError("the method mcl-ner learns from labelled data, and all sources are models")
        if stray := [code for code in task.dictionaries if code not in codes]:
            raise UsageError(f"`dictionary {bcp47(stray[0])}=FILE` is for no labelled source")
        if not task.dictionaries and not task.translations:
            raise UsageError(
                "the method mcl-ner needs another view of its sentences: `dictionary LANG=FILE` for code-switched "
                "copies, or `translation LANG=FILE`"
            )
        if not options.semantic_contrast:
            check_effect(options, ("semantic_temperature", "queue"), "with `semantic_contrast 0`")
        if not options.relation_contrast:
            check_effect(options, ("relation_temperature", "reach"), "with `relation_contrast 0`")
        if not (options.semantic_contrast or options.relation_contrast):
            check_effect(options, ("head_size",), "without contrasts")
        if not task.dictionaries:
            check_effect(options, ("switch_share", "learn_switched"), "without `dictionary`: nothing is switched")
        if not task.dictionaries and not options.semantic_contrast:
            raise UsageError("`translation` serves the contrast of sentences, and `semantic_contrast` is 0")

    @classmethod
    def fit(cls, task: Task, options: MCLNER.Options, run: RunFolder) -> Fitted:
        """Make the views, train teachers on them, and distil them.

        Args:
            task: sources, dictionaries, translations, raw text, labels and dev data.
            options: of views, contrasts, teachers and student.
            run: every finished part in its folder is reused.

        Returns:
            The student, with the teachers as baselines; or the teacher alone.
        """
        from xlner.core.costs import Costs
        from xlner.methods.paired import fit_paired
        from xlner.methods.weighing import weighed_sources

        costs = Costs()
        with costs.of("weights"):
            sources, weights = weighed_sources(task, options, run.path, pool=options.pool)
        return fit_paired(
            sources, weights, task, options, run, costs,
            lambda source, folder: _lesson(task, source, options, folder),
        )  # fmt: skip


def _lesson(task: Task, source: Source, options: MCLNER.Options, folder: Path) -> Lesson:
    """What the teacher of a source learns; counts of its views go to its folder."""
    from xlner.augment.augmenter import Augmenter
    from xlner.augment.code_switching import CodeSwitching
    from xlner.methods.paired import PairedChunks, Taught, members, views, write_pair_counts
    from xlner.methods.translated_sources import pairs_of_translations
    from xlner.train.contrastive import Contrasts
    from xlner.train.multi_view import MultiView, Views

    how = Views(
        sentences=Contrasts(
            sentences=options.semantic_contrast, words=0, sentence_temperature=options.semantic_temperature,
            head=options.head_size, queue=options.queue,
        ),
        relations=options.relation_contrast, temperature=options.relation_temperature, reach=options.reach,
    )  # fmt: skip

    pairs, _ = pairs_of_translations(task, None, folder)  # none is made
    translations = {p.name: p for p in pairs}

    def lesson(tagger: Tagger) -> tuple[dict[str, Chunks], MultiView]:
        taught: list[Taught] = []
        for part in members(source, task):
            rows = [[s] for s in part.sentences]
            for code, file in task.dictionaries.items():
                mine = [row for row in rows if (row[0].language or part.language) == code]
                switching = CodeSwitching(
                    dictionary=(str(file),), rate=options.switch_share, entities=True, language=code
                )
                copies = Augmenter.of((switching,), [row[0] for row in mine], seed=options.teacher.seed).epoch(0)
                for row, copy in zip(mine, copies, strict=True):
                    if copy.words != row[0].words:
                        row.append(copy if options.learn_switched else copy.without_labels())
            name = f"{part.name}-translated"
            for row, (_, target) in zip(rows, translations.get(name, ()), strict=name in translations):
                row.append(target.without_labels())
            taught += views(rows, tagger.labels, len(taught))
        streams = {"views": PairedChunks(tagger, taught, keep_pairs=bool(options.semantic_contrast))}
        if options.semantic_contrast:
            write_pair_counts(folder, streams, 0)
        return {**streams}, MultiView(tagger.model.config.hidden_size, how)

    return lesson
