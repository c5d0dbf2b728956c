"""What is lost or doubled when processes are killed, receivers fail, and machines stop in the middle: nothing."""
