"""Opens the backends that an operator's file names, and builds the routes over them."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final, TypeVar

import structlog

from generators.backends.diffusion.settings import DiffusionSettings
from generators.backends.language.settings import OpenAiSettings, TransformersSettings
from generators.backends.studio.card.backend import StudioCardBackend
from generators.backends.studio.image import StudioImageBackend
from generators.backends.studio.lyrics.backend import StudioLyricsBackend
from generators.backends.studio.words.writer import BankWriter
from generators.contracts import Backend, BackendUnavailableError, WordsWriter
from generators.specs import Kind
from service.workers.configuration import STUDIO, BackendsFile, EngineSettings, RouteNames
from service.workers.routes import Routes

log = structlog.get_logger()

Opened = TypeVar("Opened")
# By role and engine; imported when a file asks for them, because a model library takes seconds to import.
MAKERS: Final[Mapping[tuple[str, type[Any]], str]] = {
    ("image", DiffusionSettings): "generators.backends.diffusion.backend:DiffusionBackend",
    ("lyrics", TransformersSettings): "generators.backends.language.transformers_lyrics:TransformersLyrics",
    ("lyrics", OpenAiSettings): "generators.backends.language.openai_lyrics:OpenAiLyrics",
    ("words", TransformersSettings): "generators.backends.language.transformers_words:TransformersWords",
    ("words", OpenAiSettings): "generators.backends.language.openai_words:OpenAiWords",
}
STUDIOS: Final[Mapping[str, Callable[[], Any]]] = {
    "image": StudioImageBackend,
    "lyrics": StudioLyricsBackend,
    "words": BankWriter,
}


class Workshop:
    """Each backend is opened once, whichever routes name it.

    lane: which renderer of its worker this is; on a machine of several GPUs each lane takes its own.
    """

    def __init__(self, file: BackendsFile, *, lane: int = 0) -> None:
        self._file = file
        self._lane = lane
        self._opened: dict[tuple[str, str], Any] = {}

    def routes(self) -> Routes:
        """Everybody's routes, and those of tiers that have their own.

        A backend that does not open is left out, and a kind that has none left is not offered: other workers
        may serve it. Raises: BackendUnavailableError: nothing at all is left.
        """
        everybody = self._by_kind(self._file.routes)
        if not everybody:
            raise BackendUnavailableError("no backend of any route could be opened")
        tiers = {
            tier: self._by_kind(self._file.routes.changed_by(changes))
            for tier, changes in self._file.tiers.items()
        }
        return Routes(everybody, tiers)

    def _by_kind(self, names: RouteNames) -> dict[Kind, Sequence[Backend]]:
        painters: list[Backend] = self._open_all("image", names.card)
        writers: list[WordsWriter] = self._open_all("words", names.words)
        cards = self._card(painters, writers) if painters and writers else []
        routes: dict[Kind, Sequence[Backend]] = {
            Kind.IMAGE: self._open_all("image", names.image),
            Kind.LYRICS: self._open_all("lyrics", names.lyrics),
            Kind.CARD: cards,
        }
        for kind, route in routes.items():
            if not route:
                log.error("workshop.kind_not_offered", kind=kind.value)
        return {kind: route for kind, route in routes.items() if route}

    def _card(self, painters: Sequence[Backend], writers: Sequence[WordsWriter]) -> list[Backend]:
        return [StudioCardBackend(backgrounds=painters, writers=writers)]

    def _open_all(self, role: str, names: Sequence[str]) -> list[Any]:
        opened = [self._open(role, name) for name in names]
        return [backend for backend in opened if backend is not None]

    def _open(self, role: str, name: str) -> Any | None:  # noqa: ANN401 - of the role's protocol
        if (role, name) not in self._opened:
            self._opened[role, name] = self._try(role, name)
        return self._opened[role, name]

    def _try(self, role: str, name: str) -> Any | None:  # noqa: ANN401
        if name == STUDIO:
            return STUDIOS[role]()
        settings = _placed(self._file.backends[name], self._lane)
        try:
            module, _, maker = MAKERS[role, type(settings)].partition(":")
            backend = getattr(import_module(module), maker)(settings)
            if isinstance(settings, DiffusionSettings):
                backend.load()  # now, and not while the first customer waits
        except (BackendUnavailableError, ImportError) as error:
            log.error("workshop.backend_not_opened", backend=name, role=role, why=str(error))
            return None
        log.info("workshop.backend_opened", backend=name, role=role, model=backend.identity.model)
        return backend


def _placed(settings: EngineSettings, lane: int) -> EngineSettings:
    """Give each lane a GPU of its own, where the file leaves the choice and there are several."""
    if isinstance(settings, OpenAiSettings) or settings.device not in ("auto", "cuda"):
        return settings
    devices = import_module("torch").cuda.device_count()
    if devices < 2:
        return settings
    return settings.model_copy(update={"device": f"cuda:{lane % devices}"})
