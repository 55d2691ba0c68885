"""Options that would change nothing are refused before anything is trained."""

from __future__ import annotations

import pytest
from tests.toy import sentences

from xlner.core.labels import LabelSet
from xlner.errors import OptionError
from xlner.methods import METHODS
from xlner.methods.augmenting import check_augmentations
from xlner.methods.task import Source, Task

SENTENCES = tuple(sentences(10))
TASK = Task(
    sources=(Source(language="eng", sentences=SENTENCES, name="1-en"),),
    target="spa",
    labels=LabelSet(("LOC", "PER")),
    raw=lambda: iter(SENTENCES),
    translations={"1-en": lambda: iter(SENTENCES)},
)


def check(method, **values):
    options = METHODS.options(method, values)
    METHODS.load(method).check(TASK, options)
    check_augmentations(TASK, options)


@pytest.mark.parametrize(
    ("method", "beside", "idle"),
    [
        ("distill", {"rounds": 1}, {"round_share": 0.5}),
        ("distill", {"teacher_seeds": 1}, {"average": "weights"}),
        ("distill", {"student_layers": 2}, {"keep": "average"}),
        ("distill", {"student_from": "encoder"}, {"keep": "average"}),
        ("combined", {"rounds": 1}, {"round_share": 0.5}),
        ("advpicker", {"select_by": "similarity"}, {"reversal": 0.5}),
        ("advpicker", {"select_by": "uncertainty"}, {"discriminator_size": 20}),
        ("advpicker", {}, {"round_share": 0.5}),
        ("concner", {"distill": False}, {"student_layers": 2}),
        ("concner", {"distill": False}, {"keep": "student"}),
        ("concner", {"translation_contrast": 0}, {"translation_temperature": 1}),
        ("concner", {"label_contrast": 0}, {"contrast_by": "tag"}),
        ("concner", {"learn_projected": False}, {"surest_share": 0.5}),
        ("concner", {}, {"bitext_pairs": 5}),
        ("filter", {"learn_projected": False}, {"aligner": "thot"}),
        ("mcl-ner", {"relation_contrast": 0}, {"reach": 5}),
        ("mcl-ner", {}, {"switch_share": 0.9}),
        ("mtmt", {"similarity_weight": 0}, {"weigh_pairs": False}),
        ("consistency", {"consistency_weight": 0}, {"perturb": "typos"}),
    ],
)
def test_an_option_without_effect_is_refused_beside_what_switches_it_off(method, beside, idle):
    check(method, **beside)
    (name,) = idle
    with pytest.raises(OptionError, match=f"^`{name}` has no effect with"):
        check(method, **beside, **idle)


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("distill", {"rounds": 2, "round_share": 0.5, "teacher_seeds": 2, "average": "weights"}),
        ("distill", {"keep": "student", "student_layers": 2}),
        ("distill", {"keep": "average", "student_layers": 2, "rounds": 2}),
        ("advpicker", {"reversal": 0.5}),
        ("concner", {"distill": False, "teacher_seeds": 2, "average": "weights", "surest_share": 0.5}),
    ],
)
def test_others_are_taken(method, values):
    check(method, **values)


def test_a_share_of_changes_needs_changes():
    with pytest.raises(OptionError, match=r"^`teacher.augment_share` has no effect without `augment`"):
        check("distill", teacher={"augment_share": 0.2})
    check("distill", teacher={"augment": "typos"}, student={"augment_share": 0.2})
