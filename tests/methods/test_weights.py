import pytest

from xlner.errors import UsageError
from xlner.methods.weights import parse_weights

NAMES, TYPES = ["en", "de"], ["LOC", "PER"]


def test_weights_are_scaled_to_one():
    made = parse_weights("en=3, de=1", NAMES, TYPES)
    assert made.as_dict(["1-en", "2-de"]) == {"rule": "en=3, de=1", "weights": {"1-en": 0.75, "2-de": 0.25}}


def test_a_type_may_have_its_own():
    made = parse_weights("PER:en=1,PER:de=0", NAMES, TYPES)
    assert made.language.tolist() == [0.5, 0.5]
    assert made.types["PER"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("en=1", "nothing about de"),
        ("en=1,de=-1", "at least 0"),
        ("en=1,de=much", "at least 0"),
        ("en=1,de=nan", "at least 0"),
        ("en=0,de=0", "no teacher"),
        ("en=1,fr=1", "'fr'; the sources are en, de"),
        ("MISC:en=1,MISC:de=1", "the types are LOC, PER"),
        ("en=1,en=1,de=1", "twice"),
        ("best", "'best'"),
        ("", "the sources are"),
    ],
)
def test_wrong_weights_say_what_is_wrong(text, message):
    with pytest.raises(UsageError, match=message):
        parse_weights(text, NAMES, TYPES)


def test_a_type_that_only_weightless_teachers_know_is_an_error():
    weights = parse_weights("en=1,de=0", ["en", "de"], ["LOC", "PER"])
    weights.check([{"LOC", "PER"}, {"PER"}], ["LOC", "PER"])
    with pytest.raises(UsageError, match="above 0 knows LOC"):
        weights.check([{"PER"}, {"LOC", "PER"}], ["LOC", "PER"])
