"""The desk of rights requests: tasks, letters, call-backs, notices to other channels, and the hand-over to a client."""
