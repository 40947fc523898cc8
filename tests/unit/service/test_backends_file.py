"""Which models serve whom: what an operator may write, and what becomes of models that do not load."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from generators.backends.studio.image import StudioImageBackend
from generators.contracts import (
    BackendUnavailableError,
    Brief,
    Identity,
    Progress,
    Result,
    Unwatched,
)
from generators.specs import Kind, Spec
from provenance.labels import ALGORITHMIC, TRAINED
from service.jobs.products import Order, Product, make_one
from service.workers.configuration import BackendsFileError, read_backends_file
from service.workers.production import Producer
from service.workers.routes import Routes
from service.workers.workshop import Workshop
from tests.factories.pipelines import save_sd

IMAGE = {"prompt": "plum blossom in snow", "width_px": 256, "height_px": 256, "seed": 7}


def write(folder: Path, text: str) -> Path:
    path = folder / "backends.toml"
    path.write_text(text, encoding="utf-8")
    return path


class TestFile:
    def test_without_a_file_the_studio_makes_everything(self) -> None:
        file = read_backends_file(None)
        assert set(file.used()) == {"studio"}
        assert Workshop(file).routes().offers().keys() == set(Kind)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[routes]\nimage = ['painter']", "routes.image: there is no backend named painter"),
            ("[routes]\nimage = []", "routes.image"),
            ("[routes]\npictures = ['studio']", "routes.pictures"),
            ("[backends.studio]\nengine = 'openai'\nurl = 'http://x/v1'\nmodel = 'm'", "taken"),
            ("[backends.a]\nengine = 'magic'", "backends.a"),
            (
                "[backends.a]\nengine = 'openai'\nurl = 'http://x/v1'\nmodel = 'm'\n"
                "[tiers.gold]\nimage = ['a']",
                "tiers.gold.image: a is a openai backend",
            ),
            ("[backends.a]\nengine = 'diffusers'\nmodel = '/m'\npreset = 'nothing'", "no such preset"),
            ("routes = ", "Invalid value"),
        ],
    )
    def test_what_is_wrong_is_named(self, tmp_path: Path, text: str, said: str) -> None:
        with pytest.raises(BackendsFileError, match=said.replace(".", r"\.")):
            read_backends_file(write(tmp_path, text))

    def test_no_key_is_shown(self, tmp_path: Path) -> None:
        text = "[backends.a]\nengine = 'openai'\nurl = 'nowhere'\nmodel = 'm'\napi_key = 'sk-secret'"
        with pytest.raises(BackendsFileError) as caught:
            read_backends_file(write(tmp_path, text))
        assert "sk-secret" not in str(caught.value)
        assert "url" in str(caught.value)

    def test_a_file_without_end_or_that_is_absent_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BackendsFileError, match="larger"):
            read_backends_file(write(tmp_path, "#" * 300_000))
        with pytest.raises(BackendsFileError, match="No such file"):
            read_backends_file(tmp_path / "none.toml")


class TestWorkshop:
    def test_a_model_that_does_not_load_is_left_out(self, tmp_path: Path) -> None:
        text = (
            f"[backends.lost]\nengine = 'diffusers'\nmodel = '{tmp_path}/none'\npreset = 'sd15'\n"
            "[routes]\nimage = ['lost', 'studio']"
        )
        routes = Workshop(read_backends_file(write(tmp_path, text))).routes()
        assert [backend.identity.backend for backend in routes.route(Kind.IMAGE, "free")] == ["studio"]

    def test_a_kind_without_any_backend_is_left_to_others(self, tmp_path: Path) -> None:
        text = (
            f"[backends.lost]\nengine = 'diffusers'\nmodel = '{tmp_path}/none'\npreset = 'sd15'\n"
            "[routes]\nimage = ['lost']"
        )
        routes = Workshop(read_backends_file(write(tmp_path, text))).routes()
        assert routes.offers().keys() == {"card", "lyrics"}

    @pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of the scheduler
    def test_a_model_serves_one_tier_and_the_studio_everybody_else(self, tmp_path: Path) -> None:
        model = save_sd(tmp_path / "tiny")
        text = (
            f"[backends.tiny]\nengine = 'diffusers'\nmodel = '{model}'\npreset = 'sd15'\nsteps = 2\n"
            "dtype = 'float32'\ndevice = 'cpu'\n[tiers.gold]\nimage = ['tiny']"
        )
        producer = Producer(Workshop(read_backends_file(write(tmp_path, text))).routes())
        free, gold = (Order(Kind.IMAGE, IMAGE, "image:256x256", tier) for tier in ("free", "gold"))
        assert producer.shape_of(free) != producer.shape_of(gold)
        by_rule, by_model = (make_one(producer, order, Unwatched()) for order in (free, gold))
        assert isinstance(by_rule, Product) and isinstance(by_model, Product)
        assert (by_rule.provenance["ai"], by_rule.provenance["source_type"]) == (False, ALGORITHMIC)
        assert (by_model.provenance["ai"], by_model.provenance["source_type"]) == (True, TRAINED)
        assert by_model.provenance["steps"] == 2
        assert (by_model.provenance["backend"], by_model.provenance["model"]) == ("diffusers", "tiny")


class Away:
    """A backend whose server is down."""

    identity = Identity("away", "none", "1", is_model=True)
    kinds = frozenset({Kind.IMAGE})
    max_batch = 2

    def steps(self, spec: Spec) -> int:
        return 1

    def generate(self, briefs: Sequence[Brief], progress: Progress) -> list[Result]:
        raise BackendUnavailableError("nobody answers")


class Remembering(StudioImageBackend):
    """Keeps the label it was asked to draw."""

    label = ""

    def generate(self, briefs: Sequence[Brief], progress: Progress) -> list[Result]:
        self.label = briefs[0].label
        return super().generate(briefs, progress)


class TestFallback:
    def test_the_next_backend_is_asked_and_labelled_as_what_it_is(self) -> None:
        painter = Remembering()
        producer = Producer(Routes({Kind.IMAGE: [Away(), painter]}))
        made = make_one(producer, Order(Kind.IMAGE, IMAGE), Unwatched())
        assert isinstance(made, Product) and made.provenance["ai"] is False
        assert painter.label == "算法生成"

    def test_where_nobody_is_left_the_work_fails_and_may_be_tried_again(self) -> None:
        made = make_one(Producer(Routes({Kind.IMAGE: [Away()]})), Order(Kind.IMAGE, IMAGE), Unwatched())
        assert (type(made).__name__, getattr(made, "reason", None)) == ("Failure", "internal")

    def test_the_smallest_backend_bounds_a_pass(self) -> None:
        roomy = Away()
        roomy.max_batch = 5
        assert Routes({Kind.IMAGE: [roomy, Away()]}).offers() == {"image": 2}
