"""Asking guardians about the children they stand for."""

from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    """Invitations and what becomes of them."""

    name = "children.invitations"
    label = "invitations"
    verbose_name = "invitations of guardians"

    def ready(self) -> None:
        """Be told when a guardian comes in by a code."""
        from children.invitations.services import note_arrival  # noqa: PLC0415 -- models are ready now
        from paktaleem.directory.access_links.models import Page  # noqa: PLC0415
        from paktaleem.directory.access_links.services import declare_arrival  # noqa: PLC0415

        declare_arrival(Page.GUARDIAN, note_arrival)
