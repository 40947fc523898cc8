"""The OpenAPI document is complete and true: fuzzed by schemathesis against a running service."""

from collections.abc import Iterator
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from tests.e2e.processes import ServiceProcess, await_ready, running
from tests.factories.ports import free_port

pytestmark = pytest.mark.e2e

EXAMPLES = 10
# A schema cannot say what an e-mail address, a time zone or a clean prompt is; and a token that a test
# sends by itself looks to the fuzzer like one that was not needed (test_isolation.py proves that it is).
EXCLUDED = [positive_data_acceptance, ignored_auth]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    data_dir = tmp_path_factory.mktemp("fuzzed") / "data"
    process = ServiceProcess(
        data_dir,
        "serve",
        "--port",
        str(port),
        HUAJIAN_LIMITS__PER_ADDRESS_MINUTE="100000",
        HUAJIAN_LIMITS__SECRETS_PER_ADDRESS_HOUR="100000",
    )
    with running(process):
        await_ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
        assert process.is_running


@pytest.fixture(scope="module")
def headers(url: str) -> dict[str, str]:
    answer = httpx.post(f"{url}/v1/auth/guest", json={"device_id": uuid4().hex})
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


def test_every_answer_is_documented_and_none_is_a_500(
    url: str, headers: dict[str, str], subtests: pytest.Subtests
) -> None:
    document = schemathesis.openapi.from_url(f"{url}/openapi.json")
    walked = 0
    for found in document.get_all_operations():
        operation = cast(Ok[APIOperation[Any, Any, Any, Any]], found).ok()  # an Err raises here
        if (operation.method, operation.path) == ("delete", "/v1/me"):
            continue  # it would end the user under the others; test_auth.py has it

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def fuzz(case: Case[Any]) -> None:
            case.call_and_validate(headers=headers, excluded_checks=EXCLUDED)

        with subtests.test(operation=operation.label):
            fuzz()
        walked += 1
    assert walked > 25


def test_every_operation_has_a_summary_a_tag_and_an_example_or_no_body(url: str) -> None:
    document = httpx.get(f"{url}/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation.get("summary") and operation.get("description"), where
            assert operation.get("tags"), where
            assert any(status.startswith(("2", "3")) for status in operation["responses"]), where


def test_the_documented_examples_are_accepted(url: str, headers: dict[str, str]) -> None:
    document = httpx.get(f"{url}/openapi.json").json()
    body = document["paths"]["/v1/generations"]["post"]["requestBody"]
    for example in body["content"]["application/json"]["examples"].values():
        answer = httpx.post(
            f"{url}/v1/generations",
            json=example["value"],
            headers={**headers, "idempotency-key": str(uuid4())},
        )
        assert answer.status_code in (202, 402), answer.text
