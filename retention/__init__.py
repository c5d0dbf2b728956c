"""What is held of whom: collections as they are reported, holdings, and what was collected without authority."""
