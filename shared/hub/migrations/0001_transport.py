"""Outbox, inbox, positions and parked messages."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE outbox (
        seq bigserial PRIMARY KEY,
        event_id uuid NOT NULL,
        topic text NOT NULL,
        key text NOT NULL,
        headers jsonb NOT NULL,
        body bytea NOT NULL,
        created_at timestamptz NOT NULL
    )""",
    """
    CREATE TABLE inbox (
        consumer text NOT NULL,
        event_id uuid NOT NULL,
        seen_at timestamptz NOT NULL,
        PRIMARY KEY (consumer, event_id)
    )""",
    "CREATE INDEX inbox_seen_at ON inbox (seen_at)",
    """
    CREATE TABLE position (
        consumer text NOT NULL,
        topic text NOT NULL,
        partition integer NOT NULL,
        next bigint NOT NULL,
        PRIMARY KEY (consumer, topic, partition)
    )""",
    """
    CREATE TABLE parked (
        seq bigserial PRIMARY KEY,
        consumer text NOT NULL,
        event_id uuid NOT NULL,
        topic text NOT NULL,
        key text NOT NULL,
        headers jsonb NOT NULL,
        body bytea NOT NULL,
        state text NOT NULL CHECK (state IN ('waiting', 'retry', 'dead', 'replayed', 'discarded')),
        attempts smallint NOT NULL,
        next_at timestamptz,
        error_class text,
        error_fingerprint text,
        error_text text,
        parked_at timestamptz NOT NULL,
        settled_at timestamptz,
        UNIQUE (consumer, event_id)
    )""",
    "CREATE INDEX parked_open ON parked (consumer, key, seq) WHERE state IN ('waiting', 'retry', 'dead')",
    "CREATE INDEX parked_due ON parked (consumer, next_at) WHERE state = 'retry'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
