"""Copies of the register, and the decisions."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE company (
        organisation_number text PRIMARY KEY,
        address text NOT NULL,
        entry jsonb NOT NULL,
        version bigint NOT NULL
    )""",
    "CREATE INDEX company_address ON company (address)",
    """
    CREATE TABLE activation (
        company text NOT NULL,
        service text NOT NULL,
        entry jsonb NOT NULL,
        version bigint NOT NULL,
        PRIMARY KEY (company, service)
    )""",
    """
    CREATE TABLE engagement (
        id uuid PRIMARY KEY,
        company text NOT NULL,
        office text NOT NULL,
        entry jsonb NOT NULL,
        version bigint NOT NULL
    )""",
    """
    CREATE TABLE register_seen (
        singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        version bigint NOT NULL
    )""",
    "INSERT INTO register_seen (version) VALUES (0)",
    """
    CREATE TABLE decision (
        transaction_id uuid NOT NULL,
        leg integer NOT NULL,
        channel text,
        chosen_by text,
        facts jsonb NOT NULL,
        reasons jsonb NOT NULL,
        event_id uuid NOT NULL,
        event_type text NOT NULL,
        event_body jsonb NOT NULL,
        decided_at timestamptz NOT NULL,
        PRIMARY KEY (transaction_id, leg)
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
