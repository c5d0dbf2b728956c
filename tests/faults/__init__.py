"""Nothing is lost or duplicated when processes are killed, receivers fail, or machines stop midway."""
