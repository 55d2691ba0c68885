"""What `xlner train` and `xlner transfer` share: flags and YAML to a run, and its result on the screen."""

from __future__ import annotations

import typer

from xlner.cli.ending import end, say
from xlner.cli.parts import values_of


def run(context: typer.Context, *, default: str) -> None:
    """Run the method that flags and YAML say, or print what they come to.

    Args:
        context: of the command; has its arguments, by the names of the YAML file, and the options of the method.
        default: the method if nobody names one.
    """
    from xlner.api.config import read_config
    from xlner.api.recipes import with_recipe
    from xlner.api.resolve import resolve

    settings = dict(context.params)
    config, only_print, as_json = (settings.pop(name) for name in ("config", "print_config", "as_json"))
    method, options = settings.pop("method", default), values_of(context, "method")
    recipe = values_of(context, "recipe").get("recipe")
    settings |= values_of(context, "judging")
    written = with_recipe(read_config(config), recipe, method=method)
    resolved = resolve(written, settings, method=method, options=options, default=default)
    say(resolved.notes)
    if only_print:
        import yaml

        typer.echo(yaml.safe_dump(resolved.as_values(), sort_keys=False, allow_unicode=True), nl=False)
        return
    result = resolved.run()

    from xlner.cli.show import show_run

    end(result.metrics, None, as_json=as_json)
    show_run(result, quiet=as_json)
