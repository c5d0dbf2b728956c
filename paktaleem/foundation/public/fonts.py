"""The portal's Urdu font, for pages that are read without the portal's server."""

from base64 import b64encode
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "static" / "public" / "noto-naskh-arabic-urdu.woff2"


@cache
def get_urdu_font() -> str:
    """Return the font with the characters of Urdu as a ``data:`` URL, for a page that contains all that it needs."""
    return f"data:font/woff2;base64,{b64encode(_FILE.read_bytes()).decode('ascii')}"
