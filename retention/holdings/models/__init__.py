"""Models of collections, holdings and incidents."""

from retention.holdings.models.flagged import CollectionDecision, FlaggedCollection
from retention.holdings.models.holdings import Collection, Holding
from retention.holdings.models.incidents import Incident, IncidentCause

__all__ = ["Collection", "CollectionDecision", "FlaggedCollection", "Holding", "Incident", "IncidentCause"]
