"""Watches every page that a test opens: a list of which it shows the first rows only has its note on the page."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

from django.test import Client

from paktaleem.foundation.first_rows import FirstRows


class CutLists:
    """The lists that are cut while the context is entered, with their places, and those whose note is read."""

    def __init__(self) -> None:
        self.made: list[tuple[FirstRows[Any], str]] = []
        self.sources: dict[int, FirstRows[Any]] = {}
        self.said: set[int] = set()

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)

    def say(self, cut: FirstRows[Any]) -> None:
        """Note that the note of a list was read: it is also that of the list from which its rows were made."""
        source: FirstRows[Any] | None = cut
        while source is not None:
            self.said.add(id(source))
            source = self.sources.get(id(source))

    def list_silent(self) -> list[str]:
        """List the places that cut a list with rows of which no note was read."""
        first = [(cut, place) for cut, place in self.made if cut and id(cut) not in self.sources]
        return [place for cut, place in first if id(cut) not in self.said]


_current: ContextVar[CutLists | None] = ContextVar("cut_lists", default=None)


@contextmanager
def watch_pages() -> Iterator[None]:
    """Fail every request of a test whose page is silent about a list that it cuts."""
    begin, derive = FirstRows.__init__, FirstRows.with_rows
    read_note: Any = FirstRows.__dict__["note"].fget

    def init(cut: FirstRows[Any], rows: Iterable[Any] = (), *args: Any, **kwargs: Any) -> None:
        begin(cut, rows, *args, **kwargs)
        if (current := _current.get()) is not None:
            current.made.append((cut, _find_place()))

    def with_rows(cut: FirstRows[Any], rows: Iterable[Any]) -> FirstRows[Any]:
        made = derive(cut, rows)
        if (current := _current.get()) is not None:
            current.sources[id(made)] = cut
        return made

    def note(cut: FirstRows[Any]) -> str:
        if (current := _current.get()) is not None:
            current.say(cut)
        return str(read_note(cut))

    watched: Any = {"__init__": init, "with_rows": with_rows, "note": property(note)}
    with patch.multiple(FirstRows, **watched), patch.object(Client, "request", _request):
        yield


_answer = Client.request


def _request(client: Client, **given: Any) -> Any:
    with CutLists() as lists:
        answered = _answer(client, **given)
    is_export = given["PATH_INFO"].endswith("/export/")  # it builds the filters of its list, and shows no list
    is_page = answered.status_code == HTTPStatus.OK and answered.get("Content-Type", "").startswith("text/html")
    if is_page and not is_export:
        silent = lists.list_silent()
        assert not silent, f"The page does not show the note of these lists: {silent}"
    return answered


def _find_place() -> str:
    frame: Any = sys._getframe()
    while Path(frame.f_code.co_filename).name in {"first_rows.py", "cut_lists.py"}:
        frame = frame.f_back
    return f"{frame.f_globals['__name__']}:{frame.f_lineno}"
