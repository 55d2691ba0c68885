"""Which similarity measure predicts a transfer: correlations, and predictions for targets that were left out.

Takes F1 values that were measured elsewhere, and raw text of the languages; labels of the text are not looked at.

    python benchmarks/transferability.py --f1 matrix.csv --text 'FOLDER/{language}/train.txt' --predictor predictor.json

`matrix.csv` has the columns source, target and f1 (a fraction); `{language}` becomes the ISO 639-3 code, and --text
may come several times: the first file that exists is taken.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from common import parser, write_results
from xlner.api.similarity import similarity
from xlner.similarity.correlation import Correlation
from xlner.similarity.transferability import Quality, Transfers, correlations, fit, leave_one_out, read_f1


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
    lines += ["", "| left-out target, predicted by | error of F1, points | regret, points | top 1 | top 3 |"]
    lines += ["|---|---|---|---|---|"]
    lines += [f"| {q.name} | {q.mean_abs_error:.1f} | {q.regret:.1f} | {q.top1:.0%} | {q.top3:.0%} |" for q in quality]
    return "\n".join(lines) + "\n"


def _told(c: Correlation) -> str:
    if c.value != c.value:
        return "n/a"
    span = "" if c.interval is None else f" ({c.interval.low:.2f} to {c.interval.high:.2f})"
    return f"{c.value:.2f}{span}"


def main() -> None:
    made = parser("Correlations of similarity measures with F1, and leave-one-target-out prediction.")
    made.add_argument("--f1", type=Path, required=True, help="CSV with the columns source, target and f1")
    made.add_argument("--text", action="append", required=True, help="path with {language} in it")
    made.add_argument("--measure", action="append", default=[], help="default: every one that needs no bitext")
    made.add_argument("--encoder", default="embedded")
    made.add_argument("--sentences", type=int, default=2000)
    made.add_argument("--predictor", type=Path, help="write the regression there")
    made.add_argument("--about", default="", help="a sentence for the predictor: encoder, task, training budget")
    options = made.parse_args()
    f1 = read_f1(options.f1)
    languages = dict.fromkeys(code for pair in f1 for code in pair)
    free = ["lexical", "embedding:centroid", "embedding:mmd", "embedding:isospectral", "language-id", "typology"]
    settings = {"encoder": options.encoder, "layer": None, "max_sentences": options.sentences}
    texts = {code: text_of(code, options.text) for code in languages}
    compared = similarity(texts, measures=options.measure or free, **settings)
    transfers = Transfers.of(compared.matrices, f1)
    found, quality = correlations(transfers), leave_one_out(transfers)
    if options.predictor:
        replace(fit(transfers), settings=settings, about=options.about).save(options.predictor)
    result = {
        "transfers": transfers.as_dict(),
        "correlations": [c.as_dict() for c in found],
        "leave_one_target_out": [q.as_dict() for q in quality],
    }
    write_results(options.results, "transferability", result, table(found, quality))


if __name__ == "__main__":
    main()
