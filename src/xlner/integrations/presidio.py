"""A recogniser for Presidio, the library that finds and hides personal data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlner.core.languages import iso3
from xlner.errors import MissingExtraError
from xlner.integrations.characters import Entity, placed_sentences
from xlner.integrations.characters import entities as entities_of
from xlner.tagger import Tagger

try:
    from presidio_analyzer import AnalysisExplanation, EntityRecognizer, RecognizerResult
except ImportError as error:
    raise MissingExtraError("the recogniser for Presidio", extra="presidio") from error

PRESIDIO_NAMES = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION"}


class XlnerRecognizer(EntityRecognizer):
    """Finds what an xlner model finds, under Presidio's names.

    Presidio asks it for each text of its language. It needs no spaCy model: the text is all that it looks at.

    Args:
        model: run folder, model folder or hub id; or a tagger, which recognisers of several languages may share.
        supported_language: Presidio's code of the language, such as "es".
        mapping: our types to Presidio's. Types that it does not name keep their own; "O" removes one. None maps PER,
            LOC and ORG.
        name: of the recogniser, in results.
        device: torch device name.
    """

    def __init__(
        self,
        model: str | Path | Tagger,
        *,
        supported_language: str = "en",
        mapping: Mapping[str, str] | None = None,
        name: str = "xlner",
        device: str | None = None,
    ) -> None:
        self.tagger = model if isinstance(model, Tagger) else Tagger.load(model, device=device)
        self.mapping = dict(PRESIDIO_NAMES if mapping is None else mapping)
        types = dict.fromkeys(self.mapping.get(t, t) for t in self.tagger.labels.types)
        self.name: str = name
        super().__init__(
            supported_entities=[t for t in types if t != "O"], supported_language=supported_language, name=name
        )

    def load(self) -> None:
        """Nothing: the model is there from the start, since its types are asked for."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        """The entities of a text.

        Args:
            text: any.
            entities: Presidio's names of those that are wanted; none for all.
            nlp_artifacts: what Presidio's own engine found; not looked at.

        Returns:
            Each with its place in characters and the model's confidence as its score.
        """
        wanted = set(entities or self.supported_entities)
        placed = placed_sentences(text, iso3(self.supported_language))
        answers = self.tagger.predict([sentence for _, sentence in placed])
        places = (place for place, _ in placed)
        ours = [entity for at, sentence in zip(places, answers, strict=True) for entity in entities_of(sentence, at)]
        named = ((self.mapping.get(entity.label, entity.label), entity) for entity in ours)
        return [self._result(name, entity) for name, entity in named if name in wanted and name != "O"]

    def _result(self, name: str, entity: Entity) -> RecognizerResult:
        why = AnalysisExplanation(
            recognizer=self.name, original_score=entity.score, textual_explanation=f"{entity.label} by {self.name}"
        )
        who = {
            RecognizerResult.RECOGNIZER_NAME_KEY: self.name,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
        }
        return RecognizerResult(name, entity.start, entity.end, entity.score, why, who)
