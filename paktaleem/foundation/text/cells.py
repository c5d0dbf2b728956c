"""Values as cells of a spreadsheet, safe against formula injection. Pure.

Spreadsheet programs execute text that looks like a formula, and a user may choose their LMS id. Such text is therefore
prefixed with an apostrophe (OWASP, CSV injection).
"""

import json
from datetime import UTC, datetime

LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 -- spreadsheets accept full-width characters too


def format_cell(value: object) -> str | int | float | bool:
    """Return a cell value: ISO 8601 in UTC for times, hexadecimal for bytes, JSON text, escaped strings."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        text = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    elif isinstance(value, bytes | memoryview):
        text = bytes(value).hex()
    else:
        text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return f"'{text}" if text.startswith(LIKE_A_FORMULA) else text


def parse_columns(text: str) -> dict[str, str]:
    """Return codes of columns with the paths of their fields: ``state system=system__code``."""
    parts = (column.partition("=") for column in text.split())
    return {code: path or code for code, _, path in parts}
