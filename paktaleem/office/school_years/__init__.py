"""The end of a school year: the classes of a school move up, and pupils leave."""
