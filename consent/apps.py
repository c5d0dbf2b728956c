"""Django app of the register, notices, consents and decisions."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, SentEvent, entry

_CONSENT = "event purpose expires_at"
_OF_PURPOSE = "id purpose"
_NOTICE = (SentEvent("notice number material effective_at", is_shared=True),)


def _of_recipient(kind: str, label: str) -> SentEvent:
    return SentEvent("id", f"recipient.{kind}", label, "consent.recipient", is_shared=True)


def _of_approval(kind: str, label: str) -> SentEvent:
    facts = "id recipient objection_until"
    return SentEvent(facts, f"recipient.{kind}", label, "consent.recipientapproval", is_shared=True)


class ConsentConfig(PortalAppConfig):
    name = "consent"
    parts = ("register", "notices", "consents", "decisions", "receipts")
    handlers = (
        ("paktaleem.directory.data_systems.extension_points.category_models", ".register.models.purposes.DataCategory"),
        (
            "children.guardians.services.guardians.refusal_checks",
            ".consents.services.consent_basis.has_refused_a_purpose",
        ),
        ("paktaleem.foundation.accounts.changes.change_kinds", ".register.services.BASIS"),
        ("paktaleem.foundation.accounts.changes.change_kinds", ".register.services.CAPACITY"),
        ("paktaleem.foundation.accounts.changes.change_kinds", ".register.services.ACCOUNT"),
        ("paktaleem.foundation.accounts.changes.change_kinds", ".register.services.WORDS"),
        ("paktaleem.foundation.accounts.changes.change_kinds", ".register.services.RISK"),
        ("paktaleem.foundation.accounts.changes.change_kinds", ".register.services.SUSPENSION"),
        ("paktaleem.foundation.accounts.changes.change_kinds", ".consents.services.restrictions.LIFT"),
        ("paktaleem.foundation.accounts.changes.change_kinds", ".notices.services.announcements.RECIPIENT"),
        (
            "children.guardians.services.verifications.verification_found_false",
            ".consents.services.revocation.invalidate_unverified_consents",
        ),
        (
            "children.guardians.services.answers.service_changed",
            ".consents.services.restrictions.order_after_service_change",
        ),
        ("children.guardians.services.answers.first_notices", ".notices.selectors.notices.find_first_policy"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".decisions.models.CHANGE_FEED"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".decisions.log.DECISION_COUNTS"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".decisions.log.LOGGED_DECISIONS"),
        ("paktaleem.directory.people.copies.sections.person_files", ".consents.selectors.consents.list_evidence_files"),
    )
    families = "balancing: Balancing tests, decision_log: Decision log, policy: Policy, register: Register"
    facts = """
        becomes_state: state from then on, dispatched_at: sent out at, effective_at: in effect from,
        manifest: hash of the list of files, material: material change, notice_days: days of notice,
        notice_version: version of the notice, objection_until: objection possible until, test: balancing test
    """
    ledger = (
        entry("assessment.answered", "Questions of an assessment answered"),
        entry("assessment.approved", "Assessment approved by a second person"),
        entry("assessment.consulted", "Answer of the authority on an assessment recorded"),
        entry("balancing.signed", "Balancing test signed"),
        entry("consent.deferred consent.expired consent.given consent.invalidated consent.refused", sends=_CONSENT),
        entry("consent.evidence_added", "Evidence added to a consent"),
        entry("consent.evidence_exported", "Evidence of consents exported", severity="medium"),
        entry("consent.outdated consent.unknown decision_log.changed policy.acknowledged"),
        entry("consent.requested consent.revoked consent.withdrawn", sends=_CONSENT),
        entry("decision_log.turned_down", "Less of the decisions logged, or for fewer days"),
        entry("notice.acknowledged", "Client acknowledged a notice"),
        entry("notice.announced notice.published", sends=_NOTICE),
        entry("notice.answered", "Objection to a notice answered"),
        entry("notice.dispatched", "Notice sent to a client", "notice number material takes_effect_at"),
        entry("notice.objected", "Client objected to a notice"),
        entry("notice.took_effect", sends="notice number material took_effect_at"),
        entry("notice.withdrawn", "Client withdrew its objection to a notice"),
        entry("objection.lifted objection.opened restriction.lifted", sends=_OF_PURPOSE),
        entry("purpose.widened", sends=(SentEvent("purpose kind added", is_shared=True),)),
        entry(
            "register.added",
            "Register entry added",
            (_of_recipient("added", "Recipient added"), _of_approval("approved", "Recipient approved")),
        ),
        entry(
            "register.changed",
            "Register entry changed",
            (
                _of_recipient("changed", "Recipient changed"),
                _of_approval("approval_changed", "Approval of a recipient changed"),
            ),
        ),
        entry("restriction.opened", "Processing restricted", _OF_PURPOSE),
    )
