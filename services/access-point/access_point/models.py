"""Tables of the access point service (its deliveries are hub.delivery's)."""

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, UniqueConstraint, Uuid

metadata = MetaData()

inbound_document = Table(
    "inbound_document",
    metadata,
    Column("transaction_id", Uuid, primary_key=True),
    Column("sender", Text, nullable=False),
    Column("instance_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("document_type_id", Text, nullable=False),
    Column("process_id", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("number", Text),
    Column("document_key", Text, nullable=False),
    Column("document_size", BigInteger, nullable=False),
    Column("envelope_key", Text, nullable=False),
    Column("envelope_size", BigInteger, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("sender", "instance_id"),
)
