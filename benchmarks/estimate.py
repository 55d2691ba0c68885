"""How far estimates of F1 without labels are from the truth: with temperature, without, and corrected.

Without --list, the first English teacher of `benchmarks/conll.py` is tried on the beginning of every labelled target,
and the students that `benchmarks/never_hurts.py` made of it: on dev text, and on the start of the raw text that they
learnt from. Where there is a second teacher, it agrees with the first or not. Gold is used for the truth alone. What is
fitted, is fitted without the branch of the language.

    python benchmarks/estimate.py --sentences 600 --feature expected_f1 --feature distilled --feature learnt \\
        --feature entropy --feature unsure --feature uncased --estimator src/xlner/evaluate/estimator.json
    python benchmarks/estimate.py --again --feature ...        # the same from the rows of the last result
    python benchmarks/estimate.py --list models.csv --estimator estimator.json

A list is CSV or JSON. Columns: `model` (run or model folder), `target` (language), `gold` (labelled file), `calibrate`
(labelled source data that the model was not trained on); optional `text` (what the estimate looks at; default: the
words of gold), `also` (further models) and `map` (OLD=NEW), several with ";" between them in CSV; `group`, such as a
branch of a family. Any other column is a feature, a number, such as the closeness of the languages. Rows of one group,
or else of one target, are left out together.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from common import commit, parser, write_results
from targets import BRANCHES, FAMILIES, TARGETS, gold_of, three_types
from xlner.api.estimate import estimate
from xlner.core.labels import parse_map
from xlner.core.languages import iso3
from xlner.data import load, write
from xlner.evaluate import Estimator, Observed, leave_one_target_out, score, tempered
from xlner.evaluate.clues import DISTILLED, ENTROPY, LEARNT, UNCASED, UNSURE
from xlner.evaluate.estimate import span_probability_calibration
from xlner.evaluate.estimator import AGREEMENT, CALIBRATED, EXPECTED
from xlner.evaluate.ridge import width90
from xlner.tagger import Tagger
from xlner.tagger.decode import decode

NEEDED, OPTIONAL = ("model", "target", "gold", "calibrate"), ("text", "also", "map", "group")
CLUES = (DISTILLED, LEARNT, ENTROPY, UNSURE, UNCASED)
OTHERS = "mean F1 of the other targets"
_CALIBRATED_ON, _LEARNT_FROM = 300, 300  # sentences of English dev, and of the raw text of a student
CONLL = ("es", "nl", "de")
_OTHERS = ("bitext-conll-*-bitext-*000", "bitext-conll-*-two-teachers-*000", "strong-*-1")  # bitext_conll.py, strong.py


def read_list(path: Path) -> list[dict[str, Any]]:
    """Rows with `also` and `map` as lists, and "features" as numbers by name."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        given = json.load(stream) if path.suffix == ".json" else list(csv.DictReader(stream))
    rows = []
    for number, row in enumerate(given, 1):
        if lacking := [n for n in NEEDED if not row.get(n)]:
            raise SystemExit(f"{path}: row {number} has no {lacking[0]}; wanted: {', '.join(NEEDED)}")
        made = {n: row[n] for n in NEEDED} | {"text": row.get("text") or row["gold"]}
        made["group"] = row.get("group") or row["target"]
        for name in ("also", "map"):
            value = row.get(name) or []
            made[name] = [v for v in value.split(";") if v] if isinstance(value, str) else value
        known = {*NEEDED, *OPTIONAL}
        made["features"] = {n: float(v) for n, v in row.items() if n not in known and v not in (None, "")}
        rows.append(made)
    return rows


def every_target(args: Any) -> list[dict[str, Any]]:
    """Rows for the English teacher on every labelled target, and for its students."""
    teacher, other = (args.work / f"conll-teacher-{seed}" for seed in (1, 2))
    dev = args.work / "estimate-dev.conll"
    write(dev, map(three_types, load(args.data / "conll" / "en" / "dev.txt").sentences[:_CALIBRATED_ON]))
    shared = {"calibrate": str(dev), "also": [str(other)] if other.is_dir() else [], "features": {}}
    rows = []
    for name, (language, _) in TARGETS.items():
        row = {"model": str(teacher), "target": language, "gold": str(gold_of(args, name, args.sentences))}
        rows.append({**shared, **row, "map": ["MISC=O"]})
    for words in args.students:
        for scores in sorted(args.work.glob(f"never-hurts-*-{words}.scores.json")):
            name = scores.name.removesuffix(".scores.json")
            row = {"model": str(args.work / name), "target": iso3(name.split("-")[2]), "also": []}
            row |= {"map": ["MISC=O", "DATE=O", "OTH=O"]}
            rows.append({**shared, **row, "gold": str(args.work / f"{name}.dev.txt")})
            rows.append({**shared, **row, "gold": str(args.work / f"{name}.raw.txt"), "sentences": _LEARNT_FROM})
    for code in CONLL:
        rows += of_conll(args.work / f"conll-{code}-1-consistent", shared, args)
    return [{"text": row["gold"], "group": BRANCHES[row["target"]], **row} for row in rows]


def other_models(args: Any) -> list[dict[str, Any]]:
    """Rows for models that learnt from several teachers or from projected labels: nothing is fitted on them."""
    shared = {"calibrate": str(args.work / "estimate-dev.conll"), "also": [], "features": {}}
    places = [p for arm in _OTHERS for p in sorted(args.work.glob(arm))]
    return [row for place in places for row in of_conll(place, shared, args)]


def of_conll(place: Path, shared: dict[str, Any], args: Any) -> list[dict[str, Any]]:
    """Two rows for a run whose raw text was a CoNLL training file: on the test file, and on sentences of that file."""
    if not place.is_dir():
        return []
    code = next(part for part in place.name.split("-") if part in CONLL)
    row = {**shared, "model": str(place), "target": iso3(code), "also": [], "map": ["MISC=O"]}
    row["group"] = BRANCHES[row["target"]]
    test, train = (str(args.data / "conll" / code / f"{part}.txt") for part in ("test", "train"))
    return [
        {**row, "gold": test, "text": test, "sentences": args.sentences},
        {**row, "gold": train, "text": train, "sentences": _LEARNT_FROM},
    ]


def measure(row: dict[str, Any]) -> dict[str, Any]:
    """The estimate for a row, the true F1, and the calibration error on the target itself."""
    mapping = parse_map(row["map"])
    read = {"mapping": mapping, "sentences": row.get("sentences")}
    made = estimate(row["model"], row["text"], calibrate=row["calibrate"], also=row["also"], **read)
    tagger = Tagger.load(row["model"], mapping=mapping)
    gold, types = load(row["gold"], mapping=mapping).sentences[: read["sentences"]], tagger.labels.types
    chances = tagger.probabilities(gold)
    found = [s.with_spans(decode(p, tagger.labels)) for s, p in zip(gold, chances, strict=True)]
    before, after = (
        span_probability_calibration(gold, found, [tempered(p, t) for p in chances], types).ece
        for t in (1.0, made.temperature)
    )
    truth = score(gold, found)
    return {
        "target": row["target"],
        "group": row["group"],
        "model": Path(row["model"]).name,
        "text_name": Path(row["text"]).name,
        "f1": truth.f1,
        "precision": truth.precision,
        "recall": truth.recall,
        "features": {**row["features"], **made.features},
        "ece_target_before": before,
        "ece_target_after": after,
        **{k: v for k, v in made.as_dict().items() if k not in ("features", "agreements")},
    }


def remembering(probabilities: Callable[..., list[np.ndarray]]) -> Callable[..., list[np.ndarray]]:
    """`Tagger.probabilities`, which the estimate and the truth ask for the same; a model is known by its head."""
    said: dict[Any, list[np.ndarray]] = {}

    def remembered(tagger: Any, sentences: Sequence[Any]) -> list[np.ndarray]:
        key = (
            float(tagger.model.classifier.weight.detach().sum()),
            tagger.labels.tags,
            tuple(s.words for s in sentences),
        )
        if key not in said:
            said[key] = probabilities(tagger, sentences)
        return said[key]

    return remembered


def kept(row: dict[str, Any], folder: Path) -> dict[str, Any]:
    """`measure`, or what it gave for the same row before, at the same commit."""
    told = json.dumps({**row, "commit": commit()}, sort_keys=True)
    place = folder / f"{hashlib.sha256(told.encode()).hexdigest()[:16]}.json"
    if not place.is_file():
        made = json.dumps(measure(row))
        folder.mkdir(parents=True, exist_ok=True)
        place.write_text(made, "utf-8")
    return json.loads(place.read_text("utf-8"))


def observed(rows: Sequence[dict[str, Any]], features: Sequence[str]) -> Observed:
    """The table that an estimator is fitted on."""
    values = np.array([[r["features"][n] for n in features] for r in rows], np.float64)
    targets, groups = tuple(iso3(r["target"]) for r in rows), tuple(r["group"] for r in rows)
    return Observed(targets, tuple(features), values, np.array([r["f1"] for r in rows]), groups)


def shared(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Features that every row has, expected F1 first."""
    names = dict.fromkeys([EXPECTED, CALIBRATED, AGREEMENT, *(n for r in rows for n in r["features"])])
    return [n for n in names if all(n in r["features"] for r in rows)]


def errors(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """How far each way of estimating is off, in F1 points; what is fitted, is fitted without the target."""
    f1 = np.array([r["f1"] for r in rows])
    groups = np.array([r["group"] for r in rows])
    features = shared(rows)
    apart: dict[str, np.ndarray] = {}
    said = {
        "expected F1": observed(rows, [EXPECTED]).base,
        "expected F1, temperature": observed(rows, [CALIBRATED]).base,
    }
    if AGREEMENT in features:
        said["agreement"] = np.array([r["features"][AGREEMENT] for r in rows])
    if len(set(groups)) >= 3:
        said[OTHERS] = np.array([f1[groups != g].mean() for g in groups])
        more = [n for n in features if n not in (EXPECTED, CALIBRATED, *CLUES)]
        tried = [[EXPECTED], [CALIBRATED], [CALIBRATED, AGREEMENT], [CALIBRATED, *more]]
        tried += [[EXPECTED, *CLUES[:n]] for n in range(1, len(CLUES) + 1)] + [[CALIBRATED, *CLUES]]
        for names in dict.fromkeys(tuple(t) for t in tried if set(t) <= set(features)):
            table = observed(rows, names)
            said[f"regression on {', '.join(names)}"] = leave_one_target_out(table)
            families = tuple(FAMILIES.get(t, t) for t in table.targets)
            if len(set(families)) >= 3:
                apart[f"regression on {', '.join(names)}"] = leave_one_target_out(replace(table, groups=families))
    return [
        {
            "way": way,
            **_errors(value, f1),
            "bias": float((value - f1).mean()) * 100,
            "estimates": value.tolist(),
            "families_left_out": _errors(apart[way], f1) if way in apart else None,
        }
        for way, value in said.items()
    ]


def _errors(said: np.ndarray, f1: np.ndarray) -> dict[str, float]:
    missed = 100 * np.abs(said - f1)
    return {"mean_abs_error": float(missed.mean()), "width90": width90(missed)}


def table(rows: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]], blind: Sequence[dict[str, Any]]) -> str:
    """Markdown: errors by way of estimating, then one row per model and target."""
    n_targets, n_groups = len({iso3(r["target"]) for r in rows}), len({r["group"] for r in rows})
    lines = [
        "# F1 estimated without labels",
        "",
        f"{len(rows)} models and texts, {n_targets} targets; all in F1 points. What is fitted, is fitted without the "
        f"target it is tried on and without all others of its group, {n_groups} groups (branches of language families, "
        "if it says nothing else). Bias above 0: the estimate is too high. Without --list the features entropy, unsure "
        "and uncased were chosen among some twenty on these targets, and the width of the kernel among five, so errors "
        "elsewhere will be larger.",
        "",
        "| estimate | mean absolute error | bias | 90% of errors within | of other models "
        "| of students on other text | of students on their raw text | whole families left out |",
        "|---" * 8 + "|",
    ]
    learnt = np.array([bool(r["features"].get(LEARNT)) for r in rows])
    student = np.array([bool(r["features"].get(DISTILLED)) for r in rows]) & ~learnt
    truth = np.array([r["f1"] for r in rows])
    for e in found:
        missed = 100 * np.abs(np.array(e["estimates"]) - truth)
        cells = [e["way"], f"{e['mean_abs_error']:.1f}", f"{e['bias']:+.1f}", f"{e['width90']:.1f}"]
        for some in (missed[~student & ~learnt], missed[student], missed[learnt]):
            cells.append(f"{some.mean():.1f} ({len(some)})" if len(some) else "")
        apart = e["families_left_out"]
        cells.append("" if apart is None else f"{apart['mean_abs_error']:.1f}, 90% within {apart['width90']:.1f}")
        lines.append("| " + " | ".join(cells) + " |")
    if n_groups < 3:
        lines += ["", "Too few targets to leave one out: three are needed."]
    ways = [e["way"] for e in found if e["way"] not in (AGREEMENT, OTHERS)]
    columns = ["target", "model", "text", "true F1", *ways, "agreement", "T", "ECE source", "ECE target"]
    lines += ["", "| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    by_way = {e["way"]: e["estimates"] for e in found}
    for i, r in enumerate(rows):
        agreement = "" if r["agreement"] is None else f"{100 * r['agreement']:.1f}"
        cells = [
            r["target"],
            r["model"],
            "learnt" if r["features"].get(LEARNT) else "other",
            f"{100 * r['f1']:.1f}",
            *(f"{100 * by_way[w][i]:.1f}" for w in ways),
            agreement,
        ]
        cells += [f"{r['temperature']:.2f}"]
        cells += [f"{_points(r[f'{k}_before'])} → {_points(r[f'{k}_after'])}" for k in ("ece", "ece_target")]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "ECE: expected calibration error of predicted spans in points, before → after the temperature."]
    lines += [f"Left out, as nothing was found there: {r['model']} on {r['target']}." for r in blind]
    return "\n".join(lines) + "\n"


def others_table(rows: Sequence[dict[str, Any]], fitted: Estimator) -> str:
    """How good the estimates are for models of a kind that nothing was fitted on."""
    if not rows or not set(fitted.observed.features) <= set(rows[0]["features"]):
        return ""
    said = fitted.predict(observed(rows, fitted.observed.features))
    lines = [
        "",
        "Models that learnt from several teachers or from projected labels (bitext_conll.py, strong.py), by the "
        "estimator fitted on all rows above. Raw text was the training file:",
        "",
        "| target | model | text | true F1 | estimate | estimate - true |",
        "|---" * 6 + "|",
    ]
    for row, value in zip(rows, said, strict=True):
        cells = [
            row["target"],
            row["model"],
            f"{Path(row['text_name']).stem} file",
            f"{100 * row['f1']:.1f}",
            f"{100 * value:.1f}",
        ]
        lines.append("| " + " | ".join([*cells, f"{100 * (value - row['f1']):+.1f}"]) + " |")
    return "\n".join(lines) + "\n"


def _points(value: float | None) -> str:
    return "n/a" if value is None else f"{100 * value:.1f}"


def measured(options: Any) -> tuple[list[dict[str, Any]], ...]:
    """Models with an estimate, those that found nothing, and models of another kind."""
    given = read_list(options.list) if options.list else every_target(options)
    Tagger.probabilities = remembering(Tagger.probabilities)  # type: ignore[method-assign]
    found = [kept(row, options.work / "estimate") for row in given]
    others = [] if options.list else [kept(row, options.work / "estimate") for row in other_models(options)]
    rows, blind = ([r for r in found if (r["estimate"] is None) == none] for none in (False, True))
    return rows, blind, [r for r in others if r["estimate"] is not None]


def last(results: Path) -> tuple[list[dict[str, Any]], ...]:
    """The same from the last result."""
    made = json.loads((results / "estimate.json").read_text("utf-8"))
    return made["rows"], made["nothing_found"], made["other_models"]


def main() -> None:
    made = parser("Estimates of F1 without labels against the truth.")
    made.add_argument("--list", type=Path, help="CSV or JSON; see the head of this file")
    made.add_argument("--sentences", type=int, default=400, help="without --list: of every target")
    made.add_argument(
        "--students", type=int, nargs="*", default=[10_000, 30_000], help="without --list: words that they learnt from"
    )
    made.add_argument("--estimator", type=Path, help="write the correction, fitted on all rows, there")
    made.add_argument("--feature", action="append", default=[], help="of the correction; default: all that rows share")
    made.add_argument("--again", action="store_true", help="measure nothing, take the rows of the last result")
    options = made.parse_args()
    rows, blind, others = last(options.results) if options.again else measured(options)
    if not rows:
        raise SystemExit("no model found any entity")
    found = errors(rows)
    if options.estimator:
        features = options.feature or [n for n in shared(rows) if n != EXPECTED]
        Estimator.fit(observed(rows, features)).save(options.estimator)
    result = {"rows": rows, "nothing_found": blind, "leave_one_group_out": found, "other_models": others}
    fitted = Estimator.fit(observed(rows, options.feature or [EXPECTED]))
    write_results(options.results, "estimate", result, table(rows, found, blind) + others_table(others, fitted))


if __name__ == "__main__":
    main()
