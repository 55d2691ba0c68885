"""The model card that goes with every saved model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xlner.core.languages import bcp47, name

TASK = "token-classification"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def model_card(
    *,
    languages: Sequence[str],
    types: Sequence[str],
    encoder: str,
    method: str,
    reference: str,
    data: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    limits: Sequence[str],
    licence: str | None = None,
) -> str:
    """A README.md in the form that model hubs read: a YAML head, then plain sections.

    Args:
        languages: ISO 639-3 codes the model was trained on; the target last.
        types: entity types.
        encoder: what it was built on.
        method: how it was trained, in a sentence.
        reference: the publication behind the method.
        data: per input `role`, `name`, `sentences`, `sha256` and, if somebody stated it, `licence`.
        settings: training settings that differ from nothing said: all of them.
        results: per test `name`, `f1`, `precision`, `recall`, `low`, `high`, `sentences`, and `file`, if it is known.
        limits: what to know before use.
        licence: of the model, if the maker stated one.
    """
    head = ["---", _metadata(languages, encoder, results, licence), "---"]
    title = ", ".join(name(code) for code in languages)
    lines = ["", f"# Named entity recognition: {title}", ""]
    lines += [
        f"Entity types: {', '.join(types)}. Tags are IOB2. Built on `{encoder}`.",
        "",
        "## Method",
        "",
        method,
    ]
    lines += [
        "",
        f"Reference: {reference}",
        "",
        "## Data",
        "",
        "| role | file | sentences | licence | sha-256 |",
    ]
    lines.append("|---|---|---|---|---|")
    for row in data:
        stated = row.get("licence") or "not stated; ask whoever made the file"
        lines.append(
            f"| {row['role']} | {row['name']} | {row.get('sentences', '')} | {stated} | `{row['sha256'][:12]}` |"
        )
    lines += ["", "## Results", ""]
    if results:
        lines += [
            "| test | F1 | 95% interval | precision | recall | sentences |",
            "|---|---|---|---|---|---|",
        ]
        for r in results:
            lines.append(
                f"| {r['name']} | {r['f1']:.4f} | {r['low']:.4f} to {r['high']:.4f} | {r['precision']:.4f} "
                f"| {r['recall']:.4f} | {r['sentences']} |"
            )
        lines += [
            "",
            "Strict spans: boundaries and type must match. Intervals are bootstraps over sentences.",
        ]
    else:
        lines.append("Not evaluated on labelled target text.")
    lines += ["", "## Limits", "", *(f"- {limit}" for limit in limits)]
    lines += ["", "## Settings", "", *(f"- {key}: {value}" for key, value in settings.items())]
    lines += [
        "",
        "## Use",
        "",
        "```python",
        "from xlner import Tagger, read_text",
        "",
        'tagger = Tagger.load("PATH_TO_THIS_FOLDER")',
        'for sentence in tagger.predict(read_text("Some text in the target language.")):',
        "    print([(sentence.surface(s), s.label) for s in sentence.spans])",
        "```",
        "",
        "It also loads with `transformers.AutoModelForTokenClassification` and works in",
        '`pipeline("token-classification", aggregation_strategy="first")`.',
        "",
    ]
    return "\n".join([*head, *lines])


def _metadata(languages: Sequence[str], encoder: str, results: Sequence[Mapping[str, Any]], licence: str | None) -> str:
    """The head of a card as YAML, with a `model-index` of the results."""
    from huggingface_hub import EvalResult, ModelCardData

    codes = [bcp47(code) for code in languages]
    scores = [
        EvalResult(
            task_type=TASK, task_name="Named entity recognition", dataset_name=r["name"],
            dataset_type=r.get("file") or "-".join(r["name"].lower().split()), metric_type=metric,
            metric_name=f"{metric.capitalize()}, strict spans", metric_value=round(float(r[metric]), 6),
        )
        for r in results
        for metric in ("f1", "precision", "recall")
    ]  # fmt: skip
    named: dict[str, Any] = {"model_name": f"xlner-{'-'.join(codes)}", "eval_results": scores} if scores else {}
    data = ModelCardData(
        language=codes, library_name="transformers", license=licence, pipeline_tag=TASK,
        base_model=encoder if _HUB_ID.fullmatch(encoder) and not Path(encoder).exists() else None,
        tags=["named-entity-recognition", "cross-lingual", "xlner"], **named,
    )  # fmt: skip
    return data.to_yaml()
