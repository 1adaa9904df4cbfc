"""The API against its own description: made-up requests never meet a server error or an undescribed answer.

A longer run: `schemathesis run http://127.0.0.1:7860/api/openapi.json --max-examples 200`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from serving import Served, serving, write_archive

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, index = write_archive(tmp_path_factory.mktemp("schema"))
    with serving(index) as address:
        yield Served(address, folder, index)


def test_no_server_error_and_nothing_undescribed(served: Served) -> None:
    described = schemathesis.openapi.from_url(f"{served.address}/api/openapi.json")
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) >= 10
    checks = [
        schemathesis.checks.not_a_server_error,
        schemathesis.specs.openapi.checks.content_type_conformance,
        schemathesis.specs.openapi.checks.response_schema_conformance,
    ]
    for operation in operations:

        @settings(
            max_examples=8,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy())
        def answered(case: object) -> None:
            response = case.call(timeout=60)  # type: ignore[attr-defined]
            case.validate_response(response, checks=checks)  # type: ignore[attr-defined]

        answered()
