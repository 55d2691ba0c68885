"""Flags of a command that come from the parts which its arguments choose."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
import typer

from xlner.cli.parts import part_command, values_of
from xlner.component import Part, option, options
from xlner.errors import OptionError, UsageError
from xlner.flags import Choice, flags_of
from xlner.registry import POINTS, Registry


@options
class Inner:
    """Options that lie in others."""

    epochs: int = option(3, "Passes over the data.", ge=1)
    seed: int = option(1, "Of the order.")


class Ball(Part):
    """Rolls."""

    @options
    class Options:
        size: float = option(1.5, "How big.", gt=0, unit="inches")
        colours: tuple[str, ...] = option((), "What it is painted in.")
        kind: Literal["soft", "hard"] = option("soft", "What it is like.")
        bounces: bool = option(True, "Whether it comes back.")
        limits: tuple[float, float] | None = option(None, "From and to.")
        parts: Any = option(None, "What it is made of.")
        device: str | None = option(None, "Where it rolls.")


class Train(Part):
    """Runs on rails."""

    @options
    class Options:
        first: Inner = option(Inner, "The first lap.")
        last: Inner = option(Inner, "The last lap.")
        waggons: int = option(2, "How many it pulls.", ge=0)
        device: str | None = option(None, "Where it runs.")


TOYS = Registry("toys", {"ball": f"{__name__}:Ball", "train": f"{__name__}:Train"}, one="toy")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch):
    """Runs a command that chooses one toy, and another if told so; gives the values of both."""
    monkeypatch.setitem(POINTS, "toys", f"{__name__}:TOYS")
    seen: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def command(
        context: typer.Context,
        toy: Annotated[str, typer.Option(help="Which.")] = "ball",
        other: Annotated[str | None, typer.Option(help="And which.")] = None,
        waggons: Annotated[str | None, typer.Option(help="The command's own.")] = None,
    ) -> None:
        seen.append((values_of(context, "toy"), values_of(context, "other")))

    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(cls=part_command((Choice("toy", "toys", "ball"), Choice("other", "toys", None))))(command)

    def call(*arguments: str) -> tuple[dict[str, Any], dict[str, Any]]:
        app(args=list(arguments), standalone_mode=False)
        return seen[-1]

    return call


def test_only_what_was_said_is_given(run):
    assert run() == ({}, {})
    assert run("--size", "2") == ({"size": "2"}, {})


def test_the_values_make_options(run):
    values, _ = run(
        "--size=2", "--colour", "red", "--colours", "blue", "--kind", "hard", "--no-bounces", "--limits", "1", "2.5",
        "--parts", "[{name: rubber}, air]",
    )  # fmt: skip
    made = TOYS.options("ball", values)
    assert (made.size, made.colours, made.kind, made.bounces, made.limits) == (
        2,
        ("red", "blue"),
        "hard",
        False,
        (1, 2.5),
    )
    assert made.parts == [{"name": "rubber"}, "air"]
    assert run("--bounces")[0] == {"bounces": True}


def test_options_in_options(run):
    both, _ = run("--toy", "train", "--epochs", "5")
    assert both == {"first": {"epochs": "5"}, "last": {"epochs": "5"}}
    for flag in ("--last.epochs", "--last-epochs"):
        one, _ = run("--toy", "train", flag, "7", "--seed", "4")
        assert TOYS.options("train", one).last == Inner(epochs=7, seed=4)
        assert TOYS.options("train", one).first == Inner(seed=4)
    one, _ = run("--toy", "train", "--epochs", "5", "--last.epochs", "7")
    assert [TOYS.options("train", one).first.epochs, TOYS.options("train", one).last.epochs] == [5, 7]
    one, _ = run("--toy", "train", "--last.epochs", "7", "--epochs", "5")  # in any order
    assert [TOYS.options("train", one).first.epochs, TOYS.options("train", one).last.epochs] == [5, 7]


def test_two_parts_share_some_flags(run):
    toy, other = run("--other", "train", "--device", "floor", "--size", "3", "--last.seed", "8")
    assert toy == {"device": "floor", "size": "3"}
    assert other == {"device": "floor", "last": {"seed": "8"}}


def test_a_flag_of_the_command_is_no_option_of_the_part(run):
    assert run("--toy", "train", "--waggons", "9") == ({}, {})


def test_an_option_that_is_named_like_a_flag_of_the_command_has_a_longer_flag(run, capsys):
    assert run("--toy", "train", "--waggons", "9", "--toy.waggons", "4") == ({"waggons": "4"}, {})
    run("--toy", "train", "--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "--toy.waggons, --toy-waggons NUMBER How many it pulls. [at least 0; default 2] Not --waggons" in text


def test_the_option_of_a_second_part_has_a_longer_flag_where_the_first_part_has_its_name(run):
    toy, other = run("--toy", "ball", "--other", "ball", "--size", "3", "--other.size", "4")
    assert (toy, other) == ({"size": "3"}, {"size": "4"})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--toy.waggons=-1"], "the toy train: `toy.waggons` must be at least 0"),
        (["--epochs=0"], "the toy train: `epochs` must be at least 1"),
        (["--last-epochs=0"], "the toy train: `last.epochs` must be at least 1"),
    ],
)
def test_an_error_names_the_flag_that_was_given(monkeypatch, words, message):
    monkeypatch.setitem(POINTS, "toys", f"{__name__}:TOYS")

    def command(context: typer.Context, waggons: Annotated[str | None, typer.Option()] = None) -> None:
        TOYS.options("train", values_of(context, "toy"))

    app = typer.Typer(add_completion=False)
    app.command(cls=part_command((Choice("toy", "toys", "train", fixed=True),)))(command)
    with pytest.raises(OptionError) as caught:
        app(args=words, standalone_mode=False)
    assert message in str(caught.value)


def test_help_lists_the_options_of_the_chosen_part(run, capsys):
    def help_of(*words: str) -> str:
        with pytest.raises((SystemExit, IndexError)):
            run(*words, "--help")
        return " ".join(capsys.readouterr().out.split())

    text = help_of()
    assert "Options of the toy ball:" in text
    for word in ("--size", "[above 0; in inches; default 1.5]", "soft|hard", "--no-bounces", "--colour,", "YAML"):
        assert word in text
    assert "--epochs" not in text
    text = help_of("--toy", "train")
    assert "Options of the toy train:" in text
    assert "--epochs" in text
    assert "--size" not in text
    assert "--last.epochs" not in text  # it would be there thrice


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--epochs", "3"], "--epochs is an option of the toy train, not of ball"),
        (["--toy", "train", "--no-bounces"], "--no-bounces is an option of the toy ball, not of train"),
        (["--last.epochs=3"], "--last.epochs is an option of the toy train, not of ball"),
        (["--toy", "train", "--colour", "red"], "--colour is an option of the toy ball, not of train"),
        (["--toy", "tran"], "Did you mean train?"),
        (["--waggons", "--other", "train"], "--waggons wants a value, and the flag --other came"),
        (["--toy", ""], "no toy called ''; there are: ball, train"),
        (["--toy", "doll"], "no toy called 'doll'; there are: ball, train"),
        (["--parts", "[1"], "--parts: '[1' is no value that YAML reads"),
    ],
)
def test_a_wrong_word_is_explained(run, words, message):
    with pytest.raises(UsageError) as caught:
        run(*words)
    assert message in str(caught.value)


def test_a_flag_that_nobody_has(run):
    with pytest.raises(Exception, match="No such option"):
        run("--speed", "9")


def test_the_value_of_a_flag_may_look_like_a_flag(run):
    assert run("--device", "--epochs")[0] == {"device": "--epochs"}


def test_a_flag_belongs_to_one_option():
    from xlner.cli import project

    for score in ("embedding", "align=1,embedding=1"):
        chosen = dict(zip(project.PARTS, ("exact", "embedding", score), strict=True))
        flags = flags_of(chosen, {"device"})
        names = [name for flag in flags for name in flag.names]
        assert len(names) == len(set(names))
        paths = {name: flag.paths for flag in flags for name in flag.names}
        assert paths["layer"] == [("score", "layer")]
        assert paths["layers"] == [("aligner", "layers")]


def test_parameters_of_the_library_become_flags_and_commands_stay():
    from xlner.cli import as_flags

    said = "`teacher.learning_rate` or `mapping DATE=O`; `xlner formats` lists them"
    assert as_flags(said) == "--teacher.learning-rate or --map DATE=O; `xlner formats` lists them"


def test_the_method_that_a_yaml_file_names_brings_its_flags(tmp_path, capsys):
    from xlner.cli import main

    (tmp_path / "c.yaml").write_text("method: direct\nsource: [[en, a.conll]]")

    def transfer(*more: str) -> Any:
        with pytest.raises(SystemExit) as stopped:
            main(["transfer", "--config", str(tmp_path / "c.yaml"), "--print-config", *more])
        assert not stopped.value.code or more[0] == "--loss"
        return capsys.readouterr()

    assert "name: direct" in transfer().out
    assert "epochs: 2" in transfer("--epochs", "2").out
    assert "--loss is an option of the methods distill" in transfer("--loss", "mse").err
