"""API operations on guardians."""

from children.api.checks import GuardianChecks, ShowCheck
from children.api.guardians import GuardianAuthorisations, Guardians

__all__ = ["GuardianAuthorisations", "GuardianChecks", "Guardians", "ShowCheck"]
