"""Adds the management command to all lines that its process logs."""

import structlog


def name_command(arguments: list[str]) -> None:
    """Add the command's name, without its arguments, which may name people."""
    if len(arguments) > 1:
        structlog.contextvars.bind_contextvars(command=arguments[1])
