"""The one name of each code of the register on every page of the console, in the page's language.

Rows hold codes of purposes, data categories and occasions; people read the names that the register has now.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import partial
from uuid import UUID

from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.context import current_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.times import join_words

type Names = Mapping[tuple[UUID, str], str]
"""Names of one kind by client and code."""


class CodeKind(StrEnum):
    PURPOSE = "purpose"
    CATEGORY = "category"
    OCCASION = "occasion"


register_name_sources: ExtensionPoint[Callable[[CodeKind], Names]] = ExtensionPoint(
    "console.register_names", "The names of all codes of a kind that the context may see, in one query."
)
_LOADED: ContextVar[dict[tuple[CodeKind, UUID | None], Names] | None] = ContextVar("register_names", default=None)


@contextmanager
def loaded_once() -> Iterator[None]:
    """Load the names of a kind at most once for each context of the database while a page is made."""
    token = _LOADED.set({})
    try:
        yield
    finally:
        _LOADED.reset(token)


def format_code(kind: CodeKind, code: str, client_id: UUID) -> str:
    """Return the name of a client's code, of PakTaleem's if the client has none; the code itself if neither has one."""
    names = _list_names(kind)
    return names.get((client_id, code)) or names.get((PAKTALEEM, code)) or code


def format_codes(kind: CodeKind, codes: Collection[str], client_id: UUID) -> str:
    return join_words(format_code(kind, code, client_id) for code in codes)


format_purpose = partial(format_code, CodeKind.PURPOSE)
format_purposes = partial(format_codes, CodeKind.PURPOSE)
format_category = partial(format_code, CodeKind.CATEGORY)
format_categories = partial(format_codes, CodeKind.CATEGORY)


def _list_names(kind: CodeKind) -> Names:
    loaded, place = _LOADED.get(), (kind, current_client())
    if loaded is not None and place in loaded:
        return loaded[place]
    names = {key: name for source in register_name_sources for key, name in source(kind).items()}
    if loaded is not None:
        loaded[place] = names
    return names
