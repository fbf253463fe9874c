"""One hub for all end-to-end tests: they look at it from outside, each with documents of its own."""

from collections.abc import Iterator

import pytest

from tests.e2e.hub import RunningHub


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    running = RunningHub.in_folder(tmp_path_factory.mktemp("e2e") / "data").start()
    yield running
    assert running.stop() == 0
