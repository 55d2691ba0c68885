"""How far equal words should be labelled alike: answers of models that do not know the language, evened out.

An English model on Danish, Swedish and Portuguese (Universal NER, training and dev text, the first --sentences), and
the model of many languages that `benchmarks/masakhaner.py` trains for Bambara, Hausa, Mossi and Swahili on their dev
text. Nothing is trained here; `--tagger` and `--many` are runs of `benchmarks/settings.py` and `masakhaner.py`.

    python benchmarks/label_consistency.py --tagger RUN --many RUN
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from common import parser, write_results
from settings import LANGUAGES
from xlner.core.labels import LabelSet
from xlner.core.types import Sentence
from xlner.data import load
from xlner.evaluate import score
from xlner.tagger import Tagger
from xlner.tagger.decode import decode
from xlner.tagger.label_consistency import smoothed

LABELS = LabelSet(("LOC", "ORG", "PER"))
MAPPING = {"MISC": "O", "DATE": "O", "OTH": "O"}
AFRICAN = ("bam", "hau", "mos", "swa")
STRENGTHS = (0.0, 0.3, 0.5, 0.7, 0.85, 1.0)


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--tagger", required=True, help="trained on English")
    options.add_argument("--many", required=True, help="trained on many African languages, but not on these")
    options.add_argument("--sentences", type=int, default=3500)
    args = options.parse_args()
    european = {c: args.data / "uner" / f"{name}-ud-{{}}.iob2" for c, name in LANGUAGES.items()}
    african = {c: args.data / "masakhaner2" / c / "{}.txt" for c in AFRICAN}
    rows = {c: row(args.tagger, texts(p, ("train", "dev"), args.sentences)) for c, p in european.items()}
    rows |= {c: row(args.many, texts(p, ("dev",), args.sentences)) for c, p in african.items()}
    write_results(args.results, "label_consistency", {"strengths": STRENGTHS, "rows": rows}, table(rows))


def texts(path: Path, parts: Sequence[str], limit: int) -> list[Sentence]:
    files = [Path(str(path).format(part)) for part in parts]
    return list(chain.from_iterable(load(f, mapping=MAPPING).sentences for f in files if f.is_file()))[:limit]


def row(run: str, gold: list[Sentence]) -> list[dict[str, float]]:
    """Scores of one language, per strength."""
    said = Tagger.load(run, mapping=MAPPING, labels=LABELS).probabilities(gold)
    return [scores(gold, next(iter(smoothed([(gold, said)], s)))[1]) for s in STRENGTHS]


def scores(gold: list[Sentence], beliefs: Sequence[np.ndarray]) -> dict[str, float]:
    found = [replace(s, spans=decode(b, LABELS)) for s, b in zip(gold, beliefs, strict=True)]
    made = score(gold, found)
    return {"precision": made.precision, "recall": made.recall, "f1": made.f1}


def table(rows: dict[str, list[dict[str, float]]]) -> str:
    lines = [
        "# How far equal words should be labelled alike",
        "",
        "Precision, recall and F1 of models on languages that they were not trained on, by `--label-consistency`.",
        "",
        "| text | " + " | ".join(f"{s:g}" for s in STRENGTHS) + " |",
        "|---" * (1 + len(STRENGTHS)) + "|",
    ]
    for name, made in rows.items():
        cells = [f"{100 * m['precision']:.1f} / {100 * m['recall']:.1f} / {100 * m['f1']:.1f}" for m in made]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    for name, members in (("mean F1, European", LANGUAGES), ("mean F1, African", AFRICAN)):
        means = np.mean([[m["f1"] for m in rows[c]] for c in members], axis=0)
        lines.append(f"| {name} | " + " | ".join(f"{100 * m:.2f}" for m in means) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
