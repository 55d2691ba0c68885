"""xlner methods, aligners, matchers, ...: what parts there are, a line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from xlner.cli import options as o
from xlner.cli.ending import end, say
from xlner.errors import XlnerError


def _lister(point: str) -> Callable[..., None]:
    def command(
        name: Annotated[str | None, typer.Argument(help="Show the options of this one.")] = None,
        as_json: o.Json = False,
    ) -> None:
        from xlner.component import json_schema, option_fields, options_class
        from xlner.registry import POINTS, look_up

        registry = look_up(POINTS[point])
        about = [registry.describe(n) for n in ([name] if name else registry.loadable())]
        for bad in () if name else [n for n in registry.names() if n not in {d.name for d in about}]:
            try:
                registry.load(bad)
            except XlnerError as error:
                say([str(error)])
        if as_json:
            rows: list[dict[str, Any]] = [
                {
                    "name": d.name, "summary": d.summary, "reference": d.reference, "needs": sorted(d.needs),
                    "options": json_schema(options_class(registry.load(d.name))),
                }
                for d in about
            ]  # fmt: skip
            end({point: rows}, None, as_json=True)
            return
        width = max((len(d.name) for d in about), default=0)
        for d in about:
            needs = f" (needs {', '.join(n.replace('_', ' ') for n in sorted(d.needs))})" if d.needs else ""
            typer.echo(f"{d.name:<{width}}  {d.summary}{needs}")
            for f in d.fields if name else ():
                typer.echo(f"    {f.name}: {f.describe()}")
                for g in () if f.nested is None else option_fields(f.nested):
                    typer.echo(f"        {g.name}: {g.describe()}")
            if name and d.reference:
                typer.echo(f"    Reference: {d.reference}")

    command.__doc__ = f"The {point} that there are, a line each; with a name, the options of that one."
    return command


methods = _lister("methods")
aligners = _lister("aligners")
matchers = _lister("matchers")
scores = _lister("scores")
translators = _lister("translators")
similarities = _lister("similarities")
formats = _lister("formats")
augmentations = _lister("augmentations")
