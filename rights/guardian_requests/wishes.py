"""The requests a guardian can make about a child's data, and the right that each of them exercises."""

from enum import StrEnum

from rights.requests.models import RightKind


class Wish(StrEnum):
    """A guardian's request about a child's data, in the words of the API and the pages."""

    COPY = "copy"
    DELETION = "deletion"
    RECTIFICATION = "rectification"
    RESTRICTION = "restriction"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    COMPLAINT = "complaint"
    KEEP = "keep"
    """Keep what must be kept, and nothing else: recorded, without a request."""


RIGHT_OF: dict[Wish, RightKind] = {
    Wish.COPY: RightKind.ACCESS,
    Wish.DELETION: RightKind.ERASURE,
    **{Wish(kind.value): kind for kind in RightKind if kind.value in set(Wish)},
}
"""The right that a request exercises; ``keep`` exercises none."""
