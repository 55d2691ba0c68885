"""Words as tokenizers take them one by one, and as in running text: scripts without spaces, names glued to prefixes.

Retrieval of translations in NTREX needs no labels; F1 of an English teacher shows what it is worth, and with --many
that of a model of many languages without Shona (`benchmarks/masakhaner.py` leaves one). For scripts without spaces,
retrieval decided. Prefixes were noticed in the errors on Shona's test.

    python benchmarks/running_text.py --tagger RUN --many RUN
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import xlner.align.subwords
import xlner.tagger.encode
from common import parser, write_results
from targets import three_types
from xlner.data import load, stream_text
from xlner.encoder.words import Pieces, word_pieces
from xlner.evaluate import score
from xlner.similarity import SentenceEncoder
from xlner.tagger import Tagger

RETRIEVAL = {"zho": "zho-CN", "tha": "tha", "sna": "sna-Latn", "xho": "xho", "zul": "zul"}
SHONA = "masakhaner2/sna/test.txt"
NER = {
    "zho, GSD dev": "uner/zh_gsdsimp-ud-dev.iob2",
    "zho, PUD": "uner/zh_pud-ud-test.iob2",
    "zho, MSRA": "other_ner/zh_msra/test.txt",
    "tha, ThaiNER": "other_ner/th_thainer/data_1.1.conll",
    "sna, MasakhaNER 2": SHONA,
}
MAPPING = {"MISC": "O", "DATE": "O"}


def one_by_one(tokenizer: Any, words: Sequence[str]) -> list[Pieces]:
    """What `word_pieces` does for most words, for all of them."""
    if not words:
        return []
    made = tokenizer([[w] for w in words], is_split_into_words=True, add_special_tokens=False)["input_ids"]
    return [Pieces(list(ids), 0) for ids in made]


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--tagger", required=True, help="English NER model")
    options.add_argument("--many", help="a model of many languages without Shona")
    options.add_argument("--sentences", type=int, default=250)
    args = options.parse_args()
    found: dict[str, dict[str, float]] = {}
    for way, function in (("one by one", one_by_one), ("running text", word_pieces)):
        for module in (xlner.align.subwords, xlner.tagger.encode):
            module.word_pieces = function  # type: ignore[attr-defined]
        rows = {f"{code}, retrieval from English": retrieval(args, name) for code, name in RETRIEVAL.items()}
        rows |= {f"{name}, F1": f1(args, args.tagger, path) for name, path in NER.items()}
        if args.many:
            rows["sna, MasakhaNER 2, F1 of the model of many languages"] = f1(args, args.many, SHONA)
        for name, value in rows.items():
            found.setdefault(name, {})[way] = value
    lines = ["# Words as in running text", ""]
    lines += [f"The first {args.sentences} sentences of each text; types PER, ORG, LOC. Percent.", ""]
    lines += ["| | words one by one | as in running text |", "|---|---|---|"]
    lines += [f"| {name} | {row['one by one']:.1f} | {row['running text']:.1f} |" for name, row in found.items()]
    write_results(args.results, "running_text", {"sentences": args.sentences, "percent": found}, "\n".join(lines))


def retrieval(args: Any, name: str) -> float:
    """Share of sentences whose nearest neighbour on the other side is their translation, mean of both directions."""
    folder = args.data / "bitext" / "ntrex"
    x, y = (vectors(folder / f"{side}.txt", args.sentences) for side in ("eng", name))
    cosines, right = x @ y.T, np.arange(len(x))
    return 50 * float((cosines.argmax(1) == right).mean() + (cosines.argmax(0) == right).mean())


def vectors(path: Path, sentences: int) -> np.ndarray:
    text = stream_text(path, language=path.stem[:3], split_lines=False)
    made = SentenceEncoder().vectors([s.words for s in islice(text, sentences)], whole=True)
    centred: np.ndarray = made - made.mean(0)
    return centred / np.linalg.norm(centred, axis=1, keepdims=True)


def f1(args: Any, tagger: str, path: str) -> float:
    gold = [three_types(s) for s in load(args.data / path).sentences[: args.sentences]]
    return 100 * score(gold, list(Tagger.load(tagger, mapping=MAPPING).predict(gold))).f1


if __name__ == "__main__":
    main()
