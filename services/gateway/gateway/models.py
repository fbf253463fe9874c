"""The gateway's tables (migrations/). Set-based statements over them are in store/, single rows in register/."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()
_TIME = DateTime(timezone=True)

register_counter = Table(
    "register_counter", metadata, Column("one", Boolean, primary_key=True), Column("version", BigInteger)
)

office = Table(
    "office",
    metadata,
    Column("organisation_number", Text, primary_key=True),
    Column("name", Text),
    Column("created_at", _TIME),
)

company = Table(
    "company",
    metadata,
    Column("organisation_number", Text, primary_key=True),
    Column("entry", JSONB),
    Column("hold_minutes", Integer),
    Column("version", BigInteger),
    Column("created_at", _TIME),
)

engagement = Table(
    "engagement",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("office", Text),
    Column("company", Text),
    Column("client_number", Text),
    Column("payer", Text),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("version", BigInteger),
)

activation = Table(
    "activation",
    metadata,
    Column("company", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("active_from", _TIME),
    Column("active_to", _TIME),
    Column("inbox_fetched_at", _TIME),
    Column("version", BigInteger),
)

install = Table(
    "install",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text),
    Column("owner_office", Text),
    Column("owner_company", Text),
    Column("created_at", _TIME),
)

install_company = Table(
    "install_company",
    metadata,
    Column("install", Uuid, primary_key=True),
    Column("company", Text, primary_key=True),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("install", Uuid),
    Column("label", Text),
    Column("hash", LargeBinary),
    Column("scopes", ARRAY(Text)),
    Column("created_at", _TIME),
    Column("expires_at", _TIME),
    Column("revoked_at", _TIME),
)

customer = Table(
    "customer",
    metadata,
    Column("company", Text, primary_key=True),
    Column("customer_number", Text, primary_key=True),
    Column("endpoint", Text),
    Column("entry", JSONB),
    Column("changed_at", _TIME),
)

transaction = Table(
    "transaction",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("install", Uuid),
    Column("client", Text),
    Column("initiator_kind", Text),
    Column("initiator", Text),
    Column("direction", Text),
    Column("sender", Text),
    Column("recipient", Text),
    Column("number", Text),
    Column("document_type", Text),
    Column("issue_date", Date),
    Column("customer_number", Text),
    Column("test", Boolean),
    Column("media", Text),
    Column("received", JSONB),
    Column("document", JSONB),
    Column("batch", Uuid),
    Column("send_not_before", _TIME),
    Column("held", Boolean),
    Column("state", Text),
    Column("rank", ARRAY(Integer)),
    Column("channel", Text),
    Column("problems", JSONB),
    Column("holds_number", Boolean),
    Column("accepted_at", _TIME),
    Column("released_at", _TIME),
    Column("judged_at", _TIME),
    Column("changed_at", _TIME),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("install", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary),
    Column("transaction_id", Uuid),
    Column("created_at", _TIME),
)

timeline = Table(
    "timeline",
    metadata,
    Column("transaction_id", Uuid, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("state", Text),
    Column("time", _TIME),
    Column("rank", ARRAY(Integer)),
    Column("overtaken", Boolean),
    Column("detail", JSONB),
)

feed_counter = Table(
    "feed_counter",
    metadata,
    Column("install", Uuid, primary_key=True),
    Column("last", BigInteger),
    Column("acknowledged", BigInteger),
)

feed = Table(
    "feed",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=True),
    Column("install", Uuid),
    Column("number", BigInteger),
    Column("entry", JSONB),
    Column("created_at", _TIME),
)

inbox_item = Table(
    "inbox_item",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("transaction_id", Uuid),
    Column("leg", Integer),
    Column("company", Text),
    Column("sender", Text),
    Column("number", Text),
    Column("document_type", Text),
    Column("document", JSONB),
    Column("received_at", _TIME),
    Column("leased_by", Uuid),
    Column("leased_until", _TIME),
    Column("acknowledged_by", Uuid),
    Column("acknowledged_at", _TIME),
)
