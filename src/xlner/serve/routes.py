"""The endpoints, each a few lines: texts in, entities out, in one form or another."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Body, Depends, Path, Query
from starlette.responses import JSONResponse

from xlner.serve import bodies as b
from xlner.serve import forms
from xlner.serve.label_studio import Tasks, read_interface
from xlner.serve.limits import Limits
from xlner.serve.metrics import Metrics
from xlner.serve.models import Models, ServedModel
from xlner.serve.problems import HALF, Refusal, has_half
from xlner.serve.tagging import Tagged, Text, cut_text, of_words

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": b.ProblemOut, "description": why}
    for status, why in {
        400: "The request cannot be read.",
        401: "The token is missing or wrong.",
        404: "There is no such model or language.",
        408: "The body did not come in time.",
        409: "The labelling interface marks no entities in a text.",
        413: "The body, a text or the number of texts is beyond the server's bounds.",
        422: "The body is not as described.",
        503: "Too many requests wait, or this one took too long; Retry-After says when to come again.",
    }.items()
}


class Endpoints:
    """What the endpoints share.

    Args:
        models: that answer.
        limits: of texts.
        metrics: told what was tagged.
    """

    def __init__(self, models: Models, limits: Limits, metrics: Metrics) -> None:
        self.models, self.limits, self.metrics = models, limits, metrics

    async def tag(self, model: ServedModel, texts: list[str], language: str | None = None) -> list[Tagged]:
        """Entities of texts, in order.

        Args:
            model: that answers.
            texts: as they were sent.
            language: ISO 639-3 code; None for that of the model.
        """
        self._check(texts)
        code = language or model.language
        return await self._tag(model, lambda: [cut_text(text, code) for text in texts])

    async def tag_words(self, model: ServedModel, sentences: list[list[str]]) -> list[Tagged]:
        """Entities of sentences in words, in order."""
        self._check([" ".join(words) for words in sentences])
        return await self._tag(model, lambda: [of_words(words) for words in sentences])

    async def _tag(self, model: ServedModel, make: Callable[[], list[Text]]) -> list[Tagged]:
        tagged = await model.tag(make)
        self.metrics.texts.labels(model.name).inc(len(tagged))
        for label in model.labels:
            found = sum(span.label == label for text in tagged for s in text.sentences for span in s.spans)
            self.metrics.spans.labels(model.name, label).inc(found)
        return tagged

    def _check(self, texts: list[str]) -> None:
        if any(map(has_half, texts)):
            raise Refusal(422, f"a text {HALF}")
        if len(texts) > (most := self.limits.max_texts):
            raise Refusal(413, f"{len(texts)} texts are sent, and {most} are the most in one request")
        if (size := sum(map(len, texts))) > (most := self.limits.max_characters):
            raise Refusal(413, f"the texts have {size} characters, and {most} are the most in one request")

    async def predict(self, served: ServedModel | None, body: b.OfText | b.OfWords | b.OfTasks) -> dict[str, Any]:
        """Any of the three forms of `/predict`."""
        if isinstance(body, b.OfTasks):
            return await self.label_studio(served or self.models.choose(None), body)
        model = served or self.models.choose(None, body.language)
        form = partial(forms.own, min_score=body.min_score)
        if isinstance(body, b.OfWords):
            plain = [word for word in body.words if isinstance(word, str)]
            nested = [words for words in body.words if not isinstance(words, str)]
            tagged = await self.tag_words(model, [plain] if plain or not nested else nested)
        else:
            form = partial(form, sentences=body.sentences)
            texts = [body.text] if isinstance(body.text, str) else body.text
            tagged = await self.tag(model, texts, body.language)
        return {"model": model.name, "version": model.version, "results": [form(text) for text in tagged]}

    async def label_studio(self, model: ServedModel, body: b.OfTasks) -> dict[str, Any]:
        """Pre-annotations."""
        tasks = Tasks([task.data for task in body.tasks], read_interface(body.label_config))
        tagged = await self.tag(model, tasks.texts())
        answers = tasks.answers(tagged, model.version)
        for reason, number in tasks.left_out.items():
            self.metrics.left_out.labels(reason).inc(number)
        return {"results": answers, "model_version": model.version}


def model_routes(shared: Endpoints, *, in_path: bool) -> APIRouter:
    """The endpoints that a model answers.

    Args:
        shared: what they share.
        in_path: the address names the model, as `/models/NAME/predict`; else `?model=NAME` may.
    """
    router = APIRouter(responses=PROBLEMS, prefix="/models/{model}" if in_path else "")

    if in_path:

        async def pick(model: str = Path(description="Name of a model.")) -> ServedModel | None:
            return shared.models.choose(model)

    else:

        async def pick(model: str | None = Query(None, description="Name of a model.")) -> ServedModel | None:  # type: ignore[misc]
            return None if model is None else shared.models.choose(model)

    @router.post("/predict", response_model=b.PredictOut | b.LabelStudioOut, tags=["predict"])
    async def predict(body: b.PredictBody, served: ServedModel | None = Depends(pick)) -> JSONResponse:
        """Entities of one or several texts, or of words; or pre-annotations, if the body has `tasks`."""
        return JSONResponse(await shared.predict(served, body.root))

    @router.post("/hf", response_model=list[b.HfEntity] | list[list[b.HfEntity]], tags=["predict"])
    async def hf(body: b.HfBody, served: ServedModel | None = Depends(pick)) -> JSONResponse:
        """Token classification in the form of Hugging Face."""
        one = isinstance(body.inputs, str)
        texts = [body.inputs] if isinstance(body.inputs, str) else body.inputs
        tagged = await shared.tag(served or shared.models.choose(None), texts)
        ignore = body.parameters.ignore_labels if body.parameters else None
        answers = [forms.hugging_face(text, ignore or ()) for text in tagged]
        return JSONResponse(answers[0] if one else answers)

    @router.post("/doccano", response_model=list[b.DoccanoLabel], tags=["annotation"])
    async def doccano(body: b.DoccanoBody, served: ServedModel | None = Depends(pick)) -> JSONResponse:
        """Labels for doccano's auto-labelling."""
        (tagged,) = await shared.tag(served or shared.models.choose(None), [body.text])
        return JSONResponse(forms.doccano(tagged))

    @router.post("/prodigy", response_model=b.ProdigyOut, tags=["annotation"])
    async def prodigy(body: b.DoccanoBody, served: ServedModel | None = Depends(pick)) -> JSONResponse:
        """A task for Prodigy, with tokens and spans."""
        model = served or shared.models.choose(None)
        (tagged,) = await shared.tag(model, [body.text])
        return JSONResponse(forms.prodigy(tagged, model.version))

    @router.post("/setup", response_model=b.SetupOut, tags=["annotation"])
    async def setup(body: b.SetupBody, served: ServedModel | None = Depends(pick)) -> JSONResponse:
        """Label Studio connects. An interface without labels in a text is refused."""
        read_interface(body.schema_)
        return JSONResponse({"model_version": (served or shared.models.choose(None)).version})

    @router.get("/health", response_model=b.HealthOut, tags=["server"])
    async def health(served: ServedModel | None = Depends(pick)) -> JSONResponse:
        """The server runs."""
        return JSONResponse({"status": "UP", "model_class": (served or shared.models.choose(None)).name})

    @router.post("/webhook", response_model=b.WebhookOut, tags=["annotation"])
    async def webhook(event: dict[str, Any] = Body(), served: ServedModel | None = Depends(pick)) -> JSONResponse:
        """Events of Label Studio. They are counted; this server does not train."""
        shared.metrics.events.inc()
        return JSONResponse({"status": "ignored"})

    return router
