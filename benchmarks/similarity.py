"""What a similarity matrix costs: each measure on 20 languages of NTREX, which are parallel, encoding on its own line.

python benchmarks/similarity.py --data FOLDER
python benchmarks/similarity.py --data FOLDER --measure lexical --languages 4 --sentences 100
"""

from __future__ import annotations

import time

from common import parser, write_results
from xlner.data import stream_text
from xlner.similarity import SIMILARITIES, SentenceEncoder, Texts, expand

# The first file of a language, in the order of the alphabet of codes; Latin and other scripts, several families.
CODES = (
    "amh", "ces", "dan", "deu", "eng", "fin", "fra", "hau", "hin", "ibo", "ita", "nld", "pol", "por", "rus", "spa",
    "swa", "tha", "tur", "yor",
)  # fmt: skip


def main() -> None:
    made = parser("Seconds per similarity measure.")
    made.add_argument("--languages", type=int, default=len(CODES))
    made.add_argument("--sentences", type=int, default=2000)
    made.add_argument("--measure", action="append", default=[], help="default: all")
    made.add_argument("--encoder", default="embedded")
    options = made.parse_args()
    folder = options.data / "bitext" / "ntrex"
    read = {
        code: list(stream_text(folder / f"{code}.txt", language=code, split_lines=False))[: options.sentences]
        for code in CODES[: options.languages]
    }
    encoder = SentenceEncoder(options.encoder)
    texts = Texts(read, bitext=[read], encoder=encoder)
    names = expand(options.measure or ["all"])
    rows: list[tuple[str, float]] = []
    loaded = {n: SIMILARITIES.build(n) for n in names}
    started = time.perf_counter()
    if any(n.startswith(("embedding:", "language-id")) and "text" in loaded[n].needs for n in names):
        for code in texts.languages:
            texts.vectors(code)
        rows.append(("encoding, once for all", time.perf_counter() - started))
    for n in names:
        start = time.perf_counter()
        loaded[n].matrix(texts)
        rows.append((n, time.perf_counter() - start))
    rows.append(("all", time.perf_counter() - started))
    lines = [f"| {len(read)} languages, {options.sentences} sentences each | seconds |", "|---|---|"]
    lines += [f"| {name} | {seconds:.1f} |" for name, seconds in rows]
    if {"embedding:cka", "embedding:retrieval"} & set(names):
        lines += ["", "The first measure on bitext also encodes it, in whole sentences."]
    result = {"languages": list(read), "sentences": options.sentences, "seconds": dict(rows)}
    write_results(options.results, "similarity_speed", result, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
