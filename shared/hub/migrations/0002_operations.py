"""What operators do: their audit trail, what they paused, and positions that were lost."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """
    CREATE TABLE audit (
        seq bigserial PRIMARY KEY,
        at timestamptz NOT NULL,
        actor text NOT NULL,
        role text NOT NULL,
        action text NOT NULL,
        target text NOT NULL,
        reason text,
        detail jsonb NOT NULL
    )""",
    "CREATE INDEX audit_target ON audit (target, seq)",
    """
    CREATE TABLE paused (
        kind text NOT NULL CHECK (kind IN ('consumer', 'destination', 'channel')),
        name text NOT NULL,
        paused_at timestamptz NOT NULL,
        paused_by text NOT NULL,
        reason text,
        PRIMARY KEY (kind, name)
    )""",
    """
    CREATE TABLE position_lost (
        consumer text NOT NULL,
        topic text NOT NULL,
        partition integer NOT NULL,
        next bigint NOT NULL,
        begins_at bigint NOT NULL,
        noticed_at timestamptz NOT NULL,
        PRIMARY KEY (consumer, topic, partition)
    )""",
    "ALTER TABLE parked ADD COLUMN error_traceback text",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
