"""Django app of single sign-on."""

from paktaleem.foundation.operations.extensions import config


class SingleSignOnConfig(config.PortalAppConfig):
    """Staff of a client sign in with the account of their school, by OpenID Connect."""

    name = "paktaleem.directory.staff.single_sign_on"
    label = "single_sign_on"
    verbose_name = "single sign-on"
    handlers = (
        (
            "paktaleem.foundation.accounts.sign_in_rules.membership_rules",
            "paktaleem.directory.staff.single_sign_on.selectors.narrow_to_sign_on",
        ),
        (
            "paktaleem.foundation.accounts.sign_in_rules.password_rules",
            "paktaleem.directory.staff.single_sign_on.selectors.needs_single_sign_on",
        ),
        (
            "paktaleem.foundation.accounts.ways_in.ways_in",
            "paktaleem.directory.staff.single_sign_on.selectors.find_ways_in",
        ),
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "paktaleem.directory.staff.single_sign_on.exchange.PROVIDER_SECRETS",
        ),
    )
