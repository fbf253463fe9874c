"""ftp-sender's own table: the customers' targets. Its deliveries are the hub's (hub/delivery)."""

from sqlalchemy import Column, DateTime, Integer, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()

target = Table(
    "target",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("protocol", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("port", Integer, nullable=False),
    Column("username", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("folder", Text, nullable=False),
    Column("host_key", Text),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
