"""Which training settings to ship: teachers and students on Danish, Swedish and Portuguese, no results of ours.

English CoNLL trains the teachers; their F1 on English dev and on dev and test text of Universal NER in the other three
(DDT, Talbanken, Bosque) is what settings are chosen by. Students see the raw words of the training files. MISC, which
Universal NER does not mark, is removed from the predictions. Equal words are labelled alike in "evened" answers. One
seed, so differences under a point mean little.

    python benchmarks/settings.py                          # everything
    python benchmarks/settings.py --only longer --languages da    # some of it; finished runs are reused
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common import f1_of, parser, run_xlner, write_results

TEACHERS = {
    "default": [],
    "fast": ["--learning-rate", "2e-4", "--epochs", "2"],
}
PLAIN = ["--label-consistency", "0"]
STUDENTS = {
    "default": [],
    "plain": PLAIN,
    "longer": [*PLAIN, "--student-from", "teacher", "--student-epochs", "3"],
    "fresh": [*PLAIN, "--student-from", "encoder"],
}
EVEN = 0.5
LANGUAGES = {"da": "da_ddt", "sv": "sv_talbanken", "pt": "pt_bosque"}
NO_MISC = {"MISC": "O"}


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--only", nargs="+", default=[], help="names of settings")
    options.add_argument("--teacher", default="default", help="whose students are trained")
    options.add_argument("--languages", nargs="+", default=list(LANGUAGES), help="only train students for these")
    args = options.parse_args()

    def wanted(name: str) -> bool:
        return not args.only or name in args.only

    rows = []
    for name, flags in TEACHERS.items():
        if not (wanted(name) or name == args.teacher):
            continue
        run = args.work / f"settings-teacher-{name}"
        english = args.data / "conll" / "en"
        made = run_xlner(["train", "--source", f"en={english / 'train.txt'}", "--gold", str(english / "dev.txt"),
                          "--output", str(run), *flags])  # fmt: skip
        row = {"part": "teacher", "settings": name, "flags": flags, "en": made["target"]["f1"]}
        rows.append({**row, "seconds": made["seconds"], **of_languages(args.data, run)})
        rows.append({**row, "part": "teacher, evened", "seconds": 0.0, **of_languages(args.data, run, EVEN)})
    for name, flags in STUDENTS.items():
        if not wanted(name):
            continue
        runs = {code: student(args, name, code, flags) for code in args.languages}
        if len(runs) < len(LANGUAGES):
            continue
        row = {"part": "student", "settings": name, "flags": flags, "en": None}
        scores = {code: made["target"]["f1"] for code, made in runs.items()}
        rows.append({**row, "seconds": sum(m["seconds"] for m in runs.values()), **scores})
        if name in ("default", "plain"):
            evened = {code: f1(args.data, run_of(args, name, code), code, EVEN) for code in runs}
            rows.append({**row, "part": "student, evened", "seconds": 0.0, **evened})
    for row in rows:
        row["mean"] = sum(row[code] for code in LANGUAGES) / len(LANGUAGES)
    if len(args.languages) == len(LANGUAGES):
        write_results(args.results, "settings", {"rows": rows}, table(rows))


def of_languages(data: Path, run: Path, consistency: float = 0.0) -> dict[str, float]:
    """F1 on the three languages."""
    return {code: f1(data, run, code, consistency) for code in LANGUAGES}


def f1(data: Path, run: Path, code: str, consistency: float) -> float:
    """F1 on one language; with `consistency` equal words of its text are labelled alike."""
    return f1_of(run, gold(data, run, code), NO_MISC, consistency)


def gold(data: Path, run: Path, code: str) -> Path:
    """Dev and test text in one file beside the runs."""
    file = run.with_name(f"gold-{code}.iob2")
    if not file.is_file():
        parts = [(data / "uner" / f"{LANGUAGES[code]}-ud-{x}.iob2").read_text("utf-8") for x in ("dev", "test")]
        file.write_text("\n".join(parts), "utf-8")
    return file


def run_of(args: Any, name: str, code: str) -> Path:
    return args.work / f"settings-student-{name}-{code}"


def student(args: Any, name: str, code: str, flags: list[str]) -> dict[str, Any]:
    """One student for one language."""
    teacher = args.work / f"settings-teacher-{args.teacher}"
    run = run_of(args, name, code)
    raw = args.data / "uner" / f"{LANGUAGES[code]}-ud-train.iob2"
    return run_xlner(["transfer", "--source", f"en={teacher}", "--target", f"{code}={raw}", "--map", "MISC=O",
                      "--gold", str(gold(args.data, run, code)), "--output", str(run), *flags])  # fmt: skip


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "# The choice of training settings",
        "",
        "F1 on English dev, and on Danish, Swedish and Portuguese dev and test text, one seed. "
        f"Evened: equal words of that text are labelled alike (--label-consistency {EVEN}).",
        "",
        "| part | settings | flags | English | Danish | Swedish | Portuguese | mean | minutes |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        flags = " ".join(r["flags"]) or "none"
        english = f"{100 * r['en']:.2f}" if r["en"] else ""
        f1 = " | ".join(f"{100 * r[k]:.2f}" for k in (*LANGUAGES, "mean"))
        lines.append(f"| {r['part']} | {r['settings']} | {flags} | {english} | {f1} | {r['seconds'] / 60:.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
