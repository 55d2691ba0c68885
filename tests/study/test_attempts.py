"""How long a run took that did not come to its end at once."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress

from xlner.study.attempts import attempt


def killed_in_half_a_second(folder):
    with suppress(KeyboardInterrupt), attempt(folder) as seconds:
        assert 80 <= seconds() < 82
        time.sleep(0.5)
        raise KeyboardInterrupt


def test_attempts_that_were_killed_or_failed_count_until_their_last_sign_of_life(tmp_path):
    began = time.time() - 1000
    (tmp_path / "begun.json").write_text(json.dumps({"spent": 50.0, "at": began}))
    log = tmp_path / "log.txt"
    log.touch()
    for path, second in (((tmp_path / "begun.json"), 20), (log, 30)):
        os.utime(path, (began + second, began + second))
    killed_in_half_a_second(tmp_path)
    time.sleep(1)  # nobody works
    with attempt(tmp_path) as seconds:
        assert 80.4 <= seconds() < 81.4
    with attempt(tmp_path) as seconds:  # made anew after it was done
        assert seconds() < 1


def test_a_run_that_failed_and_was_called_again_has_the_seconds_of_both(toy, tmp_path):
    toy.edit("train --source", f"train --fail-after {tmp_path}/once --source")
    first = toy.run(only=[next(r.id for r in toy.study().unique if r.step == "teacher")])
    assert len(first.failed) == 1
    again = toy.run(only=list(first.failed))
    (record,) = again.records.values()
    assert record.seconds > 1
