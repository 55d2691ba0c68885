"""How the teacher of a source is trained."""

from __future__ import annotations

from dataclasses import replace

from tests.methods.test_distill import FAST, LABELS, source, task
from tests.toy import sentences

from xlner.methods import teachers
from xlner.tagger import Tagger


def test_dev_data_of_other_languages_judges_no_teacher(tiny_encoder, tmp_path, monkeypatch):
    seen = []

    def supervise(*_, dev, **__):
        seen.extend(dev)
        return Tagger.fresh(str(tiny_encoder), LABELS)

    monkeypatch.setattr(teachers, "supervise", supervise)
    english, spanish = sentences(3), sentences(3, "spa")
    asked = replace(task(source()), dev=(*english, *spanish))
    teachers.teacher_of(source(), asked, tmp_path, encoder=str(tiny_encoder), options=FAST)
    assert seen == english
