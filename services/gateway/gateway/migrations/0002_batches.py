"""Which batch a transaction came in."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE transaction ADD COLUMN batch uuid")
    op.execute("CREATE INDEX transaction_batch ON transaction (batch, id) WHERE batch IS NOT NULL")
