"""The access point service's wiring, and nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from access_point.adapters.phoss import PhossAccessPoint, make_session
from access_point.api import make_api
from access_point.inbound import Inbound
from access_point.sending import PeppolChannel
from access_point.settings import AccessPointSettings
from hub.blobs import BlobStore
from hub.db import Database
from hub.delivery.budget import Budget
from hub.ids import utc_now
from hub.parties import Channel
from hub.runner import Sender, Service

NAME = "access-point"
MIGRATIONS = Path(__file__).parent / "migrations"


def budget_of(settings: AccessPointSettings) -> Budget:
    """Return the limits of sending: the deadline holds a status, a submission and the storing of its receipt."""
    return Budget(
        deadline=settings.submit_limit + timedelta(seconds=10),
        lease=settings.submit_limit + timedelta(seconds=15),
        each=settings.concurrent_each,
        most=settings.concurrent,
    )


def build(settings: AccessPointSettings | None = None, clock: Callable[[], datetime] = utc_now) -> Service:
    """Wire the service together, in a running loop; settings come from the environment unless given."""
    settings = settings or AccessPointSettings()
    database = Database(settings.database_url.get_secret_value(), NAME.replace("-", "_"))
    blobs = BlobStore(settings.blob_url)
    session = make_session()
    access_point = PhossAccessPoint(session, str(settings.phoss_url), settings.phoss_token, settings.submit_limit)
    service = Service(
        name=NAME,
        settings=settings,
        database=database,
        migrations=MIGRATIONS,
        sender=Sender(Channel.PEPPOL, PeppolChannel(access_point, blobs, clock), budget_of(settings)),
        resources=[session],
    )
    inbound = Inbound(database, blobs, clock, service.committed)
    service.app = make_api(inbound, settings.inbound_secret, settings.inbound_most_bytes)
    return service
