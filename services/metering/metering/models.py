"""metering's tables: usage (facts only), and copies of what names it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)

metadata = MetaData()

usage = Table(
    "usage",
    metadata,
    Column("seq", BigInteger, autoincrement=True, nullable=False, unique=True),
    Column("transaction_id", Uuid, primary_key=True),
    Column("leg", SmallInteger, primary_key=True),
    Column("product", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("initiator_kind", Text, nullable=False),
    Column("initiator", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("channel", Text),
    Column("usage_date", Date, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("document_type", Text, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
)

company = Table(
    "company",
    metadata,
    Column("organisation_number", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
)

engagement = Table(
    "engagement",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("office", Text, nullable=False),
    Column("office_name", Text, nullable=False),
    Column("company", Text, nullable=False),
    Column("client_number", Text, nullable=False),
    Column("payer", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("version", BigInteger, nullable=False),
)
