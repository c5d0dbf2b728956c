"""Django app of sign-in."""

from paktaleem.foundation.operations.extensions import config


class SigninConfig(config.PortalAppConfig):
    """Sign-in with django-allauth and django-axes, fitted to tenant isolation."""

    name = "paktaleem.directory.staff.sign_in"
    label = "signin"
    handlers = (
        (
            "paktaleem.foundation.upkeep.periods.kinds.data_kinds",
            "paktaleem.directory.staff.sign_in.data_kinds.SESSIONS",
        ),
        (
            "paktaleem.foundation.upkeep.periods.kinds.data_kinds",
            "paktaleem.directory.staff.sign_in.data_kinds.FAILED_SIGN_INS",
        ),
    )

    def ready(self) -> None:
        super().ready()
        from paktaleem.directory.staff.sign_in import receivers  # noqa: PLC0415 -- needs the app registry
        from paktaleem.directory.staff.sign_in.forms import OwnPasswordForm  # noqa: PLC0415
        from paktaleem.foundation.console.site import site  # noqa: PLC0415

        receivers.connect()
        site.password_change_form = OwnPasswordForm
