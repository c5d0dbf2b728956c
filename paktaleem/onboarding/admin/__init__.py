"""Console pages of the set-up of clients."""

from paktaleem.onboarding.admin import acts, dashboard, pages

__all__ = ["acts", "dashboard", "pages"]
