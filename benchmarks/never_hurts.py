"""Whether a student loses against its teacher, on many languages and little raw text; worst first.

One English teacher (`benchmarks/conll.py`), and per target a student of the first raw words of its training file, with
the package's settings. Scored on the dev files: the teacher, the teacher's answers with equal words alike (raw and dev
text together), the student, and what `keep auto` makes of teacher and student.
Danish, Swedish and Portuguese are the languages that settings were chosen on.

    python benchmarks/never_hurts.py --targets hau yor --words 1000 10000
    python benchmarks/never_hurts.py --finished       # the table of the runs that there are
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from common import beginning, parser, write_results
from settings import LANGUAGES
from xlner.api.transfer import transfer
from xlner.core.labels import LabelSet
from xlner.core.types import Sentence
from xlner.data import load
from xlner.evaluate import score
from xlner.methods.keep import SHARES, keep
from xlner.methods.soft_labels import SoftLabelChunks
from xlner.methods.weights import TeacherWeights
from xlner.tagger import Tagger
from xlner.tagger.decode import decode
from xlner.tagger.label_consistency import smoothed

CHOSEN_ON = tuple(LANGUAGES)
CONLL = ("es", "nl", "de")
AFRICAN = ("hau", "yor", "swa", "lug", "twi", "kin", "sna", "luo")
TARGETS = (*CHOSEN_ON, *CONLL, *AFRICAN)
STRENGTH = 0.7
FEWEST = 100  # entities of a row that counts
FAR = {"MISC": "O", "DATE": "O", "OTH": "O"}  # types that only one side has


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--teacher", default="conll-teacher-1", help="a run in --work")
    options.add_argument("--targets", nargs="+", default=TARGETS, choices=TARGETS)
    options.add_argument("--words", type=int, nargs="+", default=[1_000, 10_000, 30_000], help="of raw text")
    options.add_argument("--dev-words", type=int, default=0, help="of each dev file, from its beginning; 0 for all")
    options.add_argument("--finished", action="store_true", help="start nothing, show what is finished")
    args = options.parse_args()
    teacher = args.work / args.teacher
    rows: list[dict[str, Any]] = []
    for target in args.targets:
        for words in args.words:
            folder = args.work / f"never-hurts-{target}-{words}"
            place = folder.with_name(f"{folder.name}.{args.dev_words or 'all'}.scores.json")
            if not place.is_file() and not args.finished:
                place.write_text(json.dumps(row(teacher, target, words, args.data, folder, args.dev_words)), "utf-8")
            if place.is_file():
                rows.append({"target": target, "words": words, **json.loads(place.read_text("utf-8"))})
                print(rows[-1], flush=True)
    write_results(args.results, "never_hurts", {"rows": rows, "dev_words": args.dev_words}, table(rows, args.dev_words))


def files(target: str, data: Path) -> tuple[Path, Path]:
    """Raw text and dev file."""
    if target in LANGUAGES:
        train, dev = (data / "uner" / f"{LANGUAGES[target]}-ud-{part}.iob2" for part in ("train", "dev"))
        return train, dev
    folder = data / ("conll" if target in CONLL else "masakhaner2") / target
    return folder / "train.txt", folder / "dev.txt"


def row(teacher: Path, target: str, words: int, data: Path, folder: Path, dev_words: int) -> dict[str, Any]:
    """F1 of the systems on dev text, in percent, and what was kept by which figures."""
    train, dev = files(target, data)
    mapping = {} if target in CONLL else FAR
    raw = beginning(train, words, folder.with_name(f"{folder.name}.raw.txt"))
    if dev_words:
        dev = beginning(dev, dev_words, folder.with_name(f"{folder.name}.dev.txt"))
    gold = load(dev, mapping=mapping).sentences
    settings = {"keep": "student", "label_consistency": STRENGTH}
    made = transfer([("en", str(teacher))], (target, str(raw)), folder, options=settings, mapping=mapping)
    student, labels = made.tagger, made.tagger.labels
    start = Tagger.load(teacher, mapping=mapping, labels=labels)
    first = start if start.has_matching_head else start.with_matching_head()
    direct = list(start.probabilities(gold))
    text = [s for s in load(raw, mapping=mapping).sentences if s.words]
    scores = {
        "teacher": f1(labels, gold, direct),
        "smoothed": f1(labels, gold, smoothed_beside(text, folder, gold, direct)),
        "student": f1(labels, gold, student.probabilities(gold)),
    }
    sizes = json.loads((folder / "soft_labels" / "1-en" / "index.json").read_text("utf-8"))["sizes"]
    chunks = SoftLabelChunks(
        [folder / "soft_labels" / "1-en"], TeacherWeights.uniform(1), [start.outputs.known], labels, student.words,
        sizes, consistency=STRENGTH,
    )  # fmt: skip
    losses = keep(first, student, chunks, how="auto")
    kept = next(iter(losses))
    known = scores["student"] if kept == "student" else f1(labels, gold, student.probabilities(gold))
    entities = sum(len(s.spans) for s in gold)
    return {**scores, "kept": known, "keeps": kept, "cross_entropy": losses, "entities": entities}


def smoothed_beside(
    text: Sequence[Sentence], run: Path, gold: Sequence[Sentence], direct: Sequence[np.ndarray]
) -> Sequence[np.ndarray]:
    """Probabilities of the words of `gold`, smoothed over them and the raw text of a run."""
    chunks = (load_file(p)["probabilities"] for p in sorted((run / "soft_labels" / "1-en").glob("*.safetensors")))
    rows = np.split(np.concatenate(list(chunks)).astype(np.float32), np.cumsum([len(s.words) for s in text])[:-1])
    *_, (_, answers) = smoothed([(text, rows), (gold, direct)], STRENGTH)
    return answers


def f1(labels: LabelSet, gold: Sequence[Sentence], probabilities: Iterable[np.ndarray]) -> float:
    answers = [s.with_spans(decode(rows, labels)) for s, rows in zip(gold, probabilities, strict=True)]
    return 100 * score(gold, answers).f1


def table(rows: Sequence[dict[str, Any]], dev_words: int) -> str:
    """The worst kept model first."""
    lines = [
        "# Does a student hurt?",
        "",
        f"Strict span F1 on {dev_words or 'all'} words of each dev file, one seed. Student: trained from the teacher "
        "on its soft labels, smoothed over equal words. Kept: what `--keep auto`, the default, takes of teacher, "
        "student and the average of their weights: whose answers on raw text have the lowest cross-entropy (CE) with "
        f"the smoothed soft labels. No label has a say in it. Weights in smoothing were chosen on "
        f"{', '.join(CHOSEN_ON)}; the choice of what is kept was designed with scores of Hausa and Yoruba dev text "
        "known, and so were rate and passes on "
        "little text.",
        "",
        "| target | raw words | entities | teacher | smoothed answers | student | kept | student - teacher "
        "| kept - teacher | keeps | CE of teacher, average, student |",
        "|---" * 11 + "|",
    ]
    for r in sorted(rows, key=lambda r: r["kept"] - r["teacher"]):
        cells = [r["target"], f"{r['words']:,}", r["entities"]]
        cells += [f"{r[k]:.1f}" for k in ("teacher", "smoothed", "student", "kept")]
        cells += [f"{r[k] - r['teacher']:+.1f}" for k in ("student", "kept")]
        cells += [r["keeps"], ", ".join(f"{r['cross_entropy'][name]:.4f}" for name in SHARES)]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    many = [r for r in rows if r["entities"] >= FEWEST]
    means = {k: np.mean([r[k] - r["teacher"] for r in many]) for k in ("smoothed", "student", "kept")}
    lines += [
        "",
        f"Mean gain over the teacher, {len(many)} rows: " + ", ".join(f"{k} {v:+.2f}" for k, v in means.items()) + ". "
        f"Rows with fewer than {FEWEST} entities say next to nothing, and are not in it.",
        "A teacher that is kept has a head without the types that are mapped to O, so it is not quite the teacher.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
