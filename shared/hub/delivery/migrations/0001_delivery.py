"""Deliveries and their attempts."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE delivery (
        transaction_id uuid NOT NULL,
        leg smallint NOT NULL,
        destination text NOT NULL,
        "order" jsonb NOT NULL,
        order_id uuid NOT NULL,
        ordered_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        lease_until timestamptz,
        lease_owner text,
        fence bigint NOT NULL DEFAULT 0,
        attempts smallint NOT NULL DEFAULT 0,
        doubted_at timestamptz,
        asked smallint NOT NULL DEFAULT 0,
        result text CHECK (result IN ('delivered', 'failed', 'cancelled')),
        result_at timestamptz,
        PRIMARY KEY (transaction_id, leg)
    )""",
    "CREATE INDEX delivery_due ON delivery (due_at) WHERE result IS NULL",
    """
    CREATE TABLE attempt (
        transaction_id uuid NOT NULL,
        leg smallint NOT NULL,
        number smallint NOT NULL,
        fence bigint NOT NULL,
        state text NOT NULL CHECK (state IN ('prepared', 'committing', 'done')),
        started_at timestamptz NOT NULL,
        committing_at timestamptz,
        done_at timestamptz,
        outcome text,
        problem jsonb,
        PRIMARY KEY (transaction_id, leg, number),
        FOREIGN KEY (transaction_id, leg) REFERENCES delivery
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
