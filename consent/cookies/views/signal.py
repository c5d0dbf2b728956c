"""The browser's privacy signal (Global Privacy Control)."""

from django.http import HttpRequest


def has_privacy_signal(request: HttpRequest) -> bool:
    """Return True for ``Sec-GPC: 1``; any other value counts as no signal, one of several that is 1 as a signal."""
    return any(value.strip() == "1" for value in request.headers.get("Sec-GPC", "").split(","))
