"""Services for webhooks: endpoints, sending, replaying, purging."""
