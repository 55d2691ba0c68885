"""Label Studio's ML backend: what a labelling interface asks for, and entities as its regions.

Offsets count code points, a CRLF as two, as the labelling page of version 1.23 does (`e2e/label_studio.py` looks). Each
region has its text, too, which readers of exports can hold against the offsets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from xlner.serve.problems import Refusal
from xlner.serve.tagging import Tagged

_LEFT_OUT = "label that the labelling interface lacks"
_FETCHED = (
    'the <Text> of the labelling interface has valueType="url", and this server fetches no addresses; put the texts '
    'into the tasks and write valueType="text"'
)
_NO_TEXT = "task without the text that the labelling interface names"


@dataclass(frozen=True)
class Interface:
    """What the labelling interface of a project says about labels in a text.

    Args:
        from_name: name of the tag with the labels.
        to_name: name of the tag with the text.
        key: where a task's `data` has the text.
        names: type of the model, in small letters -> label of the interface; None takes all types as they are.
    """

    from_name: str = "label"
    to_name: str = "text"
    key: str = "text"
    names: Mapping[str, str] | None = None

    def label_of(self, entity_type: str) -> str | None:
        """The label for a type of the model; None if the interface has none."""
        return entity_type if self.names is None else self.names.get(entity_type.casefold())


def read_interface(config: str | None) -> Interface:
    """The first `<Labels>` of a labelling interface that belongs to a `<Text>`.

    A label stands for the model's type of its name, whether in capitals or not, or for those that its
    `predicted_values` lists. Label Studio stores the `alias` of a label, where it has one.

    Args:
        config: the XML; None or nothing takes the names that templates have.

    Raises:
        Refusal: it is no XML, marks no text, or one that is to be fetched from an address.
    """
    if config is None or not config.strip():
        return Interface()
    try:
        if "<!DOCTYPE" in config or "<!ENTITY" in config:
            raise ValueError("declarations of entities are not read")
        root = ElementTree.fromstring(config)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise Refusal(409, f"the labelling interface is no XML: {error}") from None
    texts = {tag.get("name"): tag for tag in root.iter("Text")}
    for labels in root.iter("Labels"):
        text = texts.get(labels.get("toName"))
        if text is not None:
            if (text.get("valueType") or "").strip().casefold() == "url":
                raise Refusal(409, _FETCHED)
            key = (text.get("value") or "$text").removeprefix("$")
            dynamic = labels.get("value") is not None
            return Interface(
                labels.get("name") or "label",
                labels.get("toName") or "text",
                key,
                None if dynamic else _names(list(labels.iter("Label"))),
            )
    raise Refusal(409, "the labelling interface has no <Labels> whose toName is a <Text>; entities need both")


def _names(labels: Sequence[ElementTree.Element]) -> dict[str, str]:
    names: dict[str, str] = {}
    for label in labels:
        value = label.get("value") or ""
        stored = label.get("alias") or value
        predicted = (label.get("predicted_values") or "").split(",")
        for name in (value, stored, *predicted):
            if name.strip():
                names.setdefault(name.strip().casefold(), stored)
    return names


@dataclass
class Tasks:
    """The tasks of one request, of which each gets one prediction.

    Args:
        data: of each task.
        interface: of their project.
        left_out: how much has no place in the answers, by reason.
    """

    data: Sequence[Mapping[str, Any]]
    interface: Interface
    left_out: Counter[str] = field(default_factory=Counter)

    def texts(self) -> list[str]:
        """The text of each task; nothing where it has none."""
        found = [task.get(self.interface.key) for task in self.data]
        return [text if isinstance(text, str) else self._none() for text in found]

    def answers(self, tagged: Sequence[Tagged], version: str) -> list[dict[str, Any]]:
        """One prediction per task, in order.

        Args:
            tagged: the texts.
            version: of the model.
        """
        return [self._answer(item, version) for item in tagged]

    def _none(self) -> str:
        self.left_out[_NO_TEXT] += 1
        return ""

    def _answer(self, tagged: Tagged, version: str) -> dict[str, Any]:
        regions, scores = [], []
        for number, entity in enumerate(tagged.entities()):
            label = self.interface.label_of(entity.label)
            if label is None:
                self.left_out[_LEFT_OUT] += 1
                continue
            scores.append(entity.score)
            regions.append(
                {
                    "id": f"xlner-{number}",
                    "from_name": self.interface.from_name,
                    "to_name": self.interface.to_name,
                    "type": "labels",
                    "score": entity.score,
                    "value": {
                        "start": entity.start,
                        "end": entity.end,
                        "text": entity.text,
                        "labels": [label],
                    },
                }
            )
        mean = round(sum(scores) / len(scores), 4) if scores else None
        return {"result": regions, "score": mean, "model_version": version}
