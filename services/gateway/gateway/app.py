"""The gateway's wiring, and nothing else."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from gateway.adapters.ftp_sender import FtpSender
from gateway.adapters.metering import Metering
from gateway.api import operations
from gateway.api.application import make_app
from gateway.api.parts import Parts
from gateway.handlers import GatewayHandler
from gateway.housekeeping import Housekeeping
from gateway.releaser import Releaser
from gateway.settings import GatewaySettings
from gateway.store import oversight, releases
from gateway.store.access import Access
from gateway.store.submissions import Submissions
from gateway.wakeups import Bell
from hub.blobs import BlobStore
from hub.db import Database
from hub.ids import utc_now
from hub.peer import Peer
from hub.runner import Service

NAME = "gateway"
MIGRATIONS = Path(__file__).parent / "migrations"
POOL_SIZE = 12  # callers must not wait behind the consumer's and the releaser's commits


def build(settings: GatewaySettings | None = None, clock: Callable[[], datetime] = utc_now) -> Service:
    """Wire the service together; settings come from the environment unless given."""
    settings = settings or GatewaySettings()
    database = Database(settings.database_url.get_secret_value(), NAME, pool_size=POOL_SIZE)
    blobs = BlobStore(settings.blob_url)
    bell = Bell(database)
    releaser = Releaser(database, settings)
    ftp_sender = Peer(NAME, "ftp-sender", settings.ftp_sender_url, settings.secret_key)
    metering = Peer(NAME, "metering", settings.metering_url, settings.secret_key)
    service = Service(
        name=NAME,
        settings=settings,
        database=database,
        migrations=MIGRATIONS,
        handlers=[GatewayHandler(blobs, bell, clock)],
        resources=[ftp_sender, metering],
        after_commit=[bell.committed, releaser.wake],
        parts=[releaser.part, bell.part],
        on_stop=[bell.close],
        ops_routes=operations.routes(database),
        queues=[releases.QUEUE, oversight.BEING_JUDGED],
    )
    parts = Parts(
        settings=settings,
        database=database,
        access=Access(database, clock),
        submissions=Submissions(database),
        blobs=blobs,
        bell=bell,
        targets=FtpSender(ftp_sender),
        usage=Metering(metering),
        clock=clock,
        accepted=releaser.accepted,
        committed=service.committed,
    )
    service.app = make_app(parts)
    service.background = [lambda: releaser.run(service.committed), bell.watch, Housekeeping(database).run]
    return service
