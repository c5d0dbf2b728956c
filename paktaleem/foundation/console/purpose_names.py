"""The one name of a purpose on every page of the console: in the page's language, as the register has it now."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from paktaleem.foundation.extensions.points import ExtensionPoint
from paktaleem.foundation.tenancy.context import current_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM

__all__ = ["format_purpose", "format_purpose_of_any", "format_purposes", "loaded_once", "purpose_name_sources"]

type Names = Mapping[tuple[UUID, str], str]
"""Names of purposes by client and code."""

purpose_name_sources: ExtensionPoint[Callable[[], Names]] = ExtensionPoint(
    "console.purpose_names", "The names of all purposes that the context may see, in one query."
)
_LOADED: ContextVar[dict[UUID | None, Names] | None] = ContextVar("purpose_names", default=None)


@contextmanager
def loaded_once() -> Iterator[None]:
    """Load the names at most once for each context of the database while a page is made."""
    token = _LOADED.set({})
    try:
        yield
    finally:
        _LOADED.reset(token)


def format_purpose(code: str, client_id: UUID) -> str:
    """Return the name of a client's purpose, of PakTaleem's if the client has none of this code; otherwise the code."""
    names = _list_names()
    return names.get((client_id, code)) or names.get((PAKTALEEM, code)) or code


def format_purpose_of_any(code: str) -> str:
    """Return the name that PakTaleem, or else the first client, gives to a purpose; otherwise the code."""
    names = _list_names()
    found = [name for (_client, known), name in sorted(names.items(), key=lambda one: str(one[0])) if known == code]
    return names.get((PAKTALEEM, code)) or (found[0] if found else code)


def format_purposes(codes: Collection[str], client_id: UUID) -> str:
    """Return the names of several purposes as text."""
    return ", ".join(format_purpose(code, client_id) for code in codes)


def _list_names() -> Names:
    loaded, place = _LOADED.get(), current_client()
    if loaded is not None and place in loaded:
        return loaded[place]
    names = {key: name for source in purpose_name_sources for key, name in source().items()}
    if loaded is not None:
        loaded[place] = names
    return names
