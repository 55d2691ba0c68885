"""The models of a server, by name, each with its queues."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from xlner.core.languages import bcp47, iso3
from xlner.core.run_folder import edges_hash
from xlner.core.types import Sentence
from xlner.errors import UsageError
from xlner.serve.batching import Job, Lane
from xlner.serve.limits import Limits
from xlner.serve.parts import Part, in_parts, joined
from xlner.serve.problems import Refusal, come_again
from xlner.serve.tagging import Tagged, Text
from xlner.tagger.decode import decode, legal_transitions
from xlner.tagger.parallel import cores

if TYPE_CHECKING:
    from xlner.tagger import Tagger
    from xlner.tagger.network import Network

DEMO = "demo"  # a model to try the server with, unless a folder has that name
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_LEAST_BATCH = 2048  # subwords; an ONNX graph takes windows one by one, several at a time

OnBatch = Callable[[str, int, int, float], None]


def _batch(network: Network) -> int:
    """Subwords that go to a network at a time: on a CPU, enough for all its cores."""
    at_once = max(2, cores()) if network.side_by_side else 2
    return max(at_once * network.batch_subwords, _LEAST_BATCH)


class ServedModel:
    """A tagger with a queue of requests.

    Args:
        name: how requests name it.
        tagger: the model.
        limits: of the server.
        version: tells this model from its earlier versions.
        language: ISO 639-3 code that its words are split by if a request names none.
        on_batch: told the model's name, and jobs, subwords and seconds of each batch.
    """

    def __init__(
        self,
        name: str,
        tagger: Tagger,
        *,
        limits: Limits | None = None,
        version: str = "",
        language: str | None = None,
        on_batch: OnBatch | None = None,
    ) -> None:
        limits = limits or Limits()
        self.name, self.tagger, self.language = name, tagger, language
        self.version = version or name
        self.labels = tuple(tagger.labels.types)
        self._allowed = legal_transitions(tagger.labels.tags)
        self._seconds = limits.max_seconds
        self._on_batch = on_batch
        self._lane = Lane(
            name, self._tag, budget=limits.batch_subwords or _batch(tagger.network),
            gather_seconds=limits.gather_ms / 1000, most=limits.max_waiting, most_seconds=limits.max_seconds,
            on_batch=self._told,
        )  # fmt: skip

    @property
    def waiting(self) -> int:
        """Requests that wait for it."""
        return self._lane.waiting

    async def tag(self, make: Callable[[], list[Text]]) -> list[Tagged]:
        """Entities of texts, in order.

        Args:
            make: gives the texts, cut into sentences; called in another thread.

        Raises:
            Refusal: too many requests wait, or this one takes too long.
        """
        try:
            async with asyncio.timeout(self._seconds):
                texts, parts, job = await asyncio.to_thread(self._prepare, make)
                answers = await asyncio.wrap_future(self._lane.put(job)) if job.sentences else []
                return await asyncio.to_thread(self._tagged, texts, parts, answers)
        except TimeoutError:
            raise come_again(f"no answer within {self._seconds:g} s, the longest time for a request", 10) from None

    def close(self) -> None:
        """Answer what waits, and end the thread."""
        self._lane.close()

    def _prepare(self, make: Callable[[], list[Text]]) -> tuple[list[Text], list[list[Part]], Job]:
        """The texts, the parts of each of their sentences, and all parts as a job."""
        texts = make()
        parts = [in_parts(self.tagger.words, sentence) for text in texts for sentence in text.sentences]
        every = [part for one in parts for part in one]
        return texts, parts, Job([part.sentence for part in every], [part.cost for part in every])

    def _tagged(
        self, texts: Sequence[Text], parts: Sequence[list[Part]], answers: Sequence[np.ndarray]
    ) -> list[Tagged]:
        """The texts with entities, from the probabilities of all parts."""
        of_each, rows = iter(parts), iter(answers)
        out = []
        for text in texts:
            sentences, windows = [], 0
            for sentence, its_parts in zip(text.sentences, islice(of_each, len(text.sentences)), strict=True):
                spans = decode(joined(its_parts, rows), self.tagger.labels, self._allowed)
                sentences.append(sentence.with_spans(spans))
                windows += sum(part.windows for part in its_parts)
            out.append(Tagged(text, tuple(sentences), windows))
        return out

    def _tag(self, sentences: Sequence[Sentence]) -> list[np.ndarray]:
        return self.tagger.probabilities(sentences)

    def _told(self, jobs: int, subwords: int, seconds: float) -> None:
        if self._on_batch is not None:
            self._on_batch(self.name, jobs, subwords, seconds)


class Models:
    """The models of a server, in the order in which they were named; the first is the default.

    Args:
        models: at least one; names differ.
    """

    def __init__(self, models: Sequence[ServedModel]) -> None:
        self._models = {model.name: model for model in models}

    def __iter__(self) -> Iterator[ServedModel]:
        return iter(self._models.values())

    def get(self, name: str | None) -> ServedModel | None:
        """The model of that name; the first one without a name; None if there is none of that name."""
        return next(iter(self)) if name is None else self._models.get(name)

    def choose(self, name: str | None, language: str | None = None) -> ServedModel:
        """The model that a request means: by name, else the one for its language, else the first.

        Args:
            name: of the model.
            language: ISO 639-3 code of the text.

        Raises:
            Refusal: there is no such model.
        """
        if name is None and language is not None:
            return next((m for m in self if m.language == language), next(iter(self)))
        if (model := self.get(name)) is None:
            raise Refusal(404, f"there is no such model here; there are: {', '.join(self._models)}")
        return model

    def close(self) -> None:
        """Answer what waits, and end all threads."""
        for model in self:
            model.close()


def named_models(items: Sequence[str]) -> dict[str, str]:
    """`["sw=runs/sw", "runs/es"]` as {"sw": "runs/sw", "es": "runs/es"}.

    Raises:
        UsageError: two have one name, or a name cannot stand in an address.
    """
    out: dict[str, str] = {}
    for item in items:
        name, sep, model = item.partition("=")
        if not sep or not _NAME.fullmatch(name) or Path(item).exists():
            path = Path(item).absolute() if Path(item).is_dir() else Path(item.rstrip("/"))  # also "model" and "."
            model = item
            name = re.sub(r"[^A-Za-z0-9_.-]+", "-", (path.parent if path.name == "model" else path).name).strip("-.")
        if not model or not _NAME.fullmatch(name):
            raise UsageError(f"'{item}' gives no name to a model; write NAME=MODEL, with letters and digits in NAME")
        if name in out:
            raise UsageError(f"two models have the name {name}: {out[name]} and {model}; write NAME=MODEL")
        out[name] = model
    return out


def load_models(
    models: Mapping[str, str],
    *,
    mapping: Mapping[str, str] | None = None,
    device: str | None = None,
    limits: Limits | None = None,
    on_batch: OnBatch | None = None,
) -> Models:
    """Load models and let each answer once, since the first answer of a process is slow.

    Args:
        models: name -> run folder, model folder or hub id; "demo" is one to try the server with. A name that is a
            language's code, such as sw, says how the model's texts are split.
        mapping: type renames applied to what the models say.
        device: torch device name.
        limits: of the server.
        on_batch: told the model's name, and jobs, subwords and seconds of each batch.

    Raises:
        ModelError: one of them cannot be loaded.
    """
    from xlner.tagger import Tagger

    served = []
    for name, place in models.items():
        if place == DEMO and not Path(place).exists():
            from xlner.serve.demo import demo_tagger  # needs torch, which exported models do not

            tagger = demo_tagger(mapping=mapping, device=device)
        else:
            tagger = Tagger.load(place, mapping=mapping, device=device)
        list(tagger.predict([Sentence(("warm", "up"))]))
        version = f"{name}-{fingerprint(place)}" if Path(place).is_dir() else f"{name}-{Path(place).name}"
        language = _language(name)
        served.append(ServedModel(name, tagger, limits=limits, version=version, language=language, on_batch=on_batch))
    return Models(served)


def fingerprint(folder: str | Path) -> str:
    """Eight digits that change with the weights or the labels of a run or model folder."""
    inner = Path(folder) / "model"
    files = (inner if inner.is_dir() else Path(folder)).iterdir()
    weights = (".safetensors", ".json", ".onnx", ".bin", ".xml", ".data")
    return edges_hash(f for f in files if f.suffix in weights and f.is_file())[:8]


def _language(name: str) -> str | None:
    """The language of a model that has a language's short code for a name: "sw", not "swa" or "run" (Rundi)."""
    try:
        return iso3(name) if bcp47(name) == name else None
    except UsageError:
        return None
