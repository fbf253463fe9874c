"""Documents received from Peppol, each once."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE inbound_document (
        transaction_id uuid PRIMARY KEY,
        sender text NOT NULL,
        instance_id text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('invoice', 'credit_note', 'mls', 'invoice_response', 'other')),
        recipient text NOT NULL,
        document_type_id text NOT NULL,
        process_id text NOT NULL,
        country text NOT NULL,
        number text,
        document_key text NOT NULL,
        document_size bigint NOT NULL,
        envelope_key text NOT NULL,
        envelope_size bigint NOT NULL,
        received_at timestamptz NOT NULL,
        UNIQUE (sender, instance_id)
    )""",
    "CREATE INDEX inbound_document_received_at ON inbound_document (received_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
