"""ftp-sender, wired together."""

from pathlib import Path

from ftp_sender.adapters.sessions import Sessions
from ftp_sender.adapters.sftp import SftpChannel
from ftp_sender.api import routes
from ftp_sender.sealing import Sealer
from ftp_sender.settings import FtpSenderSettings
from ftp_sender.store import TargetStore
from hub.blobs import BlobStore
from hub.db import Database
from hub.delivery.budget import Budget
from hub.net import NetGuard
from hub.parties import Channel
from hub.runner import Sender, Service

NAME = "ftp-sender"
MIGRATIONS = Path(__file__).parent / "migrations"


def budget_of(settings: FtpSenderSettings) -> Budget:
    """Return the limits of sending."""
    return Budget(deadline=settings.file_limit, lease=settings.file_limit * 4 / 3)


def build(settings: FtpSenderSettings | None = None) -> Service:
    """Wire the service together; settings come from the environment unless given."""
    settings = settings or FtpSenderSettings()
    database = Database(settings.database_url.get_secret_value(), "ftp_sender")
    sealer = Sealer(settings.ftp_sender_seal_key.get_secret_value(), settings.former_seal_keys)
    targets = TargetStore(database, sealer)
    sessions = Sessions(NetGuard(settings.net_allow))
    channel = SftpChannel(targets, BlobStore(settings.blob_url), sessions)
    return Service(
        name=NAME,
        settings=settings,
        database=database,
        migrations=MIGRATIONS,
        sender=Sender(Channel.FTP, channel, budget_of(settings), targets.names),
        ops_routes=routes(targets, sessions),
        resources=[sessions],
    )
