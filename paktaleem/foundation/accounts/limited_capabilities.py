"""The capabilities of staff limited to schools of a client (docs/decisions/0098 and 0114). Pure."""

from paktaleem.foundation.accounts.roles import Capability

__all__ = ["LIMITED_CAPABILITIES"]

LIMITED_CAPABILITIES: frozenset[Capability] = frozenset(
    {
        Capability.ANSWER_RIGHTS_REQUESTS,
        Capability.APPROVE_CHILD_CHANGES,
        Capability.APPROVE_ERASURES,
        Capability.CALL_BACK_RIGHTS_REQUESTS,
        Capability.CLOSE_RIGHTS_REQUESTS,
        Capability.COMPLETE_ORDERS,
        Capability.CONFIRM_ANSWERS,
        Capability.DECIDE_COLLECTIONS,
        Capability.DECIDE_RIGHTS_REQUESTS,
        Capability.EXPORT_EVIDENCE,
        Capability.EXPORT_ROWS,
        Capability.EXTEND_RIGHTS_REQUESTS,
        Capability.HANDLE_RIGHTS_REQUESTS,
        Capability.HAND_OVER_COPIES,
        Capability.INVITE_GUARDIANS,
        Capability.ISSUE_LINKS,
        Capability.ISSUE_ORDERS,
        Capability.MANAGE_COLLEAGUES,
        Capability.MANAGE_FORMS,
        Capability.MANAGE_GUARDIANS,
        Capability.MANAGE_HOLDS,
        Capability.PROPOSE_ERASURES,
        Capability.RECEIVE_RIGHTS_REQUESTS,
        Capability.RECORD_CONSENTS,
        Capability.RECORD_GUARDIANS,
        Capability.REGISTER_SUBJECTS,
        Capability.RESEND_MESSAGES,
        Capability.RESTRICT_PROCESSING,
        Capability.REVEAL_PERSONAL_DATA,
        Capability.REVOKE_CONSENTS,
        Capability.VERIFY_GUARDIANS,
        Capability.VIEW_ACCESS_LOG,
        Capability.VIEW_CLIENTS,
        Capability.VIEW_CONSENTS,
        Capability.VIEW_DISCLOSURES,
        Capability.VIEW_EVIDENCE,
        Capability.VIEW_FORMS,
        Capability.VIEW_GUARDIANS,
        Capability.VIEW_HOLDINGS,
        Capability.VIEW_INCIDENTS,
        Capability.VIEW_LEDGER,
        Capability.VIEW_MESSAGES,
        Capability.VIEW_ORDERS,
        Capability.VIEW_REGISTER,
        Capability.VIEW_RIGHTS_REQUESTS,
        Capability.VIEW_STAFF,
        Capability.VIEW_SUBJECTS,
        Capability.VIEW_SYSTEMS,
        Capability.WAIVE_ORDERS,
    }
)
"""All that a member may do whose role is limited to schools, if the role has it: what is about people of these schools,
reading the register, and colleagues within these schools. Acts about the whole client, or that need to see people of
several schools (rosters, merges, the end of a school year), are not among them."""
