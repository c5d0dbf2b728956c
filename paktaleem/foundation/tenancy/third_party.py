"""Tables of other people's apps: why they have no client, and what the app role may do to them.

A third-party table that is not listed here fails the system check, so a new dependency cannot bring an
unclassified table along.
"""

from paktaleem.foundation.tenancy.wall import READ, Personal, Scope, Wall

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
        "read before anyone is known; named by a digest, sealed under the keyring",
        _ALL,
        session_key=Personal.SECRET,
        session_data=Personal.SECRET,
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
    "account_emailaddress": _open_to_all(
        "unused: the one address of an account is in accounts_user; allauth looks here first", READ, email=_NONE
    ),
    "account_emailconfirmation": _open_to_all("unused: officers vouch for addresses", _CLOSED, key=_NONE),
    "mfa_authenticator": _open_to_all(
        "a second factor belongs to a user, who may work for several clients; its secret is sealed under the keyring",
        _ALL,
        data=Personal.SECRET,
    ),
    "axes_accessattempt": _open_to_all(
        "failed sign-ins, counted before anyone is known; forgotten within two hours",
        _ALL,
        user_agent=_NONE,
        ip_address=Personal.STAFF,
        username=Personal.STAFF,
        http_accept=_NONE,
        path_info=_NONE,
        get_data=_NONE,
        post_data=_NONE,
    ),
    "axes_accessattemptexpiration": _open_to_all("unused; axes clears it with its attempts", READ | {"DELETE"}),
    "axes_accessfailurelog": _open_to_all(
        "unused",
        _CLOSED,
        user_agent=_NONE,
        ip_address=_NONE,
        username=_NONE,
        http_accept=_NONE,
        path_info=_NONE,
    ),
    "axes_accesslog": _open_to_all(
        "unused",
        _CLOSED,
        user_agent=_NONE,
        ip_address=_NONE,
        username=_NONE,
        http_accept=_NONE,
        path_info=_NONE,
        session_hash=_NONE,
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
