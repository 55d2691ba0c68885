"""Shared features, private experts of the source languages, and a gate; brought into one plain tagger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlner.component import option, options
from xlner.core.languages import bcp47
from xlner.errors import UsageError
from xlner.methods.method import Fitted, Method, check_unaugmented
from xlner.train.options import TrainOptions

if TYPE_CHECKING:
    from xlner.core.run_folder import RunFolder
    from xlner.core.types import Sentence
    from xlner.methods.task import Task


class MANMoE(Method):
    """Learn from several languages by shared features and one expert for each language, brought into one tagger.

    On the states of one encoder stand shared features, which a discriminator makes alike for all languages, and private
    ones: an expert for each source language, mixed word by word by a gate. The mixture learns the labels of all
    sources. A saved model has no room for it, so the tagger's plain head learns the mixture's probabilities on source
    and raw target text in the same steps, and is what is left in the end.

    Reference: Chen, Awadallah, Hassan, Wang & Cardie, ACL 2019 (MAN-MoE). The plain head is ours; so is the encoder,
    where theirs has recurrent networks on fixed vectors.
    """

    needs = frozenset({"raw"})

    @options
    class Options:
        """Settings of the mixture."""

        encoder: str = option("embedded", "What the tagger starts from: 'embedded', a folder or a hub id.")
        teacher: TrainOptions = option(TrainOptions, "Training on labelled source data and raw target text.")
        feature_size: int = option(200, "Size of the shared and of the private features of a word.", ge=1)
        adversary: float = option(
            0.002, "How strongly shared features are made alike for all languages; 0 switches it off.", ge=0
        )
        gate_weight: float = option(
            0.01, "Weight of the gate's own task, the language of a word; 0 switches it off.", ge=0
        )
        student_weight: float = option(1.0, "Weight of the plain head's loss, in the second half of training.", gt=0)
        raw_sentences: int = option(
            20000, "Sentences of the raw text to learn from, from its start; they are held in memory.", ge=1,
            unit="sentences",
        )  # fmt: skip

    @classmethod
    def check(cls, task: Task, options: MANMoE.Options) -> None:
        """See that all sources are data.

        Raises:
            UsageError: one is a model, or there is text that nothing reads.
        """
        if any(s.text for s in task.sources):
            raise UsageError("`source_text` is read for weights, and the method man-moe has none")
        if models := [s.language for s in task.sources if s.model]:
            raise UsageError(
                f"the method man-moe trains an expert on data, and source {bcp47(models[0])} is a model; "
                "`method distill` learns from models"
            )
        check_unaugmented(options)

    @classmethod
    def fit(cls, task: Task, options: MANMoE.Options, run: RunFolder) -> Fitted:
        """Train the mixture and the plain head in one training.

        Args:
            task: sources, raw text, labels and dev data.
            options: of the mixture and of training.
            run: keeps the checkpoint and metrics while training.

        Returns:
            The tagger with the plain head.
        """
        from itertools import islice

        from xlner.core.costs import Costs
        from xlner.errors import DataError
        from xlner.methods.supervised import supervise
        from xlner.methods.task import mixed_types
        from xlner.tagger import Tagger
        from xlner.train.examples import Chunks, RawChunks
        from xlner.train.mixture import Experts, LanguageChunks, MixtureOfExperts

        assert task.raw is not None
        by_language = _by_language(task)
        stream = (s for s in task.raw() if s.words)
        raw = list(islice(stream, options.raw_sentences))
        if not raw:
            raise DataError("the raw target text has no sentences")
        beyond = sum(1 for _ in stream)
        sentences = [s for group in by_language.values() for s in group]
        how = Experts(
            size=options.feature_size, adversary=options.adversary, gate=options.gate_weight,
            student=options.student_weight,
        )  # fmt: skip

        def lesson(tagger: Tagger) -> tuple[dict[str, Chunks], MixtureOfExperts]:
            labelled = LanguageChunks(tagger, list(by_language.values()))
            streams: dict[str, Chunks] = {"labelled": labelled, "raw": RawChunks(tagger, raw)}
            hidden = tagger.model.config.hidden_size
            return streams, MixtureOfExperts(hidden, len(tagger.labels.tags), len(by_language), how)

        costs = Costs()
        with costs.of("train"):
            tagger = supervise(
                sentences, task.labels, encoder=options.encoder, languages=sorted({*by_language, task.target}),
                options=options.teacher, folder=run.path, dev=task.dev, title="mixture", lesson=lesson,
            )  # fmt: skip
        notes = [f"one expert for each of {', '.join(bcp47(code) for code in by_language)}"]
        if beyond:
            notes.append(f"the first {len(raw)} sentences of the raw text were learnt from, {beyond} were not")
        return Fitted(model=tagger, notes=(*notes, *mixed_types(task.sources)), costs=costs.seconds)


def _by_language(task: Task) -> dict[str, list[Sentence]]:
    """The labelled sentences of each language."""
    groups: dict[str, list[Sentence]] = {}
    for source in task.sources:
        for sentence in source.sentences:
            groups.setdefault(sentence.language or source.language, []).append(sentence)
    return groups
