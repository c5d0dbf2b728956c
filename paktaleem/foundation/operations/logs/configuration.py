"""The configuration of logging (``LOGGING_CONFIG``): one handler, to standard error."""

from collections.abc import Mapping
from logging.config import dictConfig
from typing import Any

_QUIET = ("axes", "procrastinate.blueprints", "procrastinate.periodic")
"""Loggers with a line at every start."""


def configure(settings: Mapping[str, Any]) -> None:
    """Configure logging by the setting LOGGING: its level, its format (json or text), and whether it is verbose."""
    formatter = {
        "()": "paktaleem.foundation.operations.logs.formatting.make_formatter",
        "as_json": settings["format"] == "json",
        "is_verbose": settings["is_verbose"],
    }
    dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": formatter},
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["console"], "level": settings["level"]},
            "loggers": {name: {"level": "WARNING"} for name in _QUIET},
        }
    )
