"""What `xlner train` and `xlner transfer` share: flags and YAML to a run, and its result on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from xlner.cli.ending import end, say
from xlner.cli.parts import given


def run(context: typer.Context, method: str | None, flags: Mapping[str, Any], *, default: str) -> None:
    """Run the method that flags and YAML say, or print what they come to.

    Args:
        context: of the command; has the options of the method.
        method: as given by a flag.
        flags: the other flags, by the names of the YAML file.
        default: the method if nobody names one.
    """
    from xlner.api.config import read_config
    from xlner.api.resolve import resolve

    settings = {k: v for k, v in flags.items() if k not in ("config", "print_config", "json")}
    options = given(context).values.get("method", {})
    resolved = resolve(read_config(flags["config"]), settings, method=method, options=options, default=default)
    say(resolved.notes)
    if flags["print_config"]:
        import yaml

        typer.echo(yaml.safe_dump(resolved.as_values(), sort_keys=False, allow_unicode=True), nl=False)
        return
    result = resolved.run()

    from xlner.cli.show import show_run

    end(result.metrics, None, as_json=flags["json"])
    show_run(result, quiet=flags["json"])
