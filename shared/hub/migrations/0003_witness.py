"""The event before each position, by which a log that was replaced is known."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE position ADD COLUMN last_event uuid")
