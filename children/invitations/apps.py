"""App of invitations of guardians."""

from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    """Invitations of guardians and their follow-up."""

    name = "children.invitations"
    label = "invitations"
    verbose_name = "invitations of guardians"

    def ready(self) -> None:
        """Register the callback for guardians who sign in with a one-time code."""
        from children.invitations.services import note_arrival  # noqa: PLC0415 -- models are ready now
        from paktaleem.directory.access_links.models import Page  # noqa: PLC0415
        from paktaleem.directory.access_links.services import declare_arrival  # noqa: PLC0415

        declare_arrival(Page.GUARDIAN, note_arrival)
