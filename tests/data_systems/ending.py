"""A system is ended by two people: proposed during the set-up, agreed to by Amina."""

from datetime import datetime

from paktaleem.directory.data_systems.models import System
from paktaleem.directory.data_systems.services.registering import end_system, propose_system_end
from paktaleem.foundation.audit.actors import Reason
from tests.cast import Cast
from tests.factories import SETTING_UP


def end_by_two_people(cast: Cast, system: System, *, at: datetime) -> None:
    propose_system_end(system, actor=SETTING_UP, reason=Reason.REVIEW, at=at)
    end_system(system, actor=cast.actor("amina"), reason=Reason.REVIEW, at=at)
