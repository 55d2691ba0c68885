"""Trackers that a training reports to, as accelerate knows them."""

from __future__ import annotations

from collections.abc import Sequence

from accelerate.tracking import get_available_trackers

from xlner.errors import OptionError


def check_trackers(names: Sequence[str]) -> None:
    """Raises OptionError: there is no such tracker."""
    known = [str(t) for t in get_available_trackers()]
    for name in names:
        if name not in ("all", *known):
            raise OptionError(
                "report_to",
                f"must be of trackers that are installed: {', '.join(known) or 'there is none'}; got '{name}'",
            )
