"""Django app of guardian invitations."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, SentEvent, entry

_INVITATION = "invitation guardian state channel problem"


def _sent(state: str) -> tuple[SentEvent]:
    return (SentEvent(_INVITATION, type=f"guardian.invitation_{state}"),)


class InvitationsConfig(PortalAppConfig):
    name = "children.invitations"
    verbose_name = "invitations of guardians"
    handlers = (
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".services.inviting.UNANSWERED"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".services.inviting.UNASKED"),
        ("paktaleem.directory.access_links.services.code_accepted", ".services.answering.record_guardian_sign_in"),
    )
    ledger = (
        entry("guardian.answered_elsewhere", "Guardian answered through another channel", _sent("answered")),
        entry("guardian.confirmed", "Guardian confirmed a second time"),
        entry("guardian.contact_forgotten", "Guardian's contact details deleted"),
        entry("guardian.data_kept", "Guardian allowed the data to be kept", "guardian"),
        entry("guardian.invitation_answered", "Guardian answered the invitation", _INVITATION),
        entry("guardian.invitation_expired", "Invitation of a guardian expired", _INVITATION),
        entry("guardian.invited", sends=_INVITATION),
        entry("guardian.not_invited", "Guardian could not be invited", _sent("refused")),
        entry("guardian.not_reached", "Message to a guardian not delivered", _sent("failed")),
        entry("guardian.reached", "Message to a guardian delivered", _sent("delivered")),
        entry("guardian.reminded", sends=_sent("reminded")),
        entry("guardian.said_yes", "Guardian agreed; confirmation pending", _sent("waits")),
        entry("guardian.viewed", "Guardian opened the page", _sent("viewed")),
        entry("guardian.written_to", "Message to a guardian sent", _sent("sent")),
    )
