"""Usage, and copies of the register's companies and engagements."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE usage (
        seq bigserial NOT NULL UNIQUE,
        transaction_id uuid NOT NULL,
        leg smallint NOT NULL,
        product text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('usage', 'reversal')),
        client text NOT NULL,
        initiator_kind text NOT NULL,
        initiator text NOT NULL,
        direction text NOT NULL,
        channel text,
        usage_date date NOT NULL,
        quantity integer NOT NULL CHECK (quantity > 0),
        recipient text NOT NULL,
        number text NOT NULL,
        document_type text NOT NULL,
        test boolean NOT NULL,
        event_id uuid NOT NULL,
        happened_at timestamptz NOT NULL,
        PRIMARY KEY (transaction_id, leg, product, kind)
    )""",
    "CREATE INDEX usage_by_client ON usage (client, usage_date)",
    "CREATE INDEX usage_by_date ON usage (usage_date)",
    """
    CREATE TABLE company (
        organisation_number text PRIMARY KEY,
        name text NOT NULL,
        version bigint NOT NULL
    )""",
    """
    CREATE TABLE engagement (
        id uuid PRIMARY KEY,
        office text NOT NULL,
        office_name text NOT NULL,
        company text NOT NULL,
        client_number text NOT NULL,
        payer text NOT NULL,
        valid_from date NOT NULL,
        valid_to date,
        version bigint NOT NULL
    )""",
    "CREATE INDEX engagement_by_company ON engagement (company, valid_from)",
    "CREATE INDEX engagement_by_office ON engagement (office)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
