"""The console at a million people and 500 clients; in the suite, at enough of both for the planner to be earnest."""
