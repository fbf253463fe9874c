"""What each instance of the service says of itself, so that any of them can tell of all."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE instance (
            ordinal smallint PRIMARY KEY,
            started_at timestamptz NOT NULL,
            seen_at timestamptz NOT NULL,
            parts jsonb NOT NULL,
            breakers jsonb NOT NULL
        )""")
