"""The router's tables: copies of the register, kept only if newer, and its decisions."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

company = Table(
    "company",
    metadata,
    Column("organisation_number", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("entry", JSONB, nullable=False),
    Column("version", BigInteger, nullable=False),
)

activation = Table(
    "activation",
    metadata,
    Column("company", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("entry", JSONB, nullable=False),
    Column("version", BigInteger, nullable=False),
)

engagement = Table(
    "engagement",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("entry", JSONB, nullable=False),
    Column("version", BigInteger, nullable=False),
)

register_seen = Table(
    "register_seen",
    metadata,
    Column("singleton", Boolean, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("transaction_id", Uuid, primary_key=True),
    Column("leg", Integer, primary_key=True),
    Column("channel", Text),
    Column("chosen_by", Text),
    Column("facts", JSONB, nullable=False),
    Column("reasons", JSONB, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("event_body", JSONB, nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False),
)
