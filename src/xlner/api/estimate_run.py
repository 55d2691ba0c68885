"""What a finished run without gold data says of how good it is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from xlner.api.estimate import estimate
from xlner.core.run_folder import Origin
from xlner.data import stream_text

ENOUGH = 300  # sentences that a run is estimated on
FEW = "{} sentences are few for an estimate, so it may be farther off than its interval says"
SEVERAL = (
    "the estimate was fitted on teachers and on students of one teacher; students of several teachers were better than "
    "it says in the few cases tried"
)


def estimate_run(run: Path, text: str, device: str | None = None) -> dict[str, Any] | None:
    """What a finished run says of itself without gold: F1 on sentences from all over its raw text, by "default".

    Args:
        run: run folder with its model.
        text: raw text of the target.
        device: torch device name.

    Returns:
        "f1", a fraction or None where nothing was found, "interval", "sentences" and "notes"; None for a pipe, which
        cannot be read twice.
    """
    if not Path(text).is_file():
        return None
    count = sum(1 for _ in stream_text(text))
    made = estimate(
        run, text, estimator="default", distilled=Origin.of(run).distilled, device=device, sentences=ENOUGH,
        every=max(1, count // ENOUGH),
    )  # fmt: skip
    notes = list(made.notes)
    notes += [FEW.format(made.sentences)] if made.sentences < ENOUGH // 2 else []
    notes += [SEVERAL] if len(list(run.glob("soft_labels/*/"))) > 1 else []
    return {
        "f1": made.value,
        "interval": None if made.interval is None else asdict(made.interval),
        "sentences": made.sentences,
        "notes": notes,
    }
