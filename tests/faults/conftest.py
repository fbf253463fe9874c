"""One hub of mortal processes for all component-level faults, and the book that is kept of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.stack.process import free_ports
from tests.conftest import Servers
from tests.faults.book import Book
from tests.faults.nursery import Nursery
from tests.faults.parts import MortalHub
from tests.faults.volume import Volume


@pytest.fixture(scope="package")
def faults_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="package")
def blob_disk(faults_folder: Path) -> Iterator[Volume | None]:
    """The disk that the hub's blobs are on; None where this machine gives us none."""
    volume = Volume.mounted(faults_folder / "blobs.img", faults_folder / "data" / "blobs")
    yield volume
    if volume is not None:
        volume.unmount()


@pytest.fixture(scope="package")
def book(servers: Servers, faults_folder: Path, blob_disk: Volume | None) -> Iterator[Book]:
    with Nursery(faults_folder / "nursery.log") as nursery:
        hub = MortalHub(faults_folder / "data", free_ports([], 1)[0], servers, nursery)
        try:
            yield Book(hub.start())
        finally:
            hub.stop()
