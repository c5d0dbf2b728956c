"""Log lines as the portal writes them in production."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from paktaleem.foundation.operations.logs import make_formatter


@contextmanager
def logged(*, as_json: bool = True) -> Iterator[io.StringIO]:
    """Yield what is logged meanwhile, at every level, in the portal's format."""
    output, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(output), root.level
    handler.setFormatter(make_formatter(as_json=as_json))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield output
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def parse(output: io.StringIO) -> list[dict[str, Any]]:
    """Return the lines as objects."""
    return [json.loads(line) for line in output.getvalue().splitlines()]
