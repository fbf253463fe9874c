"""The local stack: PostgreSQL and Kafka from wheels and pinned jars, and the services beside them, in one command."""
