"""Django app of guardian invitations."""

from paktaleem.foundation.operations import extensions


class InvitationsConfig(extensions.PortalAppConfig):
    name = "children.invitations"
    verbose_name = "invitations of guardians"
    handlers = (
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", "children.invitations.services.inviting.UNANSWERED"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", "children.invitations.services.inviting.UNASKED"),
        (
            "paktaleem.directory.access_links.services.code_accepted",
            "children.invitations.services.answering.record_guardian_sign_in",
        ),
    )
