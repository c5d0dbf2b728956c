"""Guardians, for the learning platform."""

from children.api.guardians import GuardianAuthorisations, Guardians

__all__ = ["GuardianAuthorisations", "Guardians"]
