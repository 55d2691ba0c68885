"""`xlner demo` as a function: the main job on what the package carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xlner.api.transfer import TransferResult, train, transfer
from xlner.core.languages import iso3
from xlner.data.demo import LANGUAGES, demo_file
from xlner.errors import UsageError

# A corpus of a few hundred sentences wants small batches and many passes.
TEACHER = {"epochs": 6, "batch_subwords": 256, "learning_rate": 2e-4}
STUDENT = {"epochs": 3, "batch_subwords": 256, "learning_rate": 1e-4}


@dataclass(frozen=True)
class DemoResult:
    """One finished transfer per target language, by BCP-47 code, and the folder that holds them."""

    folder: Path
    runs: dict[str, TransferResult]


def demo(output: str | Path, *, targets: Sequence[str] = LANGUAGES, resume: str = "auto") -> DemoResult:
    """Train an English teacher on the demo corpus and distil it into a student for each target language.

    Args:
        output: folder for the runs: `teacher/` and one per target, each with a model and a page of predictions.
        targets: languages of the corpus, as BCP-47 codes.
        resume: as in `transfer`.

    Raises:
        UsageError: the corpus does not have a target language.
    """
    strangers = [t for t in targets if t not in LANGUAGES]
    if strangers:
        raise UsageError(f"the demo corpus has {', '.join(LANGUAGES)}, not {strangers[0]}")
    folder = Path(output)
    english = ("eng", str(demo_file("en.train.conll")))
    dev = [("eng", str(demo_file("en.dev.conll")))]
    teacher = train([english], folder / "teacher", dev=dev, options={"teacher": TEACHER}, resume=resume)
    runs = {}
    for target in targets:
        runs[target] = transfer(
            [("eng", str(teacher.folder))],
            (iso3(target), str(demo_file(f"{target}.raw.txt"))),
            folder / target,
            gold=str(demo_file(f"{target}.gold.conll")),
            options={"teacher": TEACHER, "student": STUDENT},
            resume=resume,
        )
    return DemoResult(folder, runs)
