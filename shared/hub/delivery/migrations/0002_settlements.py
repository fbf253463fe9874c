"""Operators' settlements of deliveries in doubt, and what was found out about them afterwards."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """
    ALTER TABLE delivery
        ADD COLUMN settled_by text,
        ADD COLUMN settled_at timestamptz,
        ADD COLUMN settled_as text CHECK (settled_as IN ('delivered', 'failed', 'not_sent')),
        ADD COLUMN settled_reason text,
        ADD COLUMN asked_until timestamptz,
        ADD COLUMN found_out text CHECK (found_out IN ('delivered', 'failed', 'not_sent')),
        ADD COLUMN found_out_at timestamptz""",
    "DROP INDEX delivery_due",
    "CREATE INDEX delivery_due ON delivery (due_at) WHERE result IS NULL OR asked_until IS NOT NULL",
    "CREATE INDEX delivery_failed ON delivery (transaction_id, leg) WHERE result = 'failed'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
