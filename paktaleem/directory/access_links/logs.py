"""Logging filter that removes access-link tokens from log messages."""

import logging
import re

__all__ = ["HideTokens"]

_LINK = re.compile(r"(/link/|/g/)[^/\s\"'?]+")


class HideTokens(logging.Filter):
    """Replaces access-link tokens in log messages."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Format the message and hide tokens; never drop a record."""
        message = record.getMessage()
        if "/link/" in message or "/g/" in message:
            record.msg, record.args = _LINK.sub(r"\1…", message), ()
        return True
