"""Guardians, their answers, changes that wait for approval, and quarantines."""

from children.guardians.models import guardians, mechanisms
