"""The menu of the console: which lists belong together, and which of them are used every day.

Every list of the console is in exactly one section (tests/console/test_pages.py). ``lists`` are in the menu, most used
first; ``more`` are logs and rare lists, behind the tabs of their section and in the menu's filter.
"""

from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.console.site import Section

SECTIONS = (
    Section(
        code="people",
        name=_("People"),
        lists=(
            "subjects.Subject",
            "schools.School",
            "schools.SchoolClass",
            "subjects.RosterImport",
            "subjects.AgeChange",
            "merges.PersonMerge",
            "subjects.Readmission",
        ),
        more=("schools.Term",),
        help="people",
    ),
    Section(
        code="consent",
        name=_("Consent and notices"),
        lists=(
            "consent.Consent",
            "paper.PaperAnswer",
            "paper.FormRun",
            "consent.Notice",
            "consent.NoticeDraft",
            "consent.Purpose",
            "cookies.Cookie",
        ),
        more=(
            "consent.ConsentEvidence",
            "consent.NoticeVersion",
            "consent.NoticeDispatch",
            "consent.DataCategory",
            "consent.Occasion",
            "consent.LawfulBasis",
            "consent.ListedLaw",
            "consent.BalancingTest",
            "consent.SafeguardChange",
            "cookies.CookieSite",
            "cookies.CookieChoice",
            "cookies.LinkedService",
        ),
        help="consent",
    ),
    Section(
        code="children",
        name=_("Children"),
        lists=(
            "children.Guardianship",
            "invitations.Invitation",
            "children.GuardianConflict",
            "children.GuardianChange",
            "ageing.ComingOfAge",
            "retention.Incident",
        ),
        more=("subjects.GuardianClaim", "children.Quarantine", "children.ChildMechanism", "ageing.AgeNotice"),
        help="children-age-and-who-decides",
    ),
    Section(
        code="requests",
        name=_("Requests"),
        lists=("rights.RightsRequest", "desk.RequestTask", "mailbox.MailMessage", "erasures.ErasureProposal"),
        more=("desk.AuthorityCase", "consent.Restriction", "consent.Objection"),
        help="rights-requests",
    ),
    Section(
        code="retention",
        name=_("Data and retention"),
        lists=(
            "retention.Holding",
            "retention.FlaggedCollection",
            "schedule.RetentionRule",
            "disposals.Batch",
            "schedule.Hold",
            "breaches.Breach",
        ),
        more=("retention.Collection", "schedule.HoldLift", "breaches.BreachClosing"),
        help="how-long-data-is-kept",
    ),
    Section(
        code="sharing",
        name=_("Sharing"),
        lists=(
            "consent.Recipient",
            "consent.ServiceAgreement",
            "consent.Instruction",
            "sharing.Disclosure",
            "sharing.LegalDisclosure",
        ),
        more=(
            "consent.RecipientApproval",
            "consent.AgreementSuspension",
            "consent.PurposeCapacity",
            "exits.AgreementExit",
            "sharing.BusinessTransfer",
        ),
        help="the-register",
    ),
    Section(
        code="systems",
        name=_("Systems"),
        lists=("systems.Order", "systems.System", "webhooks.Endpoint", "security_assessments.SecurityAssessment"),
        more=(
            "systems.OrderSet",
            "systems.OrderAlert",
            "systems.SystemKey",
            "webhooks.Delivery",
        ),
        help="systems-and-orders",
    ),
    Section(
        code="settings",
        name=_("Settings"),
        lists=("accounts.Client", "accounts.User", "accounts.Membership", "accounts.StaffChange", "accounts.ApiKey"),
        more=(
            "access_reviews.AccessReview",
            "single_sign_on.Provider",
            "single_sign_on.SignOnLink",
            "accounts.ClientChange",
            "agreements.ClientContact",
            "agreements.DutyAttestation",
            "periods.PeriodChange",
        ),
        help="staff",
    ),
    Section(
        code="evidence",
        name=_("Evidence"),
        lists=(
            "ledger.Entry",
            "subjects.AccessRecord",
            "consent.ConsentEvent",
            "mail.Letter",
            "records.ImpactAssessment",
            "security_events.SecurityEvent",
        ),
        more=(
            "regulator.RegulatorPack",
            "children.Verification",
            "children.ProviderCheck",
            "children.ServiceAuthorisation",
            "children.SchoolAuthorisation",
        ),
        help="evidence",
    ),
)
