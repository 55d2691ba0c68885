"""Options of parts: checked, converted, described."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from xlner.component import REQUIRED, Part, describe, from_values, json_schema, option, options, to_values
from xlner.errors import OptionError


@options
class Training:
    epochs: int | None = option(None, "Passes.", ge=1)
    rate: float = option(0.1, "Rate.", gt=0, lt=1)
    every: float = option(5.0, "How often to save.", decides=False, unit="seconds")


class Bakery(Part):
    """Bakes
    bread.

    More about it.

    Reference: Baker, Bread 2020.

    Limits: none.
    """

    needs = frozenset({"flour"})

    @options
    class Options:
        kind: Literal["rye", "wheat"] = option("rye", "Which bread.")
        loaves: tuple[int, ...] = option((), "Sizes.")
        seeds: bool = option(False, "With seeds.")
        training: Training = option(Training, "Of the baker.")

        def __post_init__(self) -> None:
            if self.seeds and self.kind == "wheat":
                raise OptionError("seeds", "go with rye only")


def test_a_part_says_what_it_is():
    about = describe("bakery", Bakery)
    assert (about.summary, about.reference, about.needs) == ("Bakes bread.", "Baker, Bread 2020.", {"flour"})
    assert [f.name for f in about.fields] == ["kind", "loaves", "seeds", "training"]
    assert about.fields[0].describe() == "Which bread. [default rye]"
    assert about.fields[0].choices == ("rye", "wheat")
    assert json_schema(Bakery.Options)["properties"]["kind"]["enum"] == ["rye", "wheat"]


def test_values_are_converted():
    made = Bakery(loaves=["1", 2], training=Training(epochs="3")).options
    assert (made.loaves, made.training.epochs) == ((1, 2), 3)
    assert from_values(Bakery.Options, {"training": {"rate": "1e-3"}}).training.rate == 0.001
    assert replace(made, kind="wheat").loaves == (1, 2)


def test_plain_values_come_back():
    made = Bakery.Options(loaves=(1,), training=Training(rate=0.5))
    assert from_values(Bakery.Options, to_values(made)) == made
    assert "every" not in to_values(made, deciding=True)["training"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "oat"}, "the bakery: `kind` must be one of rye, wheat, got 'oat'"),
        ({"training": {"epochs": 0}}, "the bakery: `training.epochs` must be at least 1, got '0'"),
        ({"training": {"epochs": 1.5}}, "`training.epochs` must be a whole number, got '1.5'"),
        ({"training": {"epochs": True}}, "`training.epochs` must be a whole number, got 'true'"),
        ({"training": {"rate": 1}}, "`training.rate` must be below 1, got '1'"),
        ({"training": {"rate": float("nan")}}, "`training.rate` must be a number, got 'nan'"),
        ({"training": 3}, "`training` is a mapping of options, got '3'"),
        ({"loaves": ["x"]}, "`loaves` must be a list (a whole number each), got 'x'"),
        ({"oven": 1}, "the bakery has no option 'oven'; it has: kind, loaves, seeds, training"),
        ({"training": {"oven": 1}}, "has no option 'training.oven'; it has: epochs, rate, every"),
        ({"seeds": True, "kind": "wheat"}, "the bakery: `seeds` go with rye only"),
    ],
)
def test_what_cannot_be_is_said_in_plain_words(values, message):
    with pytest.raises(OptionError) as refused:
        from_values(Bakery.Options, values, owner="the bakery")
    assert message in str(refused.value)


def test_what_is_needed_must_be_there():
    @options
    class Reading:
        path: str = option(REQUIRED, "The file.")

    with pytest.raises(OptionError, match=r"`path` is needed: The file\."):
        from_values(Reading, {})
    assert from_values(Reading, {"path": "x"}).path == "x"


def test_options_below_others_are_checked_as_those_are():
    @options
    class Above:
        k: int = option(1, "How many.")

        def __post_init__(self) -> None:
            if self.k > 5:
                raise OptionError("k", "is too much")

    @options
    class Below(Above):
        j: int = option(1, "How many more.")

    with pytest.raises(OptionError, match="too much"):
        Below(k=9)
    assert Below(k="3", j="2").k == 3
