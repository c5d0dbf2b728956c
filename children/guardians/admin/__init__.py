"""Console pages of guardians, their answers, and pending changes."""

from children.guardians.admin import checks, guardians
