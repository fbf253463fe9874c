"""The builder's wiring, and nothing else."""

import os
from datetime import datetime

from ehf_builder.handlers import OSLO, BuilderHandler
from ehf_builder.settings import BuilderSettings
from ehf_builder.validation.pool import Pool
from hub import metrics
from hub.blobs import BlobStore
from hub.db import Database
from hub.ids import utc_now
from hub.runner import Service, run
from hub.stack.artefacts import cache_folder


def build() -> Service:
    """Wire the service together from the environment."""
    settings = BuilderSettings()
    pool = Pool(
        settings.cache_dir or cache_folder(os.environ),
        size=settings.workers or None,
        limit=settings.document_limit,
        today=datetime.now(OSLO).date(),
    )
    metrics.POOL_WORKERS.set_function(lambda: len(pool.pids))
    metrics.POOL_DEPTH.set_function(lambda: pool.depth)
    return Service(
        name="ehf-builder",
        settings=settings,
        database=Database(settings.database_url.get_secret_value(), "ehf_builder"),
        migrations=None,
        handlers=[BuilderHandler(pool, BlobStore(settings.blob_url), utc_now)],
        resources=[pool],
        checks={"validation pool": lambda: None if pool.pids else "none of its worker processes runs"},
    )


def main() -> None:
    """Run the service."""
    run(build)
