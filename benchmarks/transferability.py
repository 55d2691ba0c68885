"""Which similarity measure predicts a transfer: correlations, and predictions for targets that were left out.

Without options it takes the table and the texts of `benchmarks/matrix.py`; labels of texts are not looked at. With a
target all of its branch are left out, and itself as a source. With --estimates, what `benchmarks/estimate.py` estimated
without labels of one English model on the targets is a further measure.

    python benchmarks/transferability.py
    python benchmarks/transferability.py --again --estimates docs/results/estimate.json --with-model predictor.json
    python benchmarks/transferability.py --f1 f1.csv --text 'FOLDER/{language}/train.txt' --predictor predictor.json

`f1.csv` has the columns source, target and f1 (a fraction); `{language}` becomes the language as it is written there,
and --text may come several times: the first file that exists is taken.
"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from common import parser, write_results
from figures import against, bars
from targets import BRANCHES, FAMILIES
from xlner.api.similarity import similarity
from xlner.core.languages import iso3
from xlner.similarity import SIMILARITIES
from xlner.similarity.correlation import Correlation
from xlner.similarity.predictor import ESTIMATE, TransferPredictor
from xlner.similarity.transferability import (
    Quality,
    Transfers,
    correlations,
    fit,
    leave_one_out,
    missed_of_new_sources,
    predictions,
    read_f1,
)

LETTERS = ["lexical:ngrams"]
WITH_MODEL = "a model's estimated F1 and letter sequences, a line per source"
CHOSEN = (
    "\nPredictions with a line per source let each source have a level and a slope of its own, shrunk by a price that "
    "is chosen on left-out targets. The tables by target are of letter sequences with a line per source, alone and "
    "beside a model's estimate; these two predictors come with xlner. That they look at no other measure, and that "
    "the lines lie over all that they look at, was chosen on this table. The "
    "model's estimates are of the first 600 test sentences, and F1 is of the first 250 of the same: a user's text is "
    "another.\n"
)
ESTIMATED_BY = "regression on expected_f1, distilled, learnt, entropy, unsure, uncased"


def spellings(path: Path) -> dict[str, str]:
    """ISO 639-3 code -> the language as a table of F1 writes it."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return {iso3(row[side]): row[side] for row in csv.DictReader(stream) for side in ("source", "target")}


def text_of(language: str, patterns: list[str]) -> Path:
    """The first file that exists for a language."""
    places = [Path(p.format(language=language)) for p in patterns]
    found = next((p for p in places if p.is_file()), None)
    if found is None:
        raise SystemExit(f"no text of {language}; looked for {', '.join(map(str, places))}")
    return found


def table(found: list[Correlation], quality: list[Quality]) -> str:
    """Markdown: one row per measure, then one per way of predicting."""
    kinds = [(kind, scope) for scope in ("overall", "within") for kind in ("spearman", "pearson")]
    cells = {(c.measure, c.kind, c.scope): c for c in found}
    lines = ["| measure | " + " | ".join(f"{k}, {s}" for k, s in kinds) + " |", "|---" * (len(kinds) + 1) + "|"]
    for measure in dict.fromkeys(c.measure for c in found):
        row = [_told(cells[measure, kind, scope]) for kind, scope in kinds]
        lines.append(f"| {measure} | " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n" + quality_table("left-out branch", quality)


def quality_table(left_out: str, quality: list[Quality]) -> str:
    """One row per way of predicting."""
    heads = (f"{left_out}, predicted by", "error of F1, points", "90% within", "regret, points", "top 1", "top 3")
    lines = ["", "| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for q in quality:
        cells = [
            q.name,
            *(f"{x:.1f}" for x in (q.mean_abs_error, q.width90, q.regret)),
            f"{q.top1:.0%}",
            f"{q.top3:.0%}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _told(c: Correlation) -> str:
    if c.value != c.value:
        return "n/a"
    span = "" if c.interval is None else f" ({c.interval.low:.2f} to {c.interval.high:.2f})"
    return f"{c.value:.2f}{span}"


def by_target(table: Transfers) -> list[dict[str, Any]]:
    """For every target, predicted without it: the source that is recommended, the best one, and the error."""
    rows = []
    for held, predicted in predictions(table):
        best, chosen = int(held.f1.argmax()), int(predicted.argmax())
        rows.append(
            {
                "target": held.targets[0],
                "recommended": held.sources[chosen],
                "best": held.sources[best],
                "f1": 100 * float(held.f1[chosen]),
                "best_f1": 100 * float(held.f1[best]),
                "error": 100 * float(np.abs(predicted - held.f1).mean()),
                "bias": 100 * float((predicted - held.f1).mean()),
            }
        )
    return sorted(rows, key=lambda r: r["best_f1"] - r["f1"])


def target_table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "",
        "| target | recommended | its F1 | best | its F1 | regret | error of predictions | bias |",
        "|---" * 8 + "|",
    ]
    lines += [
        f"| {r['target']} | {r['recommended']} | {r['f1']:.1f} | {r['best']} | {r['best_f1']:.1f} | "
        f"{r['best_f1'] - r['f1']:.1f} | {r['error']:.1f} | {r['bias']:+.1f} |"
        for r in rows
    ]
    return "\n".join(lines) + "\n"


def draw(transfers: Transfers, found: list[Correlation], folder: Path) -> str:
    """Correlations within target as bars, and predictions of left-out targets against the truth."""
    shown = sorted(
        (c for c in found if (c.kind, c.scope) == ("spearman", "within") and c.interval), key=lambda c: -c.value
    )
    spans = [(c.interval.low, c.interval.high) for c in shown if c.interval]
    bars(
        [c.measure for c in shown], [c.value for c in shown], spans, folder / "transferability_measures.png",
        title="Which measure ranks the sources of a target", label="mean Spearman within target, 95% interval",
    )  # fmt: skip
    made = predictions(transfers)
    truth = 100 * np.concatenate([held.f1 for held, _ in made])
    said = 100 * np.concatenate([predicted for _, predicted in made])
    names = [t for held, _ in made for t in held.targets]
    against(said, truth, names, folder / "transferability_predictions.png",
            title="F1 of targets that were left out", labels=("predicted from raw text", "true"))  # fmt: skip
    return "\n![Correlations](transferability_measures.png)\n\n![Predictions](transferability_predictions.png)\n"


def main() -> None:
    made = parser("Correlations of similarity measures with F1, and leave-one-target-out prediction.")
    made.add_argument("--f1", type=Path, help="CSV with the columns source, target and f1")
    made.add_argument("--text", action="append", help="path with {language} in it")
    made.add_argument("--measure", action="append", default=[], help="default: every one that needs no bitext")
    made.add_argument("--encoder", default="embedded")
    made.add_argument("--sentences", type=int, default=2000)
    made.add_argument("--predictor", type=Path, help="write the regression on letter sequences there")
    made.add_argument("--again", action="store_true", help="take F1 and measures from the last result")
    made.add_argument("--about", default="", help="a sentence for the predictor: encoder, task, training budget")
    made.add_argument("--estimates", type=Path, help="result of benchmarks/estimate.py")
    made.add_argument("--with-model", type=Path, help="write the regression that also looks at a model there")
    options = made.parse_args()
    settings = {"encoder": options.encoder, "layer": None, "max_sentences": options.sentences}
    everything = measured(options, settings)
    # What language-id says of a pair depends on which other languages are compared, so nothing is fitted on it; the
    # tables of typology are an extra that most users have not.
    alone = [m for m in everything.measures if m != "language-id"]
    of_text = [m for m in alone if "text" in SIMILARITIES.load(m).needs] or alone
    transfers, letters = everything.select(of_text), everything.select(LETTERS)
    with_model = None
    if options.estimates:
        with_model = letters.with_measure(ESTIMATE, estimates(options.estimates))
    ways = {
        "measures of text, a line per source": (transfers, None),
        "measures of text, a level per source": (transfers, []),
        "letter sequences, a line per source": (letters, None),
        "measures of text and typology, a level per source": (everything.select(alone), []),
    }
    if with_model:
        ways |= {
            WITH_MODEL: (with_model, None),
            "these, a level per source": (with_model, []),
            "these, a line per source over the estimate": (with_model, [ESTIMATE]),
            "a model's estimated F1, a line per source": (with_model.select([ESTIMATE]), None),
        }
    _, *others = leave_one_out(everything, slopes=[])
    quality = [replace(leave_one_out(way, slopes=s)[0], name=name) for name, (way, s) in ways.items()]
    families = {iso3(code): family for code, family in FAMILIES.items()}
    apart = [
        replace(leave_one_out(replace(way, groups=families), slopes=s)[0], name=name) for name, (way, s) in ways.items()
    ]
    found, quality, rows = correlations(everything), [*quality, *others], by_target(letters)
    about = {"settings": settings, "about": options.about}
    if options.predictor:
        replace(fit(letters), **about).save(options.predictor)
    new = {
        name: float(missed_of_new_sources(way, TransferPredictor.fit(way, slopes=s)).mean())
        for name, (way, s) in ways.items()
    }
    told = "\n".join(f"| {name} | {error:.1f} |" for name, error in new.items())
    new_table = f"\n| left-out branch and source, predicted by | error of F1, points |\n|---|---|\n{told}\n"
    text = table(found, quality) + CHOSEN + new_table + quality_table("left-out family", apart) + target_table(rows)
    if with_model:
        text += "\nThe same with a model's estimated F1:\n" + target_table(by_target(with_model))
        if options.with_model:
            replace(fit(with_model), **about).save(options.with_model)
    result = {
        "transfers": everything.as_dict(),
        "correlations": [c.as_dict() for c in found],
        "leave_one_branch_out": [q.as_dict() for q in quality],
        "leave_one_family_out": [q.as_dict() for q in apart],
        "left_out_branch_and_source": new,
        "targets": rows,
    }
    write_results(options.results, "transferability", result, text + draw(letters, found, options.results))


def estimates(path: Path) -> dict[str, float]:
    """Language -> F1 estimated without labels of the teacher, by a correction fitted on other branches."""
    made = json.loads(path.read_text("utf-8"))
    said = next(way["estimates"] for way in made["leave_one_group_out"] if way["way"] == ESTIMATED_BY)
    out: dict[str, float] = {}
    for row, value in zip(made["rows"], said, strict=True):
        if row["model"] == made["rows"][0]["model"]:
            out.setdefault(iso3(row["target"]), value)  # the first test set of a language is that of the transfers
    return out


def measured(options: Any, settings: dict[str, Any]) -> Transfers:
    """The table with what the measures say, made or read from the last result."""
    branches = {iso3(code): branch for code, branch in BRANCHES.items()}
    if options.again:
        last = json.loads((options.results / "transferability.json").read_text("utf-8"))
        return replace(Transfers.from_dict(last["transfers"]), groups=branches)
    place = options.f1 or options.results / "matrix.csv"
    patterns = options.text or [str(options.work / f"matrix-{{language}}{end}") for end in (".txt", ".iob2")]
    free = ["lexical", "embedding:centroid", "embedding:mmd", "embedding:isospectral", "language-id", "typology"]
    texts = {code: text_of(written, patterns) for code, written in spellings(place).items()}
    compared = similarity(texts, measures=options.measure or free, **settings)
    return replace(Transfers.of(compared.matrices, read_f1(place)), groups=branches)


if __name__ == "__main__":
    main()
