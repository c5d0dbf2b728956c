"""The menu of the console: which lists belong together, and which of them are used every day.

Every list of the console is in exactly one section (tests/console/test_pages.py). ``lists`` are in the menu, most used
first; ``more`` are logs and rare lists, behind the tabs of their section and in the menu's filter.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.console.site import Section


def _section(code: str, name: Promise, *, help: str, lists: str, more: str) -> Section:  # noqa: A002 -- its name there
    return Section(code, name, tuple(lists.split()), tuple(more.split()), help)


SECTIONS = (
    _section(
        "people",
        _("People"),
        help="people",
        lists="people.Subject schools.School schools.SchoolClass schools.RosterImport people.AgeChange "
        "people.PersonMerge people.Readmission",
        more="schools.Term",
    ),
    _section(
        "consent",
        _("Consent and notices"),
        help="consent",
        lists="consent.Consent paper.PaperAnswer paper.FormRun consent.Notice consent.NoticeDraft consent.Purpose "
        "cookies.Cookie",
        more="consent.ConsentEvidence consent.NoticeVersion consent.NoticeDispatch consent.DataCategory "
        "consent.Occasion consent.LawfulBasis consent.ListedLaw consent.BalancingTest consent.Assessment "
        "cookies.CookieSite cookies.CookieChoice cookies.LinkedService",
    ),
    _section(
        "children",
        _("Children"),
        help="children-age-and-who-decides",
        lists="guardians.Guardianship invitations.Invitation guardians.GuardianConflict guardians.GuardianChange "
        "ageing.ComingOfAge holdings.Incident",
        more="people.GuardianClaim guardians.Quarantine guardians.ChildMechanism ageing.AgeNotice",
    ),
    _section(
        "requests",
        _("Requests"),
        help="rights-requests",
        lists="requests.RightsRequest desk.RequestTask mailbox.MailMessage erasures.ErasureProposal",
        more="desk.AuthorityCase consent.Restriction consent.Objection",
    ),
    _section(
        "retention",
        _("Data and retention"),
        help="how-long-data-is-kept",
        lists="holdings.Holding holdings.FlaggedCollection schedule.RetentionRule disposals.Batch schedule.Hold "
        "breaches.Breach",
        more="holdings.Collection",
    ),
    _section(
        "sharing",
        _("Sharing"),
        help="the-register",
        lists="consent.Recipient consent.ServiceAgreement consent.Instruction sharing.Disclosure "
        "sharing.LegalDisclosure",
        more="consent.RecipientApproval consent.AgreementSuspension consent.PurposeCapacity exits.AgreementExit "
        "sharing.BusinessTransfer",
    ),
    _section(
        "systems",
        _("Systems"),
        help="systems-and-orders",
        lists="data_systems.Order data_systems.System data_map.MapLine inventories.InventoryLine reports.UseFinding "
        "webhooks.Endpoint security.SecurityAssessment",
        more="data_systems.OrderSet data_systems.OrderAlert data_systems.SystemKey inventories.Inventory "
        "webhooks.Delivery",
    ),
    _section(
        "settings",
        _("Settings"),
        help="staff",
        lists="accounts.Client accounts.User accounts.Membership accounts.StaffChange accounts.ApiKey",
        more="staff.AccessReview staff.Provider staff.SignOnLink accounts.ProposedChange agreements.ClientContact "
        "agreements.DutyAttestation consent.DecisionLogSetting upkeep.PortalPeriod",
    ),
    _section(
        "evidence",
        _("Evidence"),
        help="evidence",
        lists="audit.Entry people.AccessRecord consent.ConsentEvent mail.Letter security.SecurityEvent",
        more="reports.RegulatorPack guardians.Verification guardians.ProviderCheck guardians.ServiceAuthorisation "
        "guardians.SchoolAuthorisation",
    ),
)
