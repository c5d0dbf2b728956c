"""Security events: refusals and acts that officers look at, with alerts, and a feed for other systems."""
