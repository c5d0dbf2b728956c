"""Permission table: capabilities, the roles that have them, and scopes of API keys. Pure."""

# Support agents have what intake needs: find the person who calls, record, call back, send again. They see no
# register, consent, holding or text of a request.

from enum import StrEnum
from functools import cache
from typing import Self


class Role(StrEnum):
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


_ROLES = {
    "officer": Role.PRIVACY_OFFICER,
    "support": Role.SUPPORT_AGENT,
    "auditor": Role.AUDITOR,
    "admin": Role.CLIENT_ADMIN,
    "reader": Role.CLIENT_AUDITOR,
    "key": Role.API_KEY,
    "system": Role.SYSTEM,
    "subject": Role.DATA_SUBJECT,
}
"""The words for roles in the table of capabilities."""


class Mark(StrEnum):
    SENSITIVE = "sensitive"
    """needs recent re-authentication: an irreversible action, or one that grants access. Revealing personal data is not
    among them: it is daily work, and each access is recorded with its reason"""
    PRIVILEGED = "privileged"
    """makes a role privileged, as sensitive ones do: approves what another person proposed (decision 0054)"""
    LIMITED = "limited"
    """also for a role limited to schools (decision 0098): about people of these schools, reading the register, and
    colleagues within these schools; not about the whole client, nor people of several schools (rosters, merges)"""
    SANDBOX = "sandbox"
    """forces a state or makes an order in a sandbox, within that sandbox only"""


class Capability(StrEnum):
    """A permission: its code, the roles that have it, and its marks. No other role has it.

    What the same roles may do with records of one kind is one permission: a new act takes one that exists, if its roles
    and marks are right.
    """

    _value_: str
    roles: frozenset[Role]
    marks: frozenset[Mark]

    def __new__(cls, code: str, roles: str, marks: str = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.roles = frozenset(_ROLES[word] for word in roles.split())
        member.marks = frozenset(map(Mark, marks.split()))
        return member

    VIEW_CLIENTS = "view_clients", "officer support auditor admin reader system", "limited"
    VIEW_RECORDS = "view_records", "officer auditor admin reader system", "limited"
    MANAGE_CLIENTS = "manage_clients", "officer system", "sensitive"
    MANAGE_STAFF = "manage_staff", "officer", "sensitive"
    MANAGE_COLLEAGUES = "manage_colleagues", "officer admin", "limited sensitive"
    DECIDE_FOR_CLIENT = "decide_for_client", "officer admin", "sensitive"
    RUN_TASKS = "run_tasks", "system"
    VIEW_CLIENT_RECORDS = "view_client_records", "officer auditor admin reader system"
    ADMINISTER_CLIENT = "administer_client", "officer admin system", "sensitive"
    VIEW_SUBJECTS = "view_subjects", "officer support auditor admin reader key system", "limited sandbox"
    REGISTER_SUBJECTS = "register_subjects", "officer admin key system", "limited sandbox"
    MERGE_PEOPLE = "merge_people", "officer admin", "privileged"
    REVEAL_PERSONAL_DATA = "reveal_personal_data", "officer admin key", "limited"
    ERASE_SUBJECTS = "erase_subjects", "officer system", "sensitive sandbox"
    VIEW_REGISTER = "view_register", "officer auditor admin reader key system", "limited"
    MANAGE_REGISTER = "manage_register", "officer admin system", "sandbox"
    MANAGE_AGREEMENTS = "manage_agreements", "officer system", "sandbox"
    ANSWER_FOR_CLIENT = "answer_for_client", "admin"
    ANNOUNCE_NOTICES = "announce_notices", "officer admin system", "sensitive sandbox"
    SUPERVISE = "supervise", "officer", "privileged"
    SIGN_BALANCING_TEST = "sign_balancing_test", "officer system", "sensitive"
    VIEW_CONSENTS = "view_consents", "officer auditor admin reader key system", "limited"
    RECORD_CONSENTS = "record_consents", "officer admin key system", "limited sandbox"
    INVALIDATE_CONSENTS = "invalidate_consents", "officer", "sandbox"
    MANAGE_FORMS = "manage_forms", "officer admin system", "limited"
    VIEW_EVIDENCE = "view_evidence", "officer admin", "limited"
    RESTRICT_PROCESSING = "restrict_processing", "officer admin", "limited sandbox"
    REQUEST_DECISIONS = "ask_decisions", "officer admin key system", "sandbox"
    EXPORT_ROWS = "export_rows", "officer auditor admin reader", "limited"
    VIEW_MESSAGES = "view_letters", "officer support auditor admin reader system", "limited"
    CONTACT_PEOPLE = "contact_people", "officer support admin", "limited"
    ISSUE_LINKS = "issue_links", "officer support admin key system", "limited"
    VIEW_WEBHOOKS = "view_webhooks", "officer auditor admin reader key"
    MANAGE_WEBHOOKS = "manage_webhooks", "officer admin key system"
    MANAGE_OWN_CHOICES = "own_choices", "subject"
    MANAGE_SYSTEMS = "manage_systems", "officer admin system"
    ISSUE_ORDERS = "issue_orders", "officer admin system", "limited sandbox"
    COMPLETE_ORDERS = "carry_out_orders", "officer admin key", "limited"
    APPROVE_CHANGES = "approve_changes", "officer admin", "limited privileged"
    VIEW_GUARDIANS = "view_guardians", "officer support auditor admin reader key system", "limited"
    VIEW_CHILD_RECORDS = "view_child_records", "officer auditor admin reader key system", "limited"
    MANAGE_GUARDIANS = "manage_guardians", "officer admin key system", "limited sandbox"
    QUARANTINE_SUBJECTS = "quarantine_subjects", "officer system", "sandbox"
    DECLARE_MECHANISMS = "declare_mechanisms", "admin system"
    USE_SANDBOX = "use_sandbox", "officer admin key"
    REPORT_COLLECTIONS = "report_collections", "key system"
    VIEW_HOLDINGS = "view_holdings", "officer auditor admin reader key system", "limited"
    CLOSE_INCIDENTS = "settle_incidents", "officer system"
    VIEW_RIGHTS_REQUESTS = "view_rights_requests", "officer support auditor admin reader key system", "limited"
    RECEIVE_RIGHTS_REQUESTS = "receive_rights_requests", "officer support admin key system", "limited"
    HANDLE_RIGHTS_REQUESTS = "handle_rights_requests", "officer admin", "limited"
    HAND_OVER_COPIES = "hand_over_copies", "officer admin", "limited sensitive"
    DECIDE_ERASURES = "decide_erasures", "officer admin", "limited sensitive"
    DECIDE_COLLECTIONS = "decide_collections", "officer admin", "limited"
    MANAGE_RETENTION = "manage_retention", "officer admin system"
    MANAGE_HOLDS = "manage_holds", "officer admin system", "limited"
    APPROVE_EXITS = "approve_exits", "officer", "sensitive"
    REPORT_DISCLOSURES = "report_disclosures", "key system"
    VIEW_SECURITY = "view_security", "officer auditor"


def _list_marked(*marks: Mark) -> frozenset[Capability]:
    return frozenset(capability for capability in Capability if capability.marks & {*marks})


SENSITIVE = _list_marked(Mark.SENSITIVE)
PRIVILEGED = _list_marked(Mark.SENSITIVE, Mark.PRIVILEGED)
LIMITED_CAPABILITIES = _list_marked(Mark.LIMITED)
SANDBOX_CAPABILITIES = _list_marked(Mark.SANDBOX)

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
    "guardians:write": frozenset({Capability.MANAGE_GUARDIANS}),
    "sandbox": frozenset({Capability.USE_SANDBOX}),
    "holdings:read": frozenset({Capability.VIEW_HOLDINGS}),
    "holdings:write": frozenset({Capability.REPORT_COLLECTIONS}),
    "disclosures:write": frozenset({Capability.REPORT_DISCLOSURES}),
    "requests:read": frozenset({Capability.VIEW_RIGHTS_REQUESTS}),
    "requests:write": frozenset({Capability.RECEIVE_RIGHTS_REQUESTS}),
    "webhooks:manage": frozenset({Capability.VIEW_WEBHOOKS, Capability.MANAGE_WEBHOOKS}),
}
"""Capabilities by scope; an API key has the union of its scopes."""


@cache
def capabilities_of(role: Role | str) -> frozenset[Capability]:
    """Return the capabilities of a role. Raises ValueError for an unknown one."""
    return frozenset(capability for capability in Capability if Role(role) in capability.roles)


def is_privileged(role: Role | str) -> bool:
    """Return True if a role has a privileged capability: privacy officers and administrators of clients."""
    return bool(PRIVILEGED & capabilities_of(role))


def is_wider(new: Role | str, old: Role | str) -> bool:
    """Return True if a role is privileged and has a capability that another has not."""
    return is_privileged(new) and bool(capabilities_of(new) - capabilities_of(old))
