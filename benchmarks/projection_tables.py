"""The tables of `projection.py`."""

from __future__ import annotations

from typing import Any

PUBLISHED = {
    "range heuristic, AWESOME mBERT (Politov et al. 2025)": (0.819, 0.903),
    "n-grams with alignments, the best run of each language": (0.921, 0.892),
    "anything with alignments alone, the best run of each language": (0.921, 0.907),
    "NMT score, NLLB 600M, exact (Shkalikov)": (0.886, 0.916),
}

EXTRA = {
    "raw": "PUD en-zh on raw Chinese text, entities compared by characters",
    "back_translation": "Back-translation: Portuguese text with gold (UNER Bosque), English entities found by a model",
    "nmt": "NMT score: the same text and entities, probabilities of the translator's own weights, both directions",
    "markers": "Markers: English entities (CoNLL-2003) in marked Portuguese translations",
}


def _plain(title: str, rows: dict[str, Any]) -> str:
    lines = [f"## {title}", "", "| | |", "|---|---|"]
    for name, value in rows.items():
        if isinstance(value, dict) and "f1" in value:
            span = f" ({value['low']:.3f} to {value['high']:.3f})" if "low" in value else ""
            took = f", {value['seconds']:.1f} s" if "seconds" in value else ""
            value = f"F1 {_f(value['f1'])}{span}, P {_f(value['precision'])}, R {_f(value['recall'])}{took}"
        elif isinstance(value, dict):
            value = ", ".join(f"{k} {v}" for k, v in value.items())
        elif isinstance(value, float):
            value = _f(value)
        lines.append(f"| {name} | {value} |")
    return "\n".join(lines)


def markdown(result: dict[str, Any]) -> str:
    """All tables."""
    parts = [_europarl(result), _against(result), _constraints(result), _heuristic(result)]
    parts += [_errors(result), _calibration(result), _curve(result), _pud(result)]
    times = ", ".join(
        f"{t} {name}: {s['processor']:.2f} s of processor time, {s['wall']:.2f} s by the clock"
        for t, row in result["speed"].items()
        for name, s in row.items()
    )
    parts += [_plain(title, result[key]) for key, title in EXTRA.items() if key in result]
    return "\n\n".join([*parts, f"Projecting all 799 Europarl sentences with alignments given: {times}."])


def _f(x: float) -> str:
    return f"{x:.4f}"


def _spanned(row: dict[str, Any]) -> str:
    """F1 with its interval."""
    return f"{_f(row['f1'])} ({row['low']:.3f} to {row['high']:.3f})"


def _calibration(result: dict[str, Any]) -> str:
    de, es = (result["calibration"][t] for t in ("de", "es"))
    lines = ["## Fused scores as probabilities (Europarl-NER)", "",
             f"Expected calibration error: de {_f(de['ece'])}, es {_f(es['ece'])}.", "",
             "| score | de projections | de right | es projections | es right |", "|---|---|---|---|---|"]  # fmt: skip
    for d, e in zip(de["bins"], es["bins"], strict=True):
        cells = [c for b in (d, e) for c in (str(b["count"]), f"{b['accuracy']:.2f}" if b["count"] else "")]
        lines.append(f"| {d['low']:.1f} to {d['high']:.1f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _europarl(result: dict[str, Any]) -> str:
    lines = ["# Label projection", "", "## Europarl-NER, gold English entities, 799 sentences", "",
             "F1 with its 95% interval over sentences.", "",
             "| system | de P | de R | de F1 | es P | es R | es F1 |", "|---|---|---|---|---|---|---|"]  # fmt: skip
    de, es = (result["europarl"][t] for t in ("de", "es"))
    for name in de:
        cells = [c for r in (de[name], es[name]) for c in (_f(r["precision"]), _f(r["recall"]), _spanned(r))]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    for name, (d, e) in PUBLISHED.items():
        lines.append(f"| published: {name} | | | {d:.3f} | | | {e:.3f} |")
    return "\n".join(lines)


def _against(result: dict[str, Any]) -> str:
    """Differences to the published methods."""
    de, es = (result["against"][t] for t in ("de", "es"))
    lines = ["## Ours less published methods with the same links (paired by sentence, 95% interval, randomisation p)",
             "", "| method | de | p | es | p |", "|---|---|---|---|---|"]  # fmt: skip
    for name in de["methods"]:
        cells = []
        for row in (de["methods"][name], es["methods"][name]):
            span = row["interval"]
            cells += [f"{row['difference']:+.4f} ({span['low']:+.4f} to {span['high']:+.4f})", f"{row['p_value']:.4f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    best = f"de {_f(de['at best'])}, es {_f(es['at best'])}"
    return "\n".join([*lines, "", f"At best, where every entity is projected and keeps its type: {best}."])


def _constraints(result: dict[str, Any]) -> str:
    lines = ["## Number of projections per entity (align score over n-grams, embedding aligner)", "",
             "| constraint | de greedy | de exact | es greedy | es exact |", "|---|---|---|---|---|"]  # fmt: skip
    names = list(dict.fromkeys(name.rpartition(" ")[0] for name in result["constraints"]["de"]))
    for name in names:
        cells = [_f(result["constraints"][t][f"{name} {m}"]["f1"]) for t in ("de", "es") for m in ("greedy", "exact")]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _heuristic(result: dict[str, Any]) -> str:
    lines = ["## Range heuristic (embedding aligner)", "", "| options | de F1 | es F1 |", "|---|---|---|"]
    for name, row in result["heuristic"]["de"].items():
        lines.append(f"| {name} | {_f(row['f1'])} | {_f(result['heuristic']['es'][name]['f1'])} |")
    return "\n".join(lines)


def _errors(result: dict[str, Any]) -> str:
    columns = {f"Europarl en-{t}": e for t, e in result["errors"].items()}
    columns |= {f"PUD {name}": row["errors"] for name, row in result["pud"].items()}
    kinds = sorted({k for e in columns.values() for k in e}, key=lambda k: (k != "right", k))
    lines = ["## What became of source entities", "", f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for kind in kinds:
        lines.append(f"| {kind} | {' | '.join(str(e.get(kind, 0)) for e in columns.values())} |")
    return "\n".join(lines)


def _curve(result: dict[str, Any]) -> str:
    lines = ["## Selection by confidence (Europarl-NER)", "",
             "| least score | de coverage | de precision | least score | es coverage | es precision |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    de, es = (result["curve"][t] for t in ("de", "es"))
    for a, b in zip(de, es, strict=False):
        cells = [f"{p['threshold']:.2f} | {p['coverage']:.3f} | {_f(p['precision'])}" for p in (a, b)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _pud(result: dict[str, Any]) -> str:
    lines = ["## PUD, gold source entities, 1000 sentences", "",
             "Agreeing: sentences whose two sides name as many entities of each type.", "",
             "| pair | heuristic F1 | align score F1 | fused P | fused R | fused F1 | fates | agreeing F1 |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, row in result["pud"].items():
        fused, fates = row["fused"], ", ".join(f"{k} {v}" for k, v in row["fused"]["fates"].items())
        cells = [
            _f(row["heuristic"]["f1"]),
            _f(row["align score"]["f1"]),
            *(_f(fused[k]) for k in ("precision", "recall", "f1")),
        ]
        agreeing = row["agreeing"]
        lines.append(f"| {name} | {' | '.join(cells)} | {fates} | {_f(agreeing['f1'])} of {agreeing['sentences']} |")
    return "\n".join(lines)
