"""Terms of the W3C Data Privacy Vocabulary (DPV 2.3) used in consent records and receipts. Pure.

Records and receipts are JSON-LD in these terms (ISO/IEC TS 27560:2023 through the DPV guide, final report of
2026-02-15). The JSON-LD context is pinned: it is served at ``CONTEXT_PATH`` and included in every evidence bundle, so
that documents expand offline.
"""

from collections.abc import Iterable
from typing import Any

CONTEXT_PATH = "/ns/consent/v1"
_PROFILES = "https://w3id.org/dpv/schema/dpv-27560#"
RECORD_PROFILE = f"{_PROFILES}record-eu-gdpr"
RECEIPT_PROFILE = f"{_PROFILES}receipt-eu-gdpr"

_PREFIXES = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "loc": "https://w3id.org/dpv/loc#",
    "edu": "https://w3id.org/dpv/sector/education#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_REFERENCES = (
    "dct:conformsTo",
    "dct:publisher",
    "dpv:hasConsentControl",
    "dpv:hasConsentStatus",
    "dpv:hasDataController",
    "dpv:hasDataProcessor",
    "dpv:hasDataSource",
    "dpv:hasDataSubject",
    "dpv:hasEntity",
    "dpv:hasJurisdiction",
    "dpv:hasLegalBasis",
    "dpv:hasLocation",
    "dpv:hasNecessity",
    "dpv:hasNotice",
    "dpv:hasPersonalData",
    "dpv:hasProcess",
    "dpv:hasProcessing",
    "dpv:hasPurpose",
    "dpv:hasRecipient",
    "dpv:hasRecordOfActivity",
    "dpv:hasRight",
    "dpv:hasStorageCondition",
    "dpv:isExercisedAt",
    "dpv:isImplementedByEntity",
    "dpv:isIndicatedBy",
    "schema:url",
    "skos:broader",
)
_MOMENTS = ("dct:created", "dct:issued", "dpv:isIndicatedAtTime")


def _typed(names: Iterable[str], kind: str) -> dict[str, object]:
    return {name: {"@type": kind} for name in names}


CONTEXT: dict[str, Any] = {
    "@context": {"@version": 1.1, **_PREFIXES, **_typed(_REFERENCES, "@id"), **_typed(_MOMENTS, "xsd:dateTime")}
}
"""The JSON-LD context: prefixes, and which values are references or timestamps."""

STATES = {
    "unknown": "dpv:ConsentUnknown",
    "requested": "dpv:ConsentRequested",
    "deferred": "dpv:ConsentRequestDeferred",
    "given": "dpv:ConsentGiven",
    "refused": "dpv:ConsentRefused",
    "withdrawn": "dpv:ConsentWithdrawn",
    "revoked": "dpv:ConsentRevoked",
    "expired": "dpv:ConsentExpired",
    "invalidated": "dpv:ConsentInvalidated",
}
"""Consent states → DPV consent statuses. DPV has no status for `outdated`, a consent no longer valid."""

BASES = {
    "consent": "eu-gdpr:A6-1-a",
    "contract": "eu-gdpr:A6-1-b",
    "legal_obligation": "eu-gdpr:A6-1-c",
    "legitimate_interest": "eu-gdpr:A6-1-f",
}
"""Lawful bases → the points of GDPR article 6(1)."""

CATEGORIES = {
    "contact_details": "pd:Contact",
    "credentials": "pd:Authenticating",
    "organisation": "pd:School",
    "billing": "pd:Transactional",
    "usage_logs": "pd:ServiceConsumptionBehaviour",
    "device": "pd:DeviceBased",
    "content": "pd:Education",
    "support_communications": "pd:Communication",
}
"""The eight types of personal data of the policy → broader DPV categories."""

PEOPLE = {"student": "dpv:Student", "learner": "dpv:Student", "instructor": "dpv:Employee"}
"""Roles → DPV classes of people, where DPV has one."""

GUARDIANS = {"parent": "dpv:ParentOfDataSubject"}
"""Relationships → DPV classes; any other relationship is a guardian."""

WITHDRAWAL = "eu-gdpr:A7-3"
RIGHTS = (WITHDRAWAL, *(f"eu-gdpr:A{article}" for article in (15, 16, 17, 18, 20, 77)))
"""Withdrawal, access, rectification, erasure, restriction, portability, complaint: the rights under consent."""

_DPV_PURPOSES = (
    "AcademicResearch AccountManagement Advertising AgeVerification CommercialPurpose CommercialResearch "
    "CommunicationForCustomerCare CommunicationManagement CustomerCare CustomerClaimsManagement "
    "CustomerManagement CustomerOrderManagement CustomerRelationshipManagement DataAltruism DeliveryOfGoods "
    "DirectMarketing DisputeManagement EnforceAccessControl EnforceSecurity EstablishContractualAgreement "
    "FraudPreventionAndDetection FulfilmentOfContractualObligation FulfilmentOfObligation HumanResourceManagement "
    "IdentityAuthentication IdentityVerification ImproveExistingProductsAndServices IncreaseServiceRobustness "
    "InternalResourceOptimisation LegalCompliance Marketing MemberPartnerManagement MisusePreventionAndDetection "
    "NonCommercialPurpose NonCommercialResearch OptimiseUserInterface OptimisationForConsumer "
    "OptimisationForController OrganisationComplianceManagement OrganisationGovernance OrganisationRiskManagement "
    "PaymentManagement Personalisation PersonalisedAdvertising PersonalisedBenefits PersonnelManagement "
    "ProtectionOfPublicSecurity ProvideEventRecommendations ProvidePersonalisedRecommendations "
    "ProvideProductRecommendations PublicBenefit PublicRelations RecordManagement RepairImpairments "
    "RequestedServiceProvision ResearchAndDevelopment RightsFulfilment ScientificResearch SearchFunctionalities "
    "ServiceOptimisation ServicePersonalisation ServiceProvision ServiceRegistration ServiceUsageAnalytics "
    "SocialMediaMarketing TargetedAdvertising TechnicalServiceProvision UserInterfacePersonalisation Verification"
)
_EDU_PURPOSES = (
    "AccessManagement ResearchManagement ServiceProvision StaffManagement StaffPerformanceAssessment "
    "StudentAdmissionManagement StudentAssignmentAssessment StudentAttendanceManagement StudentCheatingAssessment "
    "StudentContentDelivery StudentCourseAllocation StudentExamAssessment StudentFeesManagement "
    "StudentGuidanceManagement StudentIdentityVerification StudentInPersonProctoring "
    "StudentLearningFeedbackManagement StudentLearningNeedsAssessment StudentLearningOutcomeAssessment "
    "StudentOnlineProctoring StudentPerformanceMonitoring StudentPersonalisedContentDelivery "
    "StudentPlagiarismDetection StudentResourceAccessManagement StudentSpecialNeedsManagement "
    "StudentWellbeingManagement"
)
PURPOSES = frozenset(
    {f"dpv:{name}" for name in _DPV_PURPOSES.split()} | {f"edu:{name}" for name in _EDU_PURPOSES.split()}
)
"""Purposes of DPV and its education extension that may be named as broader purpose; selling is not included."""

_MARKETING = (
    "Advertising DirectMarketing Marketing PersonalisedAdvertising PublicRelations SocialMediaMarketing "
    "TargetedAdvertising"
)
MARKETING = frozenset(f"dpv:{name}" for name in _MARKETING.split())
"""Terms of marketing: an objection to it is absolute (GDPR Art. 21(3))."""
DIRECTORY = "directory_information"
"""The code, or its beginning, of purposes that publish directory information of a school (FERPA, 34 CFR 99.37)."""


def country(code: str) -> str:
    """Return the DPV term of a country or territory, given its ISO 3166 code."""
    return f"loc:{code.strip().upper()}"
