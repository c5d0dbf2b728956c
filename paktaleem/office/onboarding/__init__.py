"""The set-up of a client as one path: derived steps, a starting set, and a file that does the same."""
