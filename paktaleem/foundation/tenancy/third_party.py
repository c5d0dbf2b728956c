"""Access declarations of third-party tables: the reason they have no client, and the app role's privileges.

A third-party table that is not listed here fails the system check, so every new dependency must be classified.
"""

from dataclasses import replace

from paktaleem.foundation.tenancy.tables import READ, Scope, TablePolicy, classify

_ALL_RIGHTS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})


def _used(reason: str, rights: frozenset[str] = _ALL_RIGHTS, disposed_as: str = "", **personal: str) -> TablePolicy:
    own = classify(**personal)
    return TablePolicy(rights, Scope.GLOBAL, reason=reason, officer=False, disposed_as=disposed_as, personal=own)


def _unused(fields: str, reason: str = "", rights: frozenset[str] = frozenset()) -> TablePolicy:
    return _used(f"unused: {reason}" if reason else "unused", rights, none=fields)


_MEMBERSHIPS, _PROVIDERS = "roles come from memberships", "providers are in staff_provider"

THIRD_PARTY_TABLES: dict[str, TablePolicy] = {
    "django_migrations": _used("version of the schema", READ),
    "django_content_type": replace(_used("names of models", READ, none="app_label model"), officer=True),
    "django_session": _used(
        "read before the user is known; identified by a digest, encrypted under the keyring",
        disposed_as="sessions",
        credential="session_key session_data",
    ),
    "auth_permission": _unused("name codename", _MEMBERSHIPS),
    "auth_group": _unused("name", _MEMBERSHIPS),
    "auth_group_permissions": _unused("", _MEMBERSHIPS),
    "django_admin_log": _unused("object_id object_repr change_message", "history and the ledger record changes"),
    "account_emailaddress": _unused(
        "email", "the email address of an account is in accounts_user; allauth reads this table first", READ
    ),
    "account_emailconfirmation": _unused("key", "officers confirm email addresses"),
    "socialaccount_socialaccount": _unused("provider uid extra_data", "accounts at providers are in staff_signonlink"),
    "socialaccount_socialapp": _unused("provider provider_id name client_id secret key settings", _PROVIDERS),
    "socialaccount_socialtoken": _unused("token token_secret", "tokens of providers are not stored"),
    "mfa_authenticator": _used(
        "a second factor belongs to a user, who may work for several clients; its secret is encrypted by the keyring",
        credential="data",
    ),
    "axes_accessattempt": _used(
        "failed sign-ins, counted before the user is known",
        disposed_as="failed_sign_ins",
        none="user_agent http_accept path_info get_data post_data",
        staff="ip_address username",
    ),
    "axes_accessattemptexpiration": _unused("", "axes clears it with its attempts", READ | {"DELETE"}),
    "axes_accessfailurelog": _unused("user_agent ip_address username http_accept path_info"),
    "axes_accesslog": _unused("user_agent ip_address username http_accept path_info session_hash"),
    "procrastinate_jobs": _used(
        "the job queue: arguments hold ids only",
        disposed_as="jobs_done",
        none="queue_name task_name lock queueing_lock",
        pseudonym="args",
    ),
    "procrastinate_events": _used("outcome of each job"),
    "procrastinate_periodic_defers": _used("times of the periodic jobs", none="task_name periodic_id"),
    "procrastinate_workers": _used("heartbeats of the workers"),
}
