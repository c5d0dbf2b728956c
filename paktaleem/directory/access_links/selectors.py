"""Find the access link of a token, before and in its client's context."""

from datetime import datetime
from uuid import UUID

from paktaleem.directory.access_links.models import PageCode, PageLink
from paktaleem.directory.access_links.sessions import token_digest
from paktaleem.foundation.tenancy.context import read_in_one_statement


def client_of_link(token: str) -> UUID | None:
    """Return the client of the link with this token, even if used or expired; None if it was never issued."""
    [[client_id]] = read_in_one_statement("SELECT access_links_client_of_link(%s)", [token_digest(token)])
    found: UUID | None = client_id
    return found


def find_live_link(token: str, *, page: str, at: datetime) -> PageLink | None:
    """Return the valid link with this token, in its client's context; None if expired or used."""
    links = PageLink.objects.select_related("subject", "child")
    return links.filter(
        digest=token_digest(token), page=page, used_at=None, expires_at__gt=at, subject__erased_at=None
    ).first()


def list_people_of_code(client_id: UUID, *, page: str, knock: bytes) -> list[UUID]:
    """List the people to whom codes were sent at the request of one browser; empty if its contact is unknown."""
    codes = PageCode.objects.filter(client_id=client_id, page=page, knock=knock)
    return sorted(set(codes.values_list("subject_id", flat=True)))
