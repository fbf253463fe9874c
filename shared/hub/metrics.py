"""Every metric of the hub, declared in one place. Each service serves them at /metrics."""

from prometheus_client import Counter, Gauge, Histogram

PUBLISHED = Counter("hub_outbox_published_total", "Events that the broker acked.")
PART_READY = Gauge("hub_part_ready", "1 when a part of the service lacks nothing (/health/ready).", ["part"])
RELAY_RESTARTS = Counter("hub_outbox_relay_restarts_total", "Times the relay began again from the lowest row.")
CONSUMED = Counter("hub_consumed_total", "Events handled for the first time.", ["consumer", "type"])
REPEATED = Counter("hub_repeated_total", "Events dropped because they were handled before.", ["consumer"])
PARKED = Counter("hub_parked_total", "Messages parked.", ["consumer", "state"])
BATCH_SECONDS = Histogram("hub_batch_seconds", "From a batch's first message to its commit.", ["consumer"])
BATCH_SIZE = Histogram(
    "hub_batch_messages", "Messages in a batch.", ["consumer"], buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500)
)
CONSUMER_LAG = Gauge("hub_consumer_lag_messages", "Messages in Kafka that were not fetched yet.", ["consumer"])
CONSUMER_REBUILDS = Counter(
    "hub_consumer_rebuilds_total", "Clients built anew because they stood still or got no answer.", ["consumer"]
)
CONSUMER_STOPPED = Gauge(
    "hub_consumer_stopped", "1 when a consumer's position is lost (see /ops/consumers).", ["consumer"]
)
ATTEMPTS = Counter("hub_delivery_attempts_total", "Attempts by channel and outcome.", ["channel", "outcome"])
IN_DOUBT = Counter("hub_delivery_in_doubt_total", "Deliveries that became a question.", ["channel"])
OVERRULED = Counter("hub_delivery_overruled_total", "Settlements by operators that turned out to be wrong.")
QUEUE_DEPTH = Gauge(
    "hub_queue_depth",
    "What waits: outbox, parked (by state), deliveries (due, under way, waiting, in doubt), accepted invoices.",
    ["queue"],
)
QUEUE_OLDEST = Gauge("hub_queue_oldest_seconds", "Age of what has waited longest there, 0 when empty.", ["queue"])
TRANSACTIONS = Counter(
    "hub_transactions_total", "Transactions by what became of them, each time one did (gateway).", ["outcome"]
)
STAGE_SECONDS = Histogram(
    "hub_stage_seconds",
    "From acceptance until a transaction was released, validated, ordered, delivered … (gateway, by event times).",
    ["stage"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400),
)
POOL_WORKERS = Gauge("hub_pool_workers", "Processes that judge documents (ehf-builder).")
POOL_DEPTH = Gauge("hub_pool_depth", "Documents that wait for a process or are being judged (ehf-builder).")
