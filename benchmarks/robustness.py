"""How much F1 each method loses on perturbed tests: lower case, typos, no diacritics, OCR noise, long sentences.

Reads runs that other benchmarks left in --work and trains nothing: the English teacher ("direct"), distillation, and
what else `bitext_conll.py` made of Spanish or German. Every model is scored on the whole CoNLL test file, as it is and
changed in each way (`xlner evaluate --perturb`, one seed of chance). A loss of a method is set against that of
direct transfer on the same changed sentences: the interval is a paired bootstrap over sentences of the difference of
the two F1 on the changed test.

    python benchmarks/robustness.py --target es
    python benchmarks/robustness.py --target es --changes code-switching --dictionary es-en.txt
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bitext_conll import ARMS, place
from common import measured, parser, write_results
from xlner.augment.augmenter import Perturbation
from xlner.data import load
from xlner.evaluate import compare, score
from xlner.tagger import Tagger

CHANGES = ("lower-case", "no-diacritics", "typos", "ocr-noise", "longer-sentences", "code-switching")


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--target", default="es", choices=("es", "de"))
    options.add_argument("--pairs", type=int, default=6000, help="of the runs of bitext_conll.py")
    options.add_argument("--changes", nargs="+", default=CHANGES, choices=CHANGES)
    options.add_argument("--dictionary", type=Path, help="for code-switching, from the target to another language")
    options.add_argument("--sentences", type=int, default=0, help="of the test, from its start; 0 for all")
    args = options.parse_args()
    gold = args.data / "conll" / args.target / "test.txt"
    models = {"direct": args.work / "conll-teacher-1"}
    models |= {arm: place(args.work, args.target, 1, arm, args.pairs) for arm in ARMS}
    models = {name: run for name, run in models.items() if measured(run)}
    changes = [c for c in args.changes if c != "code-switching" or args.dictionary]
    rows = []
    for change in ("none", *changes):
        rows += scored(models, gold, change, args)
        print(json.dumps({r["method"]: round(r["f1"], 4) for r in rows if r["change"] == change}), change, flush=True)
    result = {"target": args.target, "sentences": args.sentences, "rows": rows}
    write_results(args.results, f"robustness_{args.target}", result, table(rows, args.target))


def scored(models: dict[str, Path], gold: Path, change: str, args: Any) -> list[dict[str, Any]]:
    """F1 of each model on the changed test, and its difference from direct transfer there."""
    sentences = load(gold).sentences
    if args.sentences:
        sentences = sentences[: args.sentences]
    if change != "none":
        chosen = {change: {"dictionary": [str(args.dictionary)]} if change == "code-switching" else {}}
        sentences = Perturbation(chosen, seed=1)(sentences)
    rows, direct = [], None
    for name, run in models.items():
        predicted = list(Tagger.load(run).predict(sentences))
        scores = score(sentences, predicted)
        direct = scores if direct is None else direct
        row: dict[str, Any] = {"change": change, "method": name, "f1": scores.f1}
        if name != "direct":
            difference = compare(scores, direct)
            row |= {"less_direct": difference.difference, "interval": difference.interval.as_dict(),
                    "p": difference.p_value}  # fmt: skip
        rows.append(row)
    return rows


def table(rows: list[dict[str, Any]], target: str) -> str:
    clean = {r["method"]: r["f1"] for r in rows if r["change"] == "none"}
    lines = [
        f"# F1 on perturbed tests, {target}",
        "",
        "Strict span F1 on the whole CoNLL test file, one seed. Lost: less the F1 of the same model on the test as it "
        "is. Less direct: on the same changed sentences, with the 95 % interval of a paired bootstrap over sentences "
        "and the p of a randomisation test, not corrected.",
        "",
        "| change | method | F1 | lost | less direct | p |",
        "|---|---|---|---|---|---|",
    ]
    for r in rows:
        cells = [r["change"], r["method"], f"{100 * r['f1']:.2f}", f"{100 * (clean[r['method']] - r['f1']):.2f}"]
        if "p" in r:
            low, high = (100 * r["interval"][k] for k in ("low", "high"))
            cells += [f"{100 * r['less_direct']:+.2f} [{low:+.2f}, {high:+.2f}]", f"{r['p']:.4f}"]
        lines.append("| " + " | ".join([*cells, *[""] * (6 - len(cells))]) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
