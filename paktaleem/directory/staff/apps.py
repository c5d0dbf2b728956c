"""Django app of staff: their pages in the console, sign-in, single sign-on, reviews of access."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry

_DATA_KINDS = "paktaleem.foundation.upkeep.periods.kinds.data_kinds"
_PEOPLE = "paktaleem.directory.people.extension_points"


class StaffConfig(PortalAppConfig):
    """Console pages of clients and staff, sign-in with django-allauth and django-axes, reviews of access."""

    name = "paktaleem.directory.staff"
    parts = ("administration", "sign_in", "single_sign_on", "access_reviews")
    handlers = (
        (_DATA_KINDS, ".data_kinds.PERSON"),
        (_DATA_KINDS, ".data_kinds.EVIDENCE"),
        (_DATA_KINDS, ".data_kinds.SESSIONS"),
        (_DATA_KINDS, ".data_kinds.FAILED_SIGN_INS"),
        (_DATA_KINDS, ".former_staff.STAFF_ACCOUNTS"),
        (f"{_PEOPLE}.erasure_holds", ".former_staff.find_needed_accounts"),
        (f"{_PEOPLE}.before_erasure", ".former_staff.erase_account_of"),
        ("paktaleem.directory.people.copies.sections.person_sections", ".former_staff.list_staff_sections"),
        ("paktaleem.foundation.accounts.sign_in_rules.membership_rules", ".single_sign_on.services.narrow_to_sign_on"),
        ("paktaleem.foundation.accounts.sign_in_rules.password_rules", ".single_sign_on.services.needs_single_sign_on"),
        ("paktaleem.foundation.accounts.leaving.ways_in", ".single_sign_on.services.find_ways_in"),
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", ".single_sign_on.exchange.PROVIDER_SECRETS"),
    )
    families = "access_review: Reviews of access, sign_in: Sign-ins, single_sign_on: Single sign-on"
    facts = "honours_second_factor: the provider asks for a second factor"
    ledger = (
        entry("access_review.confirmed", "Access of staff confirmed"),
        entry("access_review.locked", "Review of access closed: unconfirmed memberships locked", severity="low"),
        entry("access_review.opened", "Review of access opened"),
        entry("sign_in.ended", "Session ended"),
        entry("sign_in.locked_out", "Sign-in locked after too many attempts", severity="high"),
        entry("sign_in.succeeded", "Signed in"),
        entry("single_sign_on.ended", "Single sign-on ended"),
        entry("single_sign_on.linked", "School account linked to a member of staff"),
        entry("single_sign_on.passwords_allowed", "Passwords let in again beside single sign-on"),
        entry("single_sign_on.proposed", "Single sign-on proposed"),
        entry("single_sign_on.required", "Single sign-on required"),
        entry("single_sign_on.settled", "Single sign-on approved or declined"),
        entry("single_sign_on.unlinked", "School account unlinked from a member of staff"),
    )

    def ready(self) -> None:
        super().ready()
        from paktaleem.directory.staff.sign_in import evidence  # noqa: PLC0415 -- needs the app registry
        from paktaleem.directory.staff.sign_in.views import OwnPasswordForm  # noqa: PLC0415
        from paktaleem.foundation.console.site import site  # noqa: PLC0415

        evidence.connect()
        site.password_change_form = OwnPasswordForm
