"""Every metric of the hub, declared in one place. Each service serves them at /metrics."""

from prometheus_client import Counter, Gauge, Histogram

PUBLISHED = Counter("hub_outbox_published_total", "Events that the broker acked.")
RELAY_RESTARTS = Counter("hub_outbox_relay_restarts_total", "Times the relay began again from the lowest row.")
CONSUMED = Counter("hub_consumed_total", "Events handled for the first time.", ["consumer", "type"])
REPEATED = Counter("hub_repeated_total", "Events dropped because they were handled before.", ["consumer"])
PARKED = Counter("hub_parked_total", "Messages parked.", ["consumer", "state"])
BATCH_SECONDS = Histogram("hub_batch_seconds", "From a batch's first message to its commit.", ["consumer"])
BATCH_SIZE = Histogram(
    "hub_batch_messages", "Messages in a batch.", ["consumer"], buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500)
)
CONSUMER_STOPPED = Gauge("hub_consumer_stopped", "1 when a consumer's position is lost.", ["consumer"])
ATTEMPTS = Counter("hub_delivery_attempts_total", "Attempts by outcome.", ["outcome"])
IN_DOUBT = Counter("hub_delivery_in_doubt_total", "Deliveries that became a question.")
