"""Django app of the set-up of clients. It has no tables: every step is derived from those of other apps."""

from paktaleem.foundation.operations import extensions


class OnboardingConfig(extensions.PortalAppConfig):
    name = "paktaleem.office.onboarding"
    verbose_name = "set-up of clients"
