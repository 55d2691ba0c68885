"""The OpenAPI file says what the server does."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")


PATHS = ("/predict", "/hf", "/doccano", "/prodigy", "/setup", "/health", "/webhook", "/ready", "/models", "/metrics")


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("path", [*PATHS, "/models/{model}/predict"])
def test_an_endpoint_keeps_to_its_description(app, path, mode):
    """Good bodies are answered as described, and bad ones refused as described; never 500."""
    operations = schemathesis.openapi.from_asgi("/openapi.json", app).include(path=path).get_all_operations()
    (operation,) = [found.ok() for found in operations]
    if mode == "negative" and operation.method == "get" and path != "/health":
        pytest.skip("nothing can be sent wrongly")

    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode)))
    @settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def check(case):
        case.call_and_validate()

    check()


def test_every_endpoint_is_described(client):
    paths = client.get("/openapi.json").json()["paths"]
    of_models = {"/predict", "/hf", "/doccano", "/prodigy", "/setup", "/health", "/webhook"}
    assert set(paths) == {*of_models, *(f"/models/{{model}}{p}" for p in of_models), "/ready", "/models", "/metrics"}
    body = paths["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/PredictBody"}
    for path in of_models - {"/health"}:
        assert {"200", "401", "404", "413", "422", "503"} <= set(paths[path]["post"]["responses"])
