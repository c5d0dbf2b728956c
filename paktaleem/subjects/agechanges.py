"""How far changes of ages are that would open the gate, and by which route they came."""

from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["AgeChangeState", "AgeRoute"]


class AgeChangeState(models.TextChoices):
    """How far a change is."""

    WAITING = "waiting", _("Waiting")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    REPLACED = "replaced", _("Replaced by a later one")


class AgeRoute(models.TextChoices):
    """By which route it came."""

    API = "api", _("The learning platform")
    ROSTER = "roster", _("A roster")
    CONSOLE = "console", _("The console")
