"""API operations on guardians."""

from children.guardians.api.checks import GuardianChecks, ShowCheck
from children.guardians.api.guardians import GuardianAuthorisations, Guardians

__all__ = ["GuardianAuthorisations", "GuardianChecks", "Guardians", "ShowCheck"]
