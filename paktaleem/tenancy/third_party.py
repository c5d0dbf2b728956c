"""Tables of other people's apps: why they have no client, and what the app role may do to them.

A third-party table that is not listed here fails the system check, so a new dependency cannot bring an
unclassified table along.
"""

from paktaleem.tenancy.wall import READ, Personal, Scope, Wall

__all__ = ["THIRD_PARTY_TABLES"]

_CLOSED: frozenset[str] = frozenset()
_ALL = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})


def _open_to_all(reason: str, rights: frozenset[str], **personal: Personal) -> Wall:
    return Wall(Scope.GLOBAL, rights, reason=reason, officer=False, personal=personal)


_NONE = Personal.NONE

THIRD_PARTY_TABLES: dict[str, Wall] = {
    "django_migrations": _open_to_all("the schema's own version", READ),
    "django_content_type": Wall(
        Scope.GLOBAL, READ, reason="names of models", personal={"app_label": _NONE, "model": _NONE}
    ),
    "django_session": _open_to_all(
        "read before anyone is known; holds a user id and the chosen client, never personal data",
        _ALL,
        session_key=Personal.SECRET,
        session_data=Personal.PSEUDONYM,
    ),
    "auth_permission": _open_to_all("unused: roles come from memberships", _CLOSED, name=_NONE, codename=_NONE),
    "auth_group": _open_to_all("unused: roles come from memberships", _CLOSED, name=_NONE),
    "auth_group_permissions": _open_to_all("unused: roles come from memberships", _CLOSED),
    "django_admin_log": _open_to_all(
        "unused: history and the ledger say who did what",
        _CLOSED,
        object_id=_NONE,
        object_repr=_NONE,
        change_message=_NONE,
    ),
    "procrastinate_jobs": _open_to_all(
        "the job queue: arguments hold ids only",
        _ALL,
        queue_name=_NONE,
        task_name=_NONE,
        lock=_NONE,
        args=Personal.PSEUDONYM,
        queueing_lock=_NONE,
    ),
    "procrastinate_events": _open_to_all("what became of each job", _ALL),
    "procrastinate_periodic_defers": _open_to_all(
        "which periodic job ran when", _ALL, task_name=_NONE, periodic_id=_NONE
    ),
    "procrastinate_workers": _open_to_all("heartbeats of the workers", _ALL),
}
