"""The guides for operators and client developers name everything there is, and nothing that is not."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from prometheus_client import REGISTRY
from pydantic import BaseModel

from core.errors import DomainError
from core.settings import Settings
from service import app, metrics
from service.http.problems import HTTP_CODES, STATUSES, TITLES
from service.invariants import JOB_INVARIANTS
from service.main.cli import ENTRIES

DOCS = Path(__file__).parents[3] / "docs"
OPERATIONS = (DOCS / "operations.md").read_text("utf-8")
API = (DOCS / "api.md").read_text("utf-8")
# Problems that no error class stands for.
OTHERS = {
    "invalid_spec": 422,
    "invalid_request": 422,
    "malformed_json": 400,
    "internal_error": 500,
    **{code: status for status, code in HTTP_CODES.items()},
}
UNSET = "unset"


def variables(model: type[BaseModel], prefix: str = "HUAJIAN_") -> Iterator[tuple[str, object]]:
    """Every setting's variable with its default."""
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        kinds = get_args(field.annotation) or (field.annotation,)  # a group may be optional
        groups = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if groups:
            yield from variables(groups[0], f"{variable}__")
        else:
            yield variable, None if field.is_required() else field.default


def rows(text: str) -> dict[str, list[str]]:
    """Rows of tables by the code in their first cell."""
    found = re.findall(r"^\| `([^`]+)`[^|]*\| (.*) \|$", text, flags=re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split(" | ")] for name, rest in found}


def errors(base: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for error in base.__subclasses__():
        if error.__module__.partition(".")[0] != "tests":
            yield error
        yield from errors(error)


class TestOperations:
    def test_every_setting_is_documented_with_its_default(self) -> None:
        documented = {
            name: cells[0] for name, cells in rows(OPERATIONS).items() if name.startswith("HUAJIAN_")
        }
        expected = dict(variables(Settings))
        assert documented.keys() == expected.keys()
        for name, default in expected.items():
            if default in (None, ()):
                assert documented[name].startswith(UNSET), name
            else:
                assert documented[name] == f"`{default}`", name

    def test_every_metric_is_documented(self) -> None:
        assert metrics.REQUESTS  # importing is what registers them
        names = {
            f"{metric.name}_total" if metric.type == "counter" else metric.name
            for metric in REGISTRY.collect()
            if metric.name.startswith("huajian_")
        }
        assert {name for name in rows(OPERATIONS) if name.startswith("huajian_")} == names

    def test_alerts_watch_metrics_that_exist(self) -> None:
        (rules,) = re.findall(r"```yaml\n(.*?)```", OPERATIONS, flags=re.DOTALL)
        watched = set(re.findall(r"huajian_[a-z_]+", rules))
        documented = {name for name in rows(OPERATIONS) if name.startswith("huajian_")}
        assert {name.removesuffix("_bucket") for name in watched} <= documented

    def test_every_invariant_is_explained(self) -> None:
        for name in JOB_INVARIANTS:
            assert f"`{name}`" in OPERATIONS

    def test_every_command_it_mentions_exists(self) -> None:
        mentioned = set(re.findall(r"`huajian ([a-z]+)", OPERATIONS))
        assert mentioned <= {entry.noun for entry in ENTRIES}


class TestApi:
    def test_every_problem_is_documented_with_its_status(self) -> None:
        assert app  # importing the app imports every error
        documented = {
            name: int(cells[0])
            for name, cells in rows(API).items()
            if cells[0].isdecimal() and name in TITLES
        }
        expected = {error.code: STATUSES[error.kind] for error in errors() if hasattr(error, "code")}
        assert documented == {**expected, **OTHERS}
        assert documented.keys() == TITLES.keys()

    def test_its_blocks_paste_into_a_shell(self) -> None:
        for block in re.findall(r"```bash\n(.*?)```", API, flags=re.DOTALL):
            assert block.count("'") % 2 == 0
            assert "…" not in block, "an ellipsis is for answers, not for what is typed"
            assert not re.search(r"https?://(?!127\.0\.0\.1)", block)

    def test_links_inside_lead_somewhere(self) -> None:
        for text in (API, OPERATIONS):
            anchors = {
                re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
                for heading in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
            }
            assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
