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
            "people.Subject",
            "schools.School",
            "schools.SchoolClass",
            "schools.RosterImport",
            "people.AgeChange",
            "people.PersonMerge",
            "people.Readmission",
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
            "guardians.Guardianship",
            "invitations.Invitation",
            "guardians.GuardianConflict",
            "guardians.GuardianChange",
            "ageing.ComingOfAge",
            "holdings.Incident",
        ),
        more=("people.GuardianClaim", "guardians.Quarantine", "guardians.ChildMechanism", "ageing.AgeNotice"),
        help="children-age-and-who-decides",
    ),
    Section(
        code="requests",
        name=_("Requests"),
        lists=("requests.RightsRequest", "desk.RequestTask", "mailbox.MailMessage", "erasures.ErasureProposal"),
        more=("desk.AuthorityCase", "consent.Restriction", "consent.Objection"),
        help="rights-requests",
    ),
    Section(
        code="retention",
        name=_("Data and retention"),
        lists=(
            "holdings.Holding",
            "holdings.FlaggedCollection",
            "schedule.RetentionRule",
            "disposals.Batch",
            "schedule.Hold",
            "breaches.Breach",
        ),
        more=("holdings.Collection",),
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
        lists=("data_systems.Order", "data_systems.System", "webhooks.Endpoint", "security.SecurityAssessment"),
        more=("data_systems.OrderSet", "data_systems.OrderAlert", "data_systems.SystemKey", "webhooks.Delivery"),
        help="systems-and-orders",
    ),
    Section(
        code="settings",
        name=_("Settings"),
        lists=("accounts.Client", "accounts.User", "accounts.Membership", "accounts.StaffChange", "accounts.ApiKey"),
        more=(
            "staff.AccessReview",
            "staff.Provider",
            "staff.SignOnLink",
            "accounts.ProposedChange",
            "agreements.ClientContact",
            "agreements.DutyAttestation",
            "upkeep.PortalPeriod",
        ),
        help="staff",
    ),
    Section(
        code="evidence",
        name=_("Evidence"),
        lists=(
            "audit.Entry",
            "people.AccessRecord",
            "consent.ConsentEvent",
            "mail.Letter",
            "records.ImpactAssessment",
            "security.SecurityEvent",
        ),
        more=(
            "reports.RegulatorPack",
            "guardians.Verification",
            "guardians.ProviderCheck",
            "guardians.ServiceAuthorisation",
            "guardians.SchoolAuthorisation",
        ),
        help="evidence",
    ),
)
