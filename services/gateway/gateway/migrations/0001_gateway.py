"""The register, keys, transactions with their timelines, feeds and the companies' inboxes."""

from alembic import op

revision = "0001"
down_revision = None

REGISTER = (
    # One row: whoever changes the register holds it until the commit, so versions become visible in order.
    """
    CREATE TABLE register_counter (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        version bigint NOT NULL
    )""",
    "INSERT INTO register_counter (version) VALUES (0)",
    """
    CREATE TABLE office (
        organisation_number text PRIMARY KEY,
        name text NOT NULL,
        created_at timestamptz NOT NULL
    )""",
    """
    CREATE TABLE company (
        organisation_number text PRIMARY KEY,
        entry jsonb NOT NULL,
        version bigint NOT NULL,
        created_at timestamptz NOT NULL
    )""",
    # No EXCLUDE: btree_gist is not everywhere. Overlaps are refused under the register's lock (register/engagements).
    """
    CREATE TABLE engagement (
        id uuid PRIMARY KEY,
        office text NOT NULL REFERENCES office,
        company text NOT NULL REFERENCES company,
        client_number text NOT NULL,
        payer text NOT NULL CHECK (payer IN ('office', 'company')),
        valid_from date NOT NULL,
        valid_to date CHECK (valid_to > valid_from),
        version bigint NOT NULL,
        UNIQUE (office, company, valid_from)
    )""",
    "CREATE INDEX engagement_company ON engagement (company)",
    """
    CREATE TABLE activation (
        company text NOT NULL REFERENCES company,
        service text NOT NULL CHECK (service IN ('sending', 'receiving')),
        active_from timestamptz NOT NULL,
        active_to timestamptz,
        inbox_fetched_at timestamptz,
        version bigint NOT NULL,
        PRIMARY KEY (company, service)
    )""",
    """
    CREATE TABLE install (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        owner_office text REFERENCES office,
        owner_company text REFERENCES company,
        created_at timestamptz NOT NULL,
        CHECK (num_nonnulls(owner_office, owner_company) = 1)
    )""",
    """
    CREATE TABLE install_company (
        install uuid NOT NULL REFERENCES install,
        company text NOT NULL REFERENCES company,
        PRIMARY KEY (install, company)
    )""",
    "CREATE INDEX install_company_company ON install_company (company)",
    # A key without an install is an operator's (scope admin).
    """
    CREATE TABLE api_key (
        id text PRIMARY KEY,
        install uuid REFERENCES install,
        label text NOT NULL,
        hash bytea NOT NULL CHECK (octet_length(hash) = 32),
        scopes text[] NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        revoked_at timestamptz
    )""",
    "CREATE INDEX api_key_install ON api_key (install)",
    """
    CREATE TABLE customer (
        company text NOT NULL REFERENCES company,
        customer_number text NOT NULL,
        endpoint text NOT NULL,
        entry jsonb NOT NULL,
        changed_at timestamptz NOT NULL,
        PRIMARY KEY (company, customer_number)
    )""",
    "CREATE INDEX customer_endpoint ON customer (company, endpoint, changed_at DESC)",
)

TRANSACTIONS = (
    # No foreign keys: at 50 accepts/s the share locks on one install's and one company's row would cost multixacts,
    # and neither is ever deleted.
    """
    CREATE TABLE transaction (
        id uuid PRIMARY KEY,
        install uuid,
        client text NOT NULL,
        initiator_kind text NOT NULL,
        initiator text NOT NULL,
        direction text NOT NULL,
        sender text NOT NULL,
        recipient text NOT NULL,
        number text NOT NULL,
        document_type text NOT NULL,
        issue_date date,
        customer_number text,
        test boolean NOT NULL DEFAULT false,
        media text NOT NULL,
        received jsonb NOT NULL,
        document jsonb,
        state text NOT NULL,
        rank integer[] NOT NULL,
        channel text,
        problems jsonb NOT NULL DEFAULT '[]',
        holds_number boolean NOT NULL,
        accepted_at timestamptz NOT NULL,
        released_at timestamptz,
        judged_at timestamptz,
        changed_at timestamptz NOT NULL
    ) WITH (fillfactor = 70)""",
    """
    CREATE UNIQUE INDEX transaction_business_key
        ON transaction (client, document_type, (extract(year FROM issue_date)), number) WHERE holds_number""",
    "CREATE INDEX transaction_client ON transaction (client, id DESC)",
    "CREATE INDEX transaction_install ON transaction (install, id DESC)",
    "CREATE INDEX transaction_waiting ON transaction (install, id) WHERE released_at IS NULL",
    """
    CREATE INDEX transaction_in_flight ON transaction (released_at)
        WHERE released_at IS NOT NULL AND judged_at IS NULL""",
    """
    CREATE TABLE idempotency (
        install uuid NOT NULL,
        key text NOT NULL,
        request_hash bytea NOT NULL,
        transaction_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (install, key)
    )""",
    "CREATE INDEX idempotency_created_at ON idempotency (created_at)",
    """
    CREATE TABLE timeline (
        transaction_id uuid NOT NULL,
        event_id uuid NOT NULL,
        state text NOT NULL,
        time timestamptz NOT NULL,
        rank integer[] NOT NULL,
        overtaken boolean NOT NULL,
        detail jsonb NOT NULL,
        PRIMARY KEY (transaction_id, event_id)
    )""",
)

FEEDS = (
    """
    CREATE TABLE feed_counter (
        install uuid PRIMARY KEY REFERENCES install,
        last bigint NOT NULL DEFAULT 0,
        acknowledged bigint NOT NULL DEFAULT 0
    )""",
    """
    CREATE TABLE feed (
        seq bigserial PRIMARY KEY,
        install uuid NOT NULL,
        number bigint,
        entry jsonb NOT NULL,
        created_at timestamptz NOT NULL
    )""",
    "CREATE INDEX feed_unnumbered ON feed (install, seq) WHERE number IS NULL",
    "CREATE UNIQUE INDEX feed_number ON feed (install, number) WHERE number IS NOT NULL",
    "CREATE INDEX feed_created_at ON feed (created_at)",
    """
    CREATE TABLE inbox_item (
        id uuid PRIMARY KEY,
        transaction_id uuid NOT NULL,
        leg integer NOT NULL,
        company text NOT NULL,
        sender text NOT NULL,
        number text NOT NULL,
        document_type text NOT NULL,
        document jsonb NOT NULL,
        received_at timestamptz NOT NULL,
        leased_by uuid,
        leased_until timestamptz,
        acknowledged_by uuid,
        acknowledged_at timestamptz,
        UNIQUE (transaction_id, leg)
    )""",
    "CREATE INDEX inbox_item_open ON inbox_item (company, id) WHERE acknowledged_at IS NULL",
)


def upgrade() -> None:
    for statement in (*REGISTER, *TRANSACTIONS, *FEEDS):
        op.execute(statement)
