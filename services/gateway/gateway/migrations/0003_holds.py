"""Transactions that wait until a time, and how long a company's wait before they are let go."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    "ALTER TABLE company ADD COLUMN hold_minutes integer NOT NULL DEFAULT 0 CHECK (hold_minutes >= 0)",
    "ALTER TABLE transaction ADD COLUMN send_not_before timestamptz, ADD COLUMN held boolean NOT NULL DEFAULT false",
    "CREATE INDEX transaction_held ON transaction (send_not_before) WHERE held",
    # What is held is in no install's queue, so that the releaser never looks past it.
    "DROP INDEX transaction_waiting",
    "CREATE INDEX transaction_waiting ON transaction (install, id) WHERE released_at IS NULL AND NOT held",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
