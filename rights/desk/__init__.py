"""The desk of rights requests: tasks, letters, call-backs, authorities' cases, and the hand-over to a client."""
