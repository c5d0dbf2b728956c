"""Access declarations of third-party tables: the reason they have no client, and the app role's privileges.

A third-party table that is not listed here fails the system check, so every new dependency must be classified.
"""

from paktaleem.foundation.tenancy.tables import READ, Personal, Scope, TablePolicy

_NO_RIGHTS: frozenset[str] = frozenset()
_ALL_RIGHTS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})


def _global_table(reason: str, rights: frozenset[str], disposed_as: str = "", **personal: Personal) -> TablePolicy:
    return TablePolicy(Scope.GLOBAL, rights, reason=reason, officer=False, disposed_as=disposed_as, personal=personal)


_NONE = Personal.NONE

THIRD_PARTY_TABLES: dict[str, TablePolicy] = {
    "django_migrations": _global_table("version of the schema", READ),
    "django_content_type": TablePolicy(
        Scope.GLOBAL, READ, reason="names of models", personal={"app_label": _NONE, "model": _NONE}
    ),
    "django_session": _global_table(
        "read before the user is known; identified by a digest, encrypted under the keyring",
        _ALL_RIGHTS,
        disposed_as="sessions",
        session_key=Personal.SECRET,
        session_data=Personal.SECRET,
    ),
    "auth_permission": _global_table("unused: roles come from memberships", _NO_RIGHTS, name=_NONE, codename=_NONE),
    "auth_group": _global_table("unused: roles come from memberships", _NO_RIGHTS, name=_NONE),
    "auth_group_permissions": _global_table("unused: roles come from memberships", _NO_RIGHTS),
    "django_admin_log": _global_table(
        "unused: history and the ledger record changes",
        _NO_RIGHTS,
        object_id=_NONE,
        object_repr=_NONE,
        change_message=_NONE,
    ),
    "account_emailaddress": _global_table(
        "unused: the email address of an account is in accounts_user; allauth reads this table first", READ, email=_NONE
    ),
    "account_emailconfirmation": _global_table("unused: officers confirm email addresses", _NO_RIGHTS, key=_NONE),
    "socialaccount_socialaccount": _global_table(
        "unused: accounts at providers are in single_sign_on_signonlink",
        _NO_RIGHTS,
        provider=_NONE,
        uid=_NONE,
        extra_data=_NONE,
    ),
    "socialaccount_socialapp": _global_table(
        "unused: providers are in single_sign_on_provider",
        _NO_RIGHTS,
        provider=_NONE,
        provider_id=_NONE,
        name=_NONE,
        client_id=_NONE,
        secret=_NONE,
        key=_NONE,
        settings=_NONE,
    ),
    "socialaccount_socialtoken": _global_table(
        "unused: tokens of providers are not stored", _NO_RIGHTS, token=_NONE, token_secret=_NONE
    ),
    "mfa_authenticator": _global_table(
        "a second factor belongs to a user, who may work for several clients; its secret is encrypted by the keyring",
        _ALL_RIGHTS,
        data=Personal.SECRET,
    ),
    "axes_accessattempt": _global_table(
        "failed sign-ins, counted before the user is known",
        _ALL_RIGHTS,
        disposed_as="failed_sign_ins",
        user_agent=_NONE,
        ip_address=Personal.STAFF,
        username=Personal.STAFF,
        http_accept=_NONE,
        path_info=_NONE,
        get_data=_NONE,
        post_data=_NONE,
    ),
    "axes_accessattemptexpiration": _global_table("unused; axes clears it with its attempts", READ | {"DELETE"}),
    "axes_accessfailurelog": _global_table(
        "unused",
        _NO_RIGHTS,
        user_agent=_NONE,
        ip_address=_NONE,
        username=_NONE,
        http_accept=_NONE,
        path_info=_NONE,
    ),
    "axes_accesslog": _global_table(
        "unused",
        _NO_RIGHTS,
        user_agent=_NONE,
        ip_address=_NONE,
        username=_NONE,
        http_accept=_NONE,
        path_info=_NONE,
        session_hash=_NONE,
    ),
    "procrastinate_jobs": _global_table(
        "the job queue: arguments hold ids only",
        _ALL_RIGHTS,
        disposed_as="jobs_done",
        queue_name=_NONE,
        task_name=_NONE,
        lock=_NONE,
        args=Personal.PSEUDONYM,
        queueing_lock=_NONE,
    ),
    "procrastinate_events": _global_table("outcome of each job", _ALL_RIGHTS),
    "procrastinate_periodic_defers": _global_table(
        "times of the periodic jobs", _ALL_RIGHTS, task_name=_NONE, periodic_id=_NONE
    ),
    "procrastinate_workers": _global_table("heartbeats of the workers", _ALL_RIGHTS),
}
