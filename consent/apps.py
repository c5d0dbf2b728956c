"""Django app of the register, notices, consents and decisions."""

from paktaleem.foundation.operations import extensions


class ConsentConfig(extensions.PortalAppConfig):
    name = "consent"
    parts = ("register", "notices", "consents", "decisions", "receipts")
    handlers = (
        (
            "paktaleem.directory.data_systems.extension_points.category_models",
            "consent.register.models.purposes.DataCategory",
        ),
        (
            "children.guardians.services.guardians.refusal_checks",
            "consent.consents.services.consent_basis.has_refused_a_purpose",
        ),
        ("paktaleem.foundation.accounts.changes.change_kinds", "consent.register.services.BASIS"),
        ("paktaleem.foundation.accounts.changes.change_kinds", "consent.register.services.CAPACITY"),
        ("paktaleem.foundation.accounts.changes.change_kinds", "consent.register.services.ACCOUNT"),
        ("paktaleem.foundation.accounts.changes.change_kinds", "consent.register.services.WORDS"),
        ("paktaleem.foundation.accounts.changes.change_kinds", "consent.register.services.SUSPENSION"),
        ("paktaleem.foundation.accounts.changes.change_kinds", "consent.consents.services.restrictions.LIFT"),
        ("paktaleem.foundation.accounts.changes.change_kinds", "consent.notices.services.announcements.RECIPIENT"),
        (
            "children.guardians.services.verifications.verification_found_false",
            "consent.consents.services.revocation.invalidate_unverified_consents",
        ),
        (
            "children.guardians.services.answers.service_changed",
            "consent.consents.services.restrictions.order_after_service_change",
        ),
        ("children.guardians.services.answers.first_notices", "consent.notices.selectors.notices.find_first_policy"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", "consent.decisions.models.CHANGE_FEED"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", "consent.decisions.log.DECISION_COUNTS"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", "consent.decisions.log.LOGGED_DECISIONS"),
        (
            "paktaleem.directory.people.copies.sections.person_files",
            "consent.consents.selectors.consents.list_evidence_files",
        ),
    )
