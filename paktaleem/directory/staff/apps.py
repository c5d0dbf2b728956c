"""Django app of staff: their pages in the console, sign-in, single sign-on, reviews of access."""

from paktaleem.foundation.operations import extensions

_DATA_KINDS = "paktaleem.foundation.upkeep.periods.kinds.data_kinds"


class StaffConfig(extensions.PortalAppConfig):
    """Console pages of clients and staff, sign-in with django-allauth and django-axes, reviews of access."""

    name = "paktaleem.directory.staff"
    parts = ("administration", "sign_in", "single_sign_on", "access_reviews")
    handlers = (
        (_DATA_KINDS, "paktaleem.directory.staff.data_kinds.PERSON"),
        (_DATA_KINDS, "paktaleem.directory.staff.data_kinds.EVIDENCE"),
        (_DATA_KINDS, "paktaleem.directory.staff.data_kinds.SESSIONS"),
        (_DATA_KINDS, "paktaleem.directory.staff.data_kinds.FAILED_SIGN_INS"),
        (
            "paktaleem.foundation.accounts.sign_in_rules.membership_rules",
            "paktaleem.directory.staff.single_sign_on.services.narrow_to_sign_on",
        ),
        (
            "paktaleem.foundation.accounts.sign_in_rules.password_rules",
            "paktaleem.directory.staff.single_sign_on.services.needs_single_sign_on",
        ),
        (
            "paktaleem.foundation.accounts.leaving.ways_in",
            "paktaleem.directory.staff.single_sign_on.services.find_ways_in",
        ),
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "paktaleem.directory.staff.single_sign_on.exchange.PROVIDER_SECRETS",
        ),
    )

    def ready(self) -> None:
        super().ready()
        from paktaleem.directory.staff.sign_in import evidence  # noqa: PLC0415 -- needs the app registry
        from paktaleem.directory.staff.sign_in.views import OwnPasswordForm  # noqa: PLC0415
        from paktaleem.foundation.console.site import site  # noqa: PLC0415

        evidence.connect()
        site.password_change_form = OwnPasswordForm
