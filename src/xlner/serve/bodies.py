"""What requests and answers hold; /openapi.json is made from these classes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    WithJsonSchema,
)

from xlner.core.languages import iso3
from xlner.errors import UsageError
from xlner.serve.problems import HALF, Refusal, has_half, shortened


def _language(code: str) -> str:
    try:
        return iso3(code)
    except UsageError:
        raise Refusal(404, f"'{shortened(code)}' is no language code; use BCP-47 or ISO 639, such as sw") from None


def _texts(value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        return value
    raise ValueError("must be a string or a list of strings")


def _words(value: Any) -> Any:
    lists = [value] if isinstance(value, list) and not any(isinstance(item, list) for item in value) else value
    if not isinstance(lists, list) or not all(isinstance(words, list) for words in lists):
        raise ValueError("must be a list of words, or a list of such lists")
    if not all(isinstance(word, str) and word for words in lists for word in words):
        raise ValueError("each word must be a string that is not empty")
    if any(has_half(word) for words in lists for word in words):
        raise ValueError(f"a word {HALF}")
    return value


Language = Annotated[
    str,
    AfterValidator(_language),
    WithJsonSchema({"type": "string", "format": "bcp47", "description": "BCP-47 or ISO 639 code, such as sw."}),
]
LabelConfig = Annotated[
    str, WithJsonSchema({"type": "string", "format": "label-config", "description": "A labelling interface, XML."})
]
Word = Annotated[str, Field(min_length=1)]
Texts = Annotated[str | list[str], BeforeValidator(_texts)]
Score = Annotated[float, Field(ge=0, le=1)]
Threshold = Annotated[float, Field(0.0, ge=0, le=1, description="Entities below this score are left out.")]


class Strict(BaseModel):
    """A body of our own form: a field that nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid")


class OfText(Strict):
    """One text, or several, as they are written."""

    text: Texts = Field(description="A text, or a list of texts.", examples=["Amina lives in Kano."])
    language: Language | None = Field(None, description="How words are split; it also chooses the model.")
    min_score: Threshold = 0.0
    sentences: bool = Field(False, description="Also give sentences and words, as offsets into the text.")


class OfWords(Strict):
    """One sentence in words, or several. They are kept as they are."""

    words: Annotated[list[Word] | list[list[Word]], BeforeValidator(_words)] = Field(
        description="A list of words, or a list of such lists."
    )
    language: Language | None = Field(None, description="It chooses the model.")
    min_score: Threshold = 0.0


class Task(BaseModel):
    """A task of Label Studio. Only `data` is read."""

    data: dict[str, Any]


class OfTasks(BaseModel):
    """What Label Studio sends to an ML backend."""

    tasks: list[Task]
    label_config: LabelConfig | None = Field(
        None, description="The labelling interface; it says where the text is and how labels are named."
    )


def _form(body: Any) -> str:
    keys = body if isinstance(body, dict) else {}
    return next((f"form-{key}" for key in ("tasks", "words") if key in keys), "form-text")


class PredictBody(
    RootModel[
        Annotated[
            Annotated[OfText, Tag("form-text")]
            | Annotated[OfWords, Tag("form-words")]
            | Annotated[OfTasks, Tag("form-tasks")],
            Discriminator(_form),
        ]
    ]
):
    """Texts, words, or the tasks of Label Studio."""


class SpanOut(BaseModel):
    """An entity. `start` and `end` count code points of the text that was sent; words, where words were sent."""

    start: int
    end: int
    label: str
    score: Score
    text: str


class SentenceOut(BaseModel):
    """A sentence of a text."""

    words: list[str]
    offsets: list[tuple[int, int]] = Field(description="Code points [start, end) of each word in the whole text.")


class ResultOut(BaseModel):
    """One text with its entities."""

    unit: Literal["characters", "words"] = Field(description="What start and end of spans count.")
    spans: list[SpanOut]
    windows: int = Field(description="Pieces that the encoder read the text in.")
    sentences: list[SentenceOut] | None = None


class PredictOut(BaseModel):
    """Answers in the order of the texts."""

    model: str
    version: str
    results: list[ResultOut]


class LabelStudioPrediction(BaseModel):
    """The pre-annotation of one task."""

    result: list[dict[str, Any]]
    score: Score | None
    model_version: str


class LabelStudioOut(BaseModel):
    """Exactly one prediction per task, in order."""

    results: list[LabelStudioPrediction]
    model_version: str


class HfParameters(BaseModel):
    """Parameters of token classification; others are ignored."""

    aggregation_strategy: Literal["simple", "first", "average", "max"] | None = Field(
        None, description="All give whole entities: labels are of words here, and no subwords disagree."
    )
    ignore_labels: list[str] | None = Field(None, description="Entity types to leave out.")


class HfBody(BaseModel):
    """Token classification as Hugging Face has it."""

    inputs: Texts = Field(examples=["Amina lives in Kano."])
    parameters: HfParameters | None = None


class HfEntity(BaseModel):
    """An entity. `start` and `end` count code points."""

    entity_group: str
    score: Score
    word: str
    start: int
    end: int


class DoccanoBody(BaseModel):
    """The body of doccano's "Custom REST Request"."""

    text: str = Field(examples=["Amina lives in Kano."])


class DoccanoLabel(BaseModel):
    """An entity as doccano's auto-labelling reads it. Offsets count code points."""

    label: str
    start_offset: int
    end_offset: int


class ProdigyOut(BaseModel):
    """A task for Prodigy's `ner.manual`. Offsets count code points."""

    text: str
    tokens: list[dict[str, Any]]
    spans: list[dict[str, Any]]
    meta: dict[str, Any]


class SetupBody(BaseModel):
    """What Label Studio sends when a model is connected."""

    schema_: LabelConfig | None = Field(None, alias="schema")


class SetupOut(BaseModel):
    """What is connected."""

    model_version: str


class WebhookOut(BaseModel):
    """Events are taken and nothing follows from them: this server does not train."""

    status: Literal["ignored"]


class ModelOut(BaseModel):
    """One model of the server."""

    name: str
    version: str
    labels: list[str]
    language: str | None


class HealthOut(BaseModel):
    """The server runs. `model_class` is what Label Studio shows."""

    status: Literal["UP"]
    model_class: str


class ReadyOut(BaseModel):
    """Whether requests are taken."""

    status: Literal["ready", "stopping"]


class ProblemOut(BaseModel):
    """Why a request was refused, in one sentence."""

    error: str
