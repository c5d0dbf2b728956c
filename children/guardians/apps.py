"""App of guardians and their authority to act for children."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry

_CHANGE = "change guardianship state"
_GUARDIAN = "guardianship guardian"
_CHECK = "check guardianship guardian method state"
_CASE = "case purpose outcome"
_AUTHORISATION = "authorisation guardian shares expires_at"
_BY_SCHOOL = "school_authorisation contract"


class GuardiansConfig(PortalAppConfig):
    name = "children.guardians"
    verbose_name = "children and guardians"
    handlers = (
        ("paktaleem.directory.people.selectors.minor_revealed", ".services.verifications.end_authority_of_minors"),
    )
    facts = """
        claimed_at: time that was claimed, school_authorisation: evidence of the school,
        shares: may be shared with others, shown_hash: hash of the text shown
    """
    ledger = (
        entry("client.mechanism_declared", "Client declared its age check and guardian consent methods"),
        entry("guardian.asked_to_confirm", "Guardian asked to confirm a second time"),
        entry("guardian.change_settled", "Change of a guardian approved or rejected", _CHANGE),
        entry("guardian.change_waiting", "Change of a guardian awaits approval by a second person", _CHANGE),
        entry("guardian.changed", "Guardian's authority changed", _GUARDIAN),
        entry("guardian.check_requested", "Provider's check of a guardian requested"),
        entry("guardian.check_settled", "Provider's check of a guardian completed", _CHECK),
        entry("guardian.check_shown", "Web address of a guardian's check viewed"),
        entry("guardian.check_started", "Provider's check of a guardian started", _CHECK),
        entry("guardian.conflict_closed", "Guardians' disagreement resolved", _CASE),
        entry("guardian.conflict_opened", "Guardians disagree", _CASE),
        entry("guardian.ended", sends=_GUARDIAN),
        entry("guardian.given", "Guardian authorised the service", _AUTHORISATION),
        entry("guardian.named", "Guardian registered", _GUARDIAN),
        entry("guardian.refused", "Guardian refused the service", _AUTHORISATION),
        entry("guardian.school_authorisation_ended", "Authorisation by the school ended", _BY_SCHOOL),
        entry("guardian.school_authorised", "School authorised the service", _BY_SCHOOL),
        entry(
            "guardian.verification_false", "Verification of a guardian revoked as false", "guardianship guardian method"
        ),
        entry("guardian.verified", sends="guardianship guardian method strength expires_at"),
        entry("guardian.withdrawn", "Guardian withdrew the authorisation", _AUTHORISATION),
        entry("subject.quarantined", "Data quarantined", "cause"),
        entry("subject.released", "Data released from quarantine", "cause"),
    )
