"""A task of several pages, such as a client's set-up: every page links back to it until the first page is opened.

A page that is opened as a step of the task has ``STEP`` in its address. After its form is saved, the
task is shown again.
"""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseRedirect

STEP = "task"
"""The parameter of an address that is opened as a step of the task under way."""
_KEY = "way_back"
_CARRIED = (STEP, "reason")


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


def find_step_of(request: HttpRequest) -> str | None:
    """Return the address of the task of which this page is a step; None if it was not opened as one."""
    found = find_way_back(request) if STEP in request.GET else None
    return None if found is None else found["url"]


def return_to_task(request: HttpRequest) -> HttpResponseRedirect | None:
    """Return a redirect to the task of which this page is a step; None if it was not opened as one."""
    url = find_step_of(request)
    return None if url is None else HttpResponseRedirect(url)


def carry_step(request: HttpRequest, url: str) -> str:
    """Return the address of a further page of the same step, with the reason that the step suggests."""
    if STEP not in request.GET:
        return url
    return f"{url}?{urlencode({name: request.GET[name] for name in _CARRIED if name in request.GET})}"
