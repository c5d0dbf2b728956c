"""The models of consent, gathered from its packages so that Django finds them."""

from consent.consents import models as consents
from consent.decisions import models as decisions
from consent.notices import models as notices
from consent.register import models as register
