"""Console pages of the set-up of clients."""

from paktaleem.onboarding.admin import acts, dashboard, pages, purpose_steps
