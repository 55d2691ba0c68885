"""What the server counts, in the form that Prometheus reads."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily

from xlner.serve.models import Models

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_SUBWORDS = (64, 256, 1024, 2048, 4096, 16384, 65536)


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "xlner_requests", "Requests by endpoint and status.", ["endpoint", "status"], registry=registry
        )
        self.seconds = Histogram(
            "xlner_request_seconds", "Time from the body to the answer.", ["endpoint"], buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip
        self.under_way = Gauge("xlner_requests_under_way", "Requests not answered yet.", registry=registry)
        self.texts = Counter("xlner_texts", "Texts that were tagged.", ["model"], registry=registry)
        self.spans = Counter("xlner_spans", "Entities that were found.", ["model", "label"], registry=registry)
        self.left_out = Counter(
            "xlner_left_out", "What has no place in answers to Label Studio.", ["reason"], registry=registry
        )
        self.events = Counter("xlner_webhook_events", "Events that Label Studio sent.", registry=registry)
        self._subwords = Histogram(
            "xlner_batch_subwords", "Subwords per batch.", ["model"], buckets=_SUBWORDS, registry=registry
        )
        self._jobs = Counter("xlner_batched_requests", "Requests, or pieces of long ones, in batches.", ["model"],
                             registry=registry)  # fmt: skip
        self._busy = Counter("xlner_batch_seconds", "Time spent in batches.", ["model"], registry=registry)

    def on_batch(self, model: str, jobs: int, subwords: int, seconds: float) -> None:
        """Count one batch."""
        self._subwords.labels(model).observe(subwords)
        self._jobs.labels(model).inc(jobs)
        self._busy.labels(model).inc(seconds)

    def watch(self, models: Models) -> None:
        """Also tell how many requests wait for each model."""
        self._registry.register(_Waiting(models))

    def text(self) -> bytes:
        """All of it."""
        return generate_latest(self._registry)


class _Waiting:
    def __init__(self, models: Models) -> None:
        self._models = models

    def collect(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily("xlner_requests_waiting", "Requests that nobody has begun.", labels=["model"])
        for model in self._models:
            family.add_metric([model.name], model.waiting)
        return [family]
