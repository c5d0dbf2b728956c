"""App configuration of clients, users, memberships, API keys, roles and capabilities."""

from django.conf import settings
from django.core import checks

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.law.profiles import list_problems, read_law
from paktaleem.foundation.operations.extensions import PortalAppConfig, entry
from paktaleem.foundation.text.countries import is_country


def check_law(app_configs: object = None, **_: object) -> list[checks.CheckMessage]:
    """Report a law profile that is wrong: an unknown key or country, no source, a review to come, an overlap."""
    del app_configs
    try:
        problems = list_problems(read_law(settings.LAW_PROFILES), is_country, wall_clock_now().date())
    except ValueError as error:
        problems = [str(error)]
    hint = "See docs/operator.md, LAW_PROFILES."
    return [checks.Error(f"Law profile: {problem}", hint=hint, id="law.E001") for problem in problems]


class AccountsConfig(PortalAppConfig):
    name = "paktaleem.foundation.accounts"
    handlers = (("paktaleem.foundation.accounts.changes.change_kinds", ".client_services.PROTECTION"),)
    families = "api_key: API keys, safeguard: Changes to safeguards, staff: Changes of staff, user: Staff accounts"
    facts = """
        country_full_ages: full ages by country, country_thresholds: age thresholds by country,
        id: number in the register, key: API key, law_on: ages by the law of,
        left_without_administrator: left without an administrator, successor: key that replaces it, user: staff account
    """
    ledger = (
        entry("api_key.issued", "API key issued", severity="low"),
        entry("api_key.narrowed", "Scopes taken from an API key"),
        entry("api_key.revoked", "API key revoked", severity="low"),
        entry("api_key.rotated", "API key replaced"),
        entry("client.change_settled", "Change of a client approved or rejected"),
        entry("client.change_waiting", "Change of a client awaits approval by a second person"),
        entry("client.changed client.registered membership.ended"),
        entry("membership.changed", severity="medium"),
        entry("membership.restored", "Locked membership restored"),
        entry("membership.suspended", "Membership locked after a review of access"),
        entry("safeguard.change_settled", "Change to a safeguard approved or rejected"),
        entry("safeguard.change_waiting", "Change to a safeguard awaits approval by a second person"),
        entry("staff.break_glass_used", "Break-glass act of the host", severity="critical"),
        entry("staff.change_settled", "Change of staff approved or declined", severity="low"),
        entry("staff.change_waiting", "Change of staff awaits approval by a second officer"),
        entry("user.changed", "Account changed"),
        entry("user.code_used", "Recovery code used", severity="medium"),
        entry("user.codes_renewed", "Recovery codes renewed"),
        entry("user.email_changed", "Email address of an account changed", severity="medium"),
        entry("user.enabled", "Account re-enabled", severity="medium"),
        entry("user.erased", "Account erased"),
        entry("user.invited", "Account created and invited"),
        entry("user.key_added", "Security key added"),
        entry("user.key_removed", "Security key removed", severity="medium"),
        entry("user.link_sent_again", "Link to set a password sent again"),
        entry("user.password_changed", "Password changed"),
        entry("user.password_link_sent", "Password link sent by officers", severity="medium"),
        entry("user.password_reset", "Password reset by email link"),
        entry("user.second_factor_reset", "Second factor reset", severity="high"),
        entry("user.totp_added", "Authenticator app added"),
        entry("user.totp_removed", "Authenticator app removed", severity="medium"),
    )

    def ready(self) -> None:
        import paktaleem.foundation.accounts.sessions  # noqa: F401, PLC0415 -- a receiver; needs the app registry

        super().ready()
        checks.register(check_law)
