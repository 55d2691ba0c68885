"""Label sets: entity types, their IOB2 tags, and the matching of two sets by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from xlner.core.tags import find_form
from xlner.core.types import Sentence, Span
from xlner.errors import DataError, ModelError, UsageError


@dataclass(frozen=True)
class LabelSet:
    """Entity types in a fixed order, and the IOB2 tags that a tagger predicts for them.

    Args:
        types: entity types without "O", in tag order: O, B-first, I-first, B-second, ...
    """

    types: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.types)) != len(self.types) or "O" in self.types:
            raise UsageError(f"entity types must differ from each other and from O: {', '.join(self.types)}")

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> LabelSet:
        """The types that occur, sorted by name."""
        return cls(tuple(sorted({span.label for s in sentences for span in s.spans})))

    @property
    def tags(self) -> tuple[str, ...]:
        return ("O", *(f"{p}-{t}" for t in self.types for p in "BI"))

    @property
    def id2label(self) -> dict[int, str]:
        return dict(enumerate(self.tags))

    def tag_ids(self, sentence: Sentence, *, ignore: int = -100) -> list[int]:
        """IOB2 tag id per word; words whose label is unknown get `ignore`.

        Unknown are the words in `sentence.missing`, and all words outside spans if nobody labelled the sentence.

        Raises:
            DataError: the sentence has a type that is not in this set.
        """
        ids = [0 if sentence.labelled else ignore] * len(sentence)
        for span in sentence.spans:
            if span.label not in self.types:
                raise DataError(
                    f"type {span.label} is not among {', '.join(self.types)}; map it, as with `mapping {span.label}=O`",
                    path=sentence.where,
                )
            first = 1 + 2 * self.types.index(span.label)
            ids[span.start : span.end] = [first] + [first + 1] * (span.end - span.start - 1)
        for start, end in sentence.missing:
            ids[start:end] = [ignore] * (end - start)
        return ids


def model_tags(id2label: Mapping[int, str] | Mapping[str, str] | None) -> list[str]:
    """The tags of a model's outputs in our spelling, by the same rules as those of files: B-PER may be written B_PER,
    PER-B, or PER alone.

    Raises:
        ModelError: the model carries only the default names LABEL_0, LABEL_1, ...
    """
    named = {int(i): str(tag) for i, tag in (id2label or {}).items()}
    tags = [named[i] for i in sorted(named)]
    if tags and all(re.fullmatch(r"LABEL_\d+", t) for t in tags):
        raise ModelError(
            f"the model does not name its {len(tags)} labels (id2label holds {tags[0]}, ...). "
            "Write id2label in its config.json, for example {'0': 'O', '1': 'B-PER', '2': 'I-PER'}."
        )
    form = find_form(Counter(tags), bare=True)
    try:
        return [form.standard(tag) for tag in tags]
    except ValueError as error:
        raise ModelError(
            f"a label of the model cannot be read: {error}. Write tags such as B-PER and I-PER in id2label of its "
            "config.json, and O for no entity."
        ) from None


def parse_map(pairs: Iterable[str]) -> dict[str, str]:
    """`["PERSON=PER", "DATE=O"]` as a mapping. Raises UsageError for anything else."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        old, sep, new = pair.partition("=")
        if not (sep and old.strip() and new.strip()):
            raise UsageError(f"`mapping` wants OLD=NEW, such as `mapping PERSON=PER` or `mapping DATE=O`; got '{pair}'")
        if mapping.setdefault(old.strip(), new.strip()) != new.strip():
            raise UsageError(f"`mapping` gives {old.strip()} two names: {mapping[old.strip()]} and {new.strip()}")
    return mapping


def map_types(sentence: Sentence, mapping: Mapping[str, str]) -> Sentence:
    """Rename entity types; a type mapped to "O" is removed. Types not in the mapping stay."""
    if not mapping or not sentence.spans:
        return sentence
    renamed = (Span(s.start, s.end, mapping.get(s.label, s.label), s.score) for s in sentence.spans)
    return replace(sentence, spans=tuple(s for s in renamed if s.label != "O"))
