"""The customers' targets."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE target (
            id uuid PRIMARY KEY,
            owner text NOT NULL,
            protocol text NOT NULL CHECK (protocol IN ('sftp')),
            host text NOT NULL,
            port integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
            username text NOT NULL,
            secret bytea NOT NULL,
            folder text NOT NULL,
            host_key text,
            changed_at timestamptz NOT NULL
        )""")
    op.execute("CREATE INDEX target_owner ON target (owner)")
