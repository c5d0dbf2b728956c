"""Permission table: capabilities, the roles that have them, and scopes of API keys. Pure."""

# Support agents have what intake needs: find the person who calls, record, call back, send again. They see no
# register, consent, holding or text of a request.

from enum import StrEnum


class Role(StrEnum):
    """Role of an actor."""

    PRIVACY_OFFICER = "privacy_officer"
    SUPPORT_AGENT = "support_agent"
    AUDITOR = "auditor"
    CLIENT_ADMIN = "client_admin"
    CLIENT_AUDITOR = "client_auditor"
    API_KEY = "api_key"
    SYSTEM = "system"
    DATA_SUBJECT = "data_subject"


OFFICER_ROLES = frozenset({Role.PRIVACY_OFFICER, Role.SUPPORT_AGENT, Role.AUDITOR})
"""Roles of PakTaleem's own staff, who see every client."""


class Capability(StrEnum):
    """A permission. A role has only those listed for it in ROLES_BY_CAPABILITY."""

    VIEW_CLIENTS = "view_clients"
    VIEW_CLIENT_SET_UP = "view_client_set_up"
    MANAGE_CLIENTS = "manage_clients"
    VIEW_STAFF = "view_staff"
    MANAGE_STAFF = "manage_staff"
    MANAGE_COLLEAGUES = "manage_colleagues"
    REVIEW_ACCESS = "review_access"
    LOCK_ACCESS = "lock_access"
    VIEW_API_KEYS = "view_api_keys"
    MANAGE_API_KEYS = "manage_api_keys"
    VIEW_SUBJECTS = "view_subjects"
    VIEW_ROSTERS = "view_rosters"
    VIEW_PERSON_CHANGES = "view_person_changes"
    REGISTER_SUBJECTS = "register_subjects"
    IMPORT_ROSTERS = "import_rosters"
    BULK_DEACTIVATE_PEOPLE = "let_many_vanish"
    MERGE_PEOPLE = "merge_people"
    CLOSE_SCHOOL_YEARS = "close_school_years"
    REVEAL_PERSONAL_DATA = "reveal_personal_data"
    ERASE_SUBJECTS = "erase_subjects"
    VIEW_ACCESS_LOG = "view_who_looked"
    VIEW_REGISTER = "view_register"
    MANAGE_REGISTER = "manage_register"
    WEAKEN_SAFEGUARDS = "weaken_safeguards"
    MANAGE_AGREEMENTS = "manage_agreements"
    SIGN_AGREEMENTS = "sign_agreements"
    ATTEST_DUTIES = "attest_duties"
    ANNOUNCE_NOTICES = "announce_notices"
    ANSWER_ANNOUNCEMENTS = "answer_announcements"
    ANSWER_OBJECTIONS = "answer_objections"
    SIGN_BALANCING_TEST = "sign_balancing_test"
    VIEW_CONSENTS = "view_consents"
    RECORD_CONSENTS = "record_consents"
    REVOKE_CONSENTS = "revoke_consents"
    INVALIDATE_CONSENTS = "invalidate_consents"
    VIEW_FORMS = "view_forms"
    MANAGE_FORMS = "manage_forms"
    CONFIRM_ANSWERS = "confirm_answers"
    VIEW_EVIDENCE = "view_evidence"
    EXPORT_EVIDENCE = "export_evidence"
    RESTRICT_PROCESSING = "restrict_processing"
    REQUEST_DECISIONS = "ask_decisions"
    VIEW_LEDGER = "view_ledger"
    EXPORT_ROWS = "export_rows"
    VIEW_MESSAGES = "view_letters"
    RESEND_MESSAGES = "resend_letters"
    ISSUE_LINKS = "issue_links"
    VIEW_WEBHOOKS = "view_webhooks"
    MANAGE_WEBHOOKS = "manage_webhooks"
    MANAGE_OWN_CHOICES = "own_choices"
    VIEW_SYSTEMS = "view_systems"
    MANAGE_SYSTEMS = "manage_systems"
    VIEW_ORDERS = "view_orders"
    ISSUE_ORDERS = "issue_orders"
    COMPLETE_ORDERS = "carry_out_orders"
    WAIVE_ORDERS = "waive_orders"
    VIEW_GUARDIANS = "view_guardians"
    VIEW_CHILD_RECORDS = "view_child_records"
    MANAGE_GUARDIANS = "manage_guardians"
    VERIFY_GUARDIANS = "verify_guardians"
    RECORD_GUARDIANS = "record_guardians"
    APPROVE_CHILD_CHANGES = "settle_child_changes"
    QUARANTINE_SUBJECTS = "quarantine_subjects"
    DECLARE_MECHANISMS = "declare_mechanisms"
    USE_SANDBOX = "use_sandbox"
    INVITE_GUARDIANS = "invite_guardians"
    REPORT_COLLECTIONS = "report_collections"
    VIEW_HOLDINGS = "view_holdings"
    VIEW_INCIDENTS = "view_incidents"
    CLOSE_INCIDENTS = "settle_incidents"
    VIEW_RIGHTS_REQUESTS = "view_rights_requests"
    VIEW_REQUEST_FIGURES = "view_request_figures"
    VIEW_AUTHORITY_CASES = "view_authority_cases"
    RECEIVE_RIGHTS_REQUESTS = "receive_rights_requests"
    HANDLE_RIGHTS_REQUESTS = "handle_rights_requests"
    TRIAGE_RIGHTS_REQUESTS = "triage_rights_requests"
    EXTEND_RIGHTS_REQUESTS = "extend_rights_requests"
    DECIDE_RIGHTS_REQUESTS = "decide_rights_requests"
    ANSWER_RIGHTS_REQUESTS = "answer_rights_requests"
    CLOSE_RIGHTS_REQUESTS = "close_rights_requests"
    HAND_OVER_COPIES = "hand_over_copies"
    CALL_BACK_RIGHTS_REQUESTS = "call_back_rights_requests"
    OVERRULE_OBJECTIONS = "overrule_objections"
    VIEW_ERASURES = "view_erasures"
    PROPOSE_ERASURES = "propose_erasures"
    APPROVE_ERASURES = "approve_erasures"
    DECIDE_COLLECTIONS = "decide_collections"
    MANAGE_RETENTION = "manage_retention"
    MANAGE_HOLDS = "manage_holds"
    LIFT_HOLDS = "lift_holds"
    REVIEW_DISPOSALS = "review_disposals"
    APPROVE_DISPOSALS = "approve_disposals"
    PROPOSE_EXITS = "propose_exits"
    APPROVE_EXITS = "approve_exits"
    CARRY_OUT_EXITS = "carry_out_exits"
    REPORT_DISCLOSURES = "report_disclosures"
    VIEW_DISCLOSURES = "view_disclosures"
    VIEW_LEGAL_DISCLOSURES = "view_legal_disclosures"
    MANAGE_LEGAL_DISCLOSURES = "manage_legal_disclosures"
    VIEW_PERIODS = "view_periods"
    MANAGE_PERIODS = "manage_periods"
    VIEW_BREACHES = "view_breaches"
    MANAGE_BREACHES = "manage_breaches"
    BUILD_REGULATOR_PACKS = "build_regulator_packs"
    VIEW_SECURITY_EVENTS = "view_security_events"
    VIEW_SECURITY_ASSESSMENTS = "view_security_assessments"
    MANAGE_SECURITY_ASSESSMENTS = "manage_security_assessments"


_OFFICER, _SUPPORT, _AUDITOR = Role.PRIVACY_OFFICER, Role.SUPPORT_AGENT, Role.AUDITOR
_ADMIN, _READER = Role.CLIENT_ADMIN, Role.CLIENT_AUDITOR
_KEY, _SYSTEM = Role.API_KEY, Role.SYSTEM

ROLES_BY_CAPABILITY: dict[Capability, frozenset[Role]] = {
    Capability.VIEW_CLIENTS: frozenset({_OFFICER, _SUPPORT, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.VIEW_CLIENT_SET_UP: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.MANAGE_CLIENTS: frozenset({_OFFICER, _SYSTEM}),
    Capability.VIEW_STAFF: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER}),
    Capability.MANAGE_STAFF: frozenset({_OFFICER}),
    Capability.MANAGE_COLLEAGUES: frozenset({_OFFICER, _ADMIN}),
    Capability.REVIEW_ACCESS: frozenset({_OFFICER, _ADMIN}),
    Capability.LOCK_ACCESS: frozenset({_SYSTEM}),
    Capability.VIEW_API_KEYS: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER}),
    Capability.MANAGE_API_KEYS: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.VIEW_SUBJECTS: frozenset({_OFFICER, _SUPPORT, _AUDITOR, _ADMIN, _READER, _KEY, _SYSTEM}),
    Capability.VIEW_ROSTERS: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.VIEW_PERSON_CHANGES: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.REGISTER_SUBJECTS: frozenset({_OFFICER, _ADMIN, _KEY, _SYSTEM}),
    Capability.IMPORT_ROSTERS: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.BULK_DEACTIVATE_PEOPLE: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.MERGE_PEOPLE: frozenset({_OFFICER, _ADMIN}),
    Capability.CLOSE_SCHOOL_YEARS: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.REVEAL_PERSONAL_DATA: frozenset({_OFFICER, _ADMIN, _KEY}),
    Capability.ERASE_SUBJECTS: frozenset({_OFFICER, _SYSTEM}),
    Capability.VIEW_ACCESS_LOG: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER}),
    Capability.VIEW_REGISTER: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _KEY, _SYSTEM}),
    Capability.MANAGE_REGISTER: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.WEAKEN_SAFEGUARDS: frozenset({_OFFICER, _ADMIN}),
    Capability.MANAGE_AGREEMENTS: frozenset({_OFFICER, _SYSTEM}),
    Capability.SIGN_AGREEMENTS: frozenset({_OFFICER, _ADMIN}),
    Capability.ATTEST_DUTIES: frozenset({_ADMIN}),
    Capability.ANNOUNCE_NOTICES: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.ANSWER_ANNOUNCEMENTS: frozenset({_ADMIN}),
    Capability.ANSWER_OBJECTIONS: frozenset({_OFFICER}),
    Capability.SIGN_BALANCING_TEST: frozenset({_OFFICER, _SYSTEM}),
    Capability.VIEW_CONSENTS: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _KEY, _SYSTEM}),
    Capability.RECORD_CONSENTS: frozenset({_OFFICER, _ADMIN, _KEY, _SYSTEM}),
    Capability.REVOKE_CONSENTS: frozenset({_OFFICER, _ADMIN}),
    Capability.INVALIDATE_CONSENTS: frozenset({_OFFICER}),
    Capability.VIEW_FORMS: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.MANAGE_FORMS: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.CONFIRM_ANSWERS: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.VIEW_EVIDENCE: frozenset({_OFFICER, _ADMIN}),
    Capability.EXPORT_EVIDENCE: frozenset({_OFFICER, _ADMIN}),
    Capability.RESTRICT_PROCESSING: frozenset({_OFFICER, _ADMIN}),
    Capability.REQUEST_DECISIONS: frozenset({_OFFICER, _ADMIN, _KEY, _SYSTEM}),
    Capability.VIEW_LEDGER: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER}),
    Capability.EXPORT_ROWS: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER}),
    Capability.VIEW_MESSAGES: frozenset({_OFFICER, _SUPPORT, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.RESEND_MESSAGES: frozenset({_OFFICER, _SUPPORT, _ADMIN}),
    Capability.ISSUE_LINKS: frozenset({_OFFICER, _SUPPORT, _ADMIN, _KEY, _SYSTEM}),
    Capability.VIEW_WEBHOOKS: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _KEY}),
    Capability.MANAGE_WEBHOOKS: frozenset({_OFFICER, _ADMIN, _KEY, _SYSTEM}),
    Capability.MANAGE_OWN_CHOICES: frozenset({Role.DATA_SUBJECT}),
    Capability.VIEW_SYSTEMS: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.MANAGE_SYSTEMS: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.VIEW_ORDERS: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.ISSUE_ORDERS: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.COMPLETE_ORDERS: frozenset({_OFFICER, _ADMIN, _KEY}),
    Capability.WAIVE_ORDERS: frozenset({_OFFICER, _ADMIN}),
    Capability.VIEW_GUARDIANS: frozenset({_OFFICER, _SUPPORT, _AUDITOR, _ADMIN, _READER, _KEY, _SYSTEM}),
    Capability.VIEW_CHILD_RECORDS: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _KEY, _SYSTEM}),
    Capability.MANAGE_GUARDIANS: frozenset({_OFFICER, _ADMIN, _KEY, _SYSTEM}),
    Capability.VERIFY_GUARDIANS: frozenset({_OFFICER, _ADMIN, _KEY, _SYSTEM}),
    Capability.RECORD_GUARDIANS: frozenset({_OFFICER, _ADMIN, _KEY, _SYSTEM}),
    Capability.APPROVE_CHILD_CHANGES: frozenset({_OFFICER, _ADMIN}),
    Capability.QUARANTINE_SUBJECTS: frozenset({_OFFICER, _SYSTEM}),
    Capability.DECLARE_MECHANISMS: frozenset({_ADMIN, _SYSTEM}),
    Capability.USE_SANDBOX: frozenset({_OFFICER, _ADMIN, _KEY}),
    Capability.INVITE_GUARDIANS: frozenset({_OFFICER, _ADMIN, _KEY, _SYSTEM}),
    Capability.REPORT_COLLECTIONS: frozenset({_KEY, _SYSTEM}),
    Capability.VIEW_HOLDINGS: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _KEY, _SYSTEM}),
    Capability.VIEW_INCIDENTS: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.CLOSE_INCIDENTS: frozenset({_OFFICER, _SYSTEM}),
    Capability.VIEW_RIGHTS_REQUESTS: frozenset({_OFFICER, _SUPPORT, _AUDITOR, _ADMIN, _READER, _KEY, _SYSTEM}),
    Capability.VIEW_REQUEST_FIGURES: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.VIEW_AUTHORITY_CASES: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.RECEIVE_RIGHTS_REQUESTS: frozenset({_OFFICER, _SUPPORT, _ADMIN, _KEY, _SYSTEM}),
    Capability.HANDLE_RIGHTS_REQUESTS: frozenset({_OFFICER, _ADMIN}),
    Capability.TRIAGE_RIGHTS_REQUESTS: frozenset({_OFFICER}),
    Capability.EXTEND_RIGHTS_REQUESTS: frozenset({_OFFICER, _ADMIN}),
    Capability.DECIDE_RIGHTS_REQUESTS: frozenset({_OFFICER, _ADMIN}),
    Capability.ANSWER_RIGHTS_REQUESTS: frozenset({_OFFICER, _ADMIN}),
    Capability.CLOSE_RIGHTS_REQUESTS: frozenset({_OFFICER, _ADMIN}),
    Capability.HAND_OVER_COPIES: frozenset({_OFFICER, _ADMIN}),
    Capability.CALL_BACK_RIGHTS_REQUESTS: frozenset({_OFFICER, _SUPPORT, _ADMIN}),
    Capability.OVERRULE_OBJECTIONS: frozenset({_OFFICER}),
    Capability.VIEW_ERASURES: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.PROPOSE_ERASURES: frozenset({_OFFICER, _ADMIN}),
    Capability.APPROVE_ERASURES: frozenset({_OFFICER, _ADMIN}),
    Capability.DECIDE_COLLECTIONS: frozenset({_OFFICER, _ADMIN}),
    Capability.MANAGE_RETENTION: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.MANAGE_HOLDS: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.LIFT_HOLDS: frozenset({_OFFICER, _ADMIN}),
    Capability.REVIEW_DISPOSALS: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.APPROVE_DISPOSALS: frozenset({_OFFICER, _ADMIN}),
    Capability.PROPOSE_EXITS: frozenset({_OFFICER, _ADMIN}),
    Capability.APPROVE_EXITS: frozenset({_OFFICER}),
    Capability.CARRY_OUT_EXITS: frozenset({_SYSTEM}),
    Capability.REPORT_DISCLOSURES: frozenset({_KEY, _SYSTEM}),
    Capability.VIEW_DISCLOSURES: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.VIEW_LEGAL_DISCLOSURES: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER}),
    Capability.MANAGE_LEGAL_DISCLOSURES: frozenset({_OFFICER}),
    Capability.VIEW_PERIODS: frozenset({_OFFICER, _AUDITOR}),
    Capability.MANAGE_PERIODS: frozenset({_OFFICER}),
    Capability.VIEW_BREACHES: frozenset({_OFFICER, _AUDITOR, _ADMIN, _READER, _SYSTEM}),
    Capability.MANAGE_BREACHES: frozenset({_OFFICER}),
    Capability.BUILD_REGULATOR_PACKS: frozenset({_OFFICER, _ADMIN, _SYSTEM}),
    Capability.VIEW_SECURITY_EVENTS: frozenset({_OFFICER, _AUDITOR}),
    Capability.VIEW_SECURITY_ASSESSMENTS: frozenset({_OFFICER, _AUDITOR}),
    Capability.MANAGE_SECURITY_ASSESSMENTS: frozenset({_OFFICER}),
}

SENSITIVE: frozenset[Capability] = frozenset(
    {
        Capability.WEAKEN_SAFEGUARDS,
        Capability.ANNOUNCE_NOTICES,
        Capability.ERASE_SUBJECTS,
        Capability.HAND_OVER_COPIES,
        Capability.LIFT_HOLDS,
        Capability.BULK_DEACTIVATE_PEOPLE,
        Capability.CLOSE_SCHOOL_YEARS,
        Capability.MANAGE_API_KEYS,
        Capability.MANAGE_CLIENTS,
        Capability.MANAGE_STAFF,
        Capability.MANAGE_COLLEAGUES,
        Capability.REVIEW_ACCESS,
        Capability.SIGN_AGREEMENTS,
        Capability.SIGN_BALANCING_TEST,
        Capability.PROPOSE_ERASURES,
        Capability.APPROVE_ERASURES,
        Capability.APPROVE_DISPOSALS,
        Capability.PROPOSE_EXITS,
        Capability.APPROVE_EXITS,
        Capability.BUILD_REGULATOR_PACKS,
    }
)
"""Capabilities that need recent re-authentication: irreversible actions, or actions that grant access.

Revealing personal data is not among them: it is daily work, and each access is recorded with its reason.
"""

PRIVILEGED: frozenset[Capability] = SENSITIVE | {
    Capability.APPROVE_CHILD_CHANGES,
    Capability.MANAGE_BREACHES,
    Capability.MERGE_PEOPLE,
    Capability.MANAGE_PERIODS,
    Capability.WAIVE_ORDERS,
}
"""Capabilities that make a role privileged: sensitive ones, and those that approve what another person proposed.

Privileged staff are made, re-enabled and recovered by two people (decision 0054).
"""

SANDBOX_CAPABILITIES: frozenset[Capability] = frozenset(
    {
        Capability.ANNOUNCE_NOTICES,
        Capability.REQUEST_DECISIONS,
        Capability.ERASE_SUBJECTS,
        Capability.INVALIDATE_CONSENTS,
        Capability.ISSUE_ORDERS,
        Capability.MANAGE_AGREEMENTS,
        Capability.MANAGE_REGISTER,
        Capability.RECORD_CONSENTS,
        Capability.REGISTER_SUBJECTS,
        Capability.RESTRICT_PROCESSING,
        Capability.REVOKE_CONSENTS,
        Capability.MANAGE_GUARDIANS,
        Capability.QUARANTINE_SUBJECTS,
        Capability.RECORD_GUARDIANS,
        Capability.VERIFY_GUARDIANS,
        Capability.VIEW_SUBJECTS,
    }
)
"""Capabilities to force a state or make an order in a sandbox, within that sandbox only."""

KEY_SCOPES: dict[str, frozenset[Capability]] = {
    "subjects:read": frozenset({Capability.VIEW_SUBJECTS}),
    "subjects:write": frozenset({Capability.REGISTER_SUBJECTS}),
    "subjects:reveal": frozenset({Capability.REVEAL_PERSONAL_DATA}),
    "register:read": frozenset({Capability.VIEW_REGISTER}),
    "consents:read": frozenset({Capability.VIEW_CONSENTS}),
    "consents:write": frozenset({Capability.RECORD_CONSENTS}),
    "decisions:ask": frozenset({Capability.REQUEST_DECISIONS}),
    "links:write": frozenset({Capability.ISSUE_LINKS}),
    "orders": frozenset({Capability.COMPLETE_ORDERS}),
    "guardians:read": frozenset({Capability.VIEW_GUARDIANS, Capability.VIEW_CHILD_RECORDS}),
    "guardians:write": frozenset(
        {
            Capability.MANAGE_GUARDIANS,
            Capability.VERIFY_GUARDIANS,
            Capability.RECORD_GUARDIANS,
            Capability.INVITE_GUARDIANS,
        }
    ),
    "sandbox": frozenset({Capability.USE_SANDBOX}),
    "holdings:read": frozenset({Capability.VIEW_HOLDINGS}),
    "holdings:write": frozenset({Capability.REPORT_COLLECTIONS}),
    "disclosures:write": frozenset({Capability.REPORT_DISCLOSURES}),
    "requests:read": frozenset({Capability.VIEW_RIGHTS_REQUESTS}),
    "requests:write": frozenset({Capability.RECEIVE_RIGHTS_REQUESTS}),
    "webhooks:manage": frozenset({Capability.VIEW_WEBHOOKS, Capability.MANAGE_WEBHOOKS}),
}
"""Capabilities by scope; an API key has the union of its scopes."""


def is_privileged(role: Role | str) -> bool:
    """Return True if a role has a privileged capability: privacy officers and administrators of clients."""
    return bool(PRIVILEGED & _capabilities(role))


def is_wider(new: Role | str, old: Role | str) -> bool:
    """Return True if a role is privileged and has a capability that another has not."""
    return is_privileged(new) and bool(_capabilities(new) - _capabilities(old))


def _capabilities(role: Role | str) -> frozenset[Capability]:
    return frozenset(capability for capability, roles in ROLES_BY_CAPABILITY.items() if Role(role) in roles)
