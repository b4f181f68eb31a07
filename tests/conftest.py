"""How much is put to the test: a tenth in continuous integration, all of it by ``make proofs``."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--proof-scale", type=int, default=1, help="How many times as many cases the tests marked 'proof' try.")


@pytest.fixture(scope="session")
def proof_scale(request: pytest.FixtureRequest) -> int:
    """1 in continuous integration, 10 in ``make proofs``."""
    scale = request.config.getoption("--proof-scale")
    assert isinstance(scale, int)
    return scale
