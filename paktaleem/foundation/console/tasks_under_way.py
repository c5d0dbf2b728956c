"""A task of several pages, such as a client's set-up: every page links back to it until the first page is opened."""

from django.http import HttpRequest

__all__ = ["begin_task", "find_way_back", "leave_task"]

_KEY = "way_back"


def begin_task(request: HttpRequest, *, label: str, url: str) -> None:
    """Have the pages of this session link back to ``url``; ``label`` says what the task is about."""
    task = {"label": label, "url": url}
    if request.session.get(_KEY) != task:
        request.session[_KEY] = task


def leave_task(request: HttpRequest) -> None:
    """Link back to no task any more."""
    request.session.pop(_KEY, None)


def find_way_back(request: HttpRequest) -> dict[str, str] | None:
    """Return label and address of the task that is under way; None on its own page, or if there is none."""
    session = getattr(request, "session", None)
    found: dict[str, str] | None = None if session is None else session.get(_KEY)
    return None if found is None or found["url"] == request.path else found
