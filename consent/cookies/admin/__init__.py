"""Console pages of cookies and links."""

from consent.cookies.admin import choices, cookies, links
from consent.cookies.admin import dashboard as board

__all__ = ["board", "choices", "cookies", "links"]
