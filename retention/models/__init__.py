"""Models of collections, holdings and incidents."""

from retention.models.holdings import Collection, Holding
from retention.models.incidents import Incident, IncidentCause

__all__ = ["Collection", "Holding", "Incident", "IncidentCause"]
