"""One engine for the session: its rules take a second to compile."""

import os
from pathlib import Path

import pytest

from ehf_builder.validation.engine import Engine
from ehf_builder.validation.rules import Rules, load
from hub.stack.artefacts import cache_folder
from tests.ehf_builder.invoices import TODAY


@pytest.fixture(scope="session")
def cache() -> Path:
    return cache_folder(os.environ)


@pytest.fixture(scope="session")
def rules(cache: Path) -> Rules:
    return load(cache)


@pytest.fixture(scope="session")
def engine(rules: Rules) -> Engine:
    engine = Engine(rules)
    engine.warm(TODAY)
    return engine
