"""Rules for Dockerfile and compose.yaml that no container engine has to be asked about."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from core.settings import JobSettings, Settings
from service.main.cli import ENTRIES

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
TARGETS = ("cpu", "gpu")
SCRATCH = "/tmp"  # noqa: S108 - of a container
ANY_TARGET = re.compile(r"\b(app|python|packages)-[cg]pu\b")
Instruction = tuple[str, str]


def instructions() -> Iterator[Instruction]:
    """(INSTRUCTION, arguments), with continued lines joined."""
    lines = [line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if line.strip()]
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        name, _, arguments = line.partition(" ")
        yield name.upper(), arguments.strip()


def stages() -> dict[str, tuple[str, list[Instruction]]]:
    """By name: the base, and what is done on it."""
    found: dict[str, tuple[str, list[Instruction]]] = {}
    current: list[Instruction] = []
    for name, arguments in instructions():
        if name == "FROM":
            base, _, stage = arguments.partition(" AS ")
            current = []
            found[stage] = (base, current)
        else:
            current.append((name, arguments))
    return found


def seconds(duration: str) -> float:
    assert duration.endswith("s")
    return float(duration[:-1])


def is_pinned(image: str) -> bool:
    """Whether a tag with a number, or a digest, says which one."""
    _, _, tag = image.rpartition("/")[2].partition(":")
    return "@sha256:" in image or (tag != "latest" and any(letter.isdigit() for letter in tag))


class TestDockerfile:
    def test_every_stage_has_a_name_and_every_base_is_pinned(self) -> None:
        known = stages()
        assert "" not in known
        for base, _ in known.values():
            assert base in known or is_pinned(base), base

    def test_cpu_is_what_is_built_by_default(self) -> None:
        assert list(stages())[-1] == "cpu"

    @pytest.mark.parametrize("target", TARGETS)
    def test_what_runs_is_not_root_and_nothing_follows_that_could_be(self, target: str) -> None:
        _, steps = stages()[target]
        assert [arguments for name, arguments in steps if name == "USER"] == ["10001:10001"]
        after = [name for name, _ in steps[[name for name, _ in steps].index("USER") :]]
        assert "RUN" not in after

    @pytest.mark.parametrize("target", TARGETS)
    def test_it_can_be_watched_and_stopped(self, target: str) -> None:
        steps = dict(stages()[target][1])
        assert "/health/ready" in steps["HEALTHCHECK"]
        assert steps["STOPSIGNAL"] == "SIGTERM"
        assert steps["EXPOSE"] == "8000"
        assert steps["ENTRYPOINT"] == '["tini", "--", "huajian"]', "as a list: no shell swallows signals"

    def test_both_targets_do_the_same(self) -> None:
        known = stages()
        for kind in ("app-{}", "{}"):
            cpu, gpu = (
                [
                    (name, ANY_TARGET.sub(r"\1", arguments))
                    for name, arguments in known[kind.format(target)][1]
                ]
                for target in TARGETS
            )
            assert cpu == gpu

    @pytest.mark.parametrize("target", TARGETS)
    def test_skia_finds_its_libraries(self, target: str) -> None:
        installed = " ".join(arguments for name, arguments in stages()[target][1] if name == "RUN")
        assert {"libegl1", "libexpat1", "libgl1"} <= set(installed.split())

    def test_packages_are_wheels_pinned_by_hash(self) -> None:
        installs = [step for name, step in instructions() if name == "RUN" and "pip install" in step]
        for command in re.findall(r"pip install [^&]+", " && ".join(installs)):
            assert "--no-cache-dir" in command
            if (
                "torch==" in command
            ):  # pinned, but which build of it there is, and what that needs, is the index's
                assert "--only-binary=:all:" in command
                continue
            assert "--require-hashes" in command or "-e /app" in command
            assert "--no-deps" in command

    def test_package_lists_do_not_stay_in_a_layer(self) -> None:
        for name, arguments in instructions():
            if name == "RUN" and "apt-get install" in arguments:
                assert "--no-install-recommends" in arguments
                assert "rm -rf /var/lib/apt/lists/*" in arguments

    def test_nothing_comes_from_the_net_by_address_and_no_secret_is_baked_in(self) -> None:
        for name, arguments in instructions():
            assert name != "ADD"
            assert not re.search(r"\b(curl|wget)\b", arguments)
            if name in ("ENV", "ARG"):
                assert not re.search(r"SECRET|PASSWORD|TOKEN|KEY", arguments)

    def test_stages_copy_from_stages_that_exist(self) -> None:
        sources = re.findall(r"--from=(\S+)", " ".join(arguments for _, arguments in instructions()))
        assert set(sources) <= set(stages())


class TestDockerignore:
    LINES = (ROOT / ".dockerignore").read_text("utf-8").splitlines()

    def test_everything_is_left_out_but_what_is_named(self) -> None:
        rules = [line for line in self.LINES if line and not line.startswith("#")]
        assert rules[0] == "*"
        assert not {"!.", "!tests", "!.venv", "!.git", "!.env"} & set(rules)

    def test_every_room_is_let_in(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
        rooms = project["tool"]["setuptools"]["packages"]["find"]["include"]
        assert {f"!{room.removesuffix('*')}" for room in rooms} <= set(self.LINES)

    def test_what_the_build_copies_is_let_in_and_there(self) -> None:
        for name in ("pyproject.toml", "LICENSE", "requirements/runtime.lock", "setup/build.lock"):
            assert f"!{name}" in self.LINES
            assert (ROOT / name).is_file()


class TestCompose:
    def test_images_are_pinned(self) -> None:
        for name, service in SERVICES.items():
            image = re.sub(r"\$\{[^}]*:-([^}]*)\}", r"\1", service["image"])
            assert is_pinned(image), name

    def test_every_process_runs_a_command_that_exists(self) -> None:
        nouns = {entry.noun for entry in ENTRIES}
        assert {service["command"][0] for service in OURS.values()} == {
            "serve",
            "worker",
            "keeper",
            "migrate",
        }
        assert {service["command"][0] for service in OURS.values()} <= nouns

    def test_targets_are_stages(self) -> None:
        assert {service["build"]["target"] for service in OURS.values()} == set(TARGETS)
        assert set(TARGETS) <= set(stages())

    def test_ours_can_do_as_little_as_possible(self) -> None:
        for name, service in OURS.items():
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
            assert "privileged" not in service, name
            assert service["tmpfs"] == [SCRATCH] or f"scratch:{SCRATCH}" in service["volumes"], name

    def test_secrets_are_asked_for_and_never_have_a_default(self) -> None:
        text = (ROOT / "compose.yaml").read_text("utf-8")
        for variable in ("HUAJIAN_AUTH__SECRET", "POSTGRES_PASSWORD"):
            uses = re.findall(rf"\$\{{{variable}([^}}]*)\}}", text)
            assert uses
            assert all(use.startswith(":?") for use in uses)

    def test_every_variable_is_a_setting(self) -> None:
        for service in OURS.values():
            for variable in service["environment"]:
                if variable.startswith("HUAJIAN_"):
                    name, *rest = variable.removeprefix("HUAJIAN_").lower().split("__")
                    field = Settings.model_fields[name]
                    if rest:
                        (group, *_) = get_args(field.annotation) or (field.annotation,)  # may be optional
                        assert rest[0] in group.model_fields

    def test_processes_wait_for_the_schema_and_for_what_they_need(self) -> None:
        for name, service in OURS.items():
            conditions = {key: value["condition"] for key, value in service["depends_on"].items()}
            assert conditions["postgres"] == conditions["redis"] == "service_healthy", name
            if name != "migrate":
                assert conditions["migrate"] == "service_completed_successfully", name
        assert SERVICES["migrate"]["restart"] == "no"

    def test_every_server_is_watched(self) -> None:
        for name in SERVICES.keys() - {"migrate", "web"}:  # the image watches web; a migration ends
            assert SERVICES[name]["healthcheck"]["test"], name

    def test_a_worker_may_finish_before_it_is_killed(self) -> None:
        for name in ("worker", "worker-gpu"):
            assert seconds(SERVICES[name]["stop_grace_period"]) > JobSettings().stop_seconds

    def test_only_web_is_published_and_only_to_this_machine(self) -> None:
        assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]
        assert SERVICES["web"]["ports"][0].startswith("${HUAJIAN_PUBLISH:-127.0.0.1:")

    def test_what_must_survive_has_a_volume(self) -> None:
        mounts = [mount for service in SERVICES.values() for mount in service["volumes"]]
        mounted = {mount.partition(":")[0] for mount in mounts if not mount.endswith(":ro")}
        assert mounted == set(COMPOSE["volumes"])
        assert "postgres:/var/lib/postgresql" in SERVICES["postgres"]["volumes"]
        assert all("files:/var/lib/huajian/files" in service["volumes"] for service in OURS.values())
