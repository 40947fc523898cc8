"""A tiny language model in this process, and one that a server on this machine pretends to be."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from generators.backends.language.openai_lyrics import OpenAiLyrics
from generators.backends.language.settings import OpenAiSettings, TransformersSettings
from generators.backends.language.transformers_lyrics import TransformersLyrics
from generators.backends.studio.lyrics.backend import StudioLyricsBackend
from generators.contracts import Backend, Brief, Song, Unwatched
from tests.contracts.backends.studio import CARD, LYRICS
from tests.contracts.backends.subjects import Subject
from tests.factories.language_models import save_model
from tests.fakes.openai_server import Exchange, openai_server, says

PETABYTE = 1 << 50


def make_transformers(folder: Path) -> TransformersLyrics:
    """Saved, and then loaded as a real one is."""
    model = str(save_model(folder / "tiny"))
    return TransformersLyrics(
        TransformersSettings(model=model, is_offline=True, dtype="float32", device="cpu")
    )


@contextlib.contextmanager
def starve(backend: Backend) -> Iterator[None]:
    """The network asks for more memory than any machine has; the allocator's own error follows."""
    assert isinstance(backend, TransformersLyrics)
    network: torch.nn.Module = backend.model.network
    hook = network.register_forward_pre_hook(lambda *_: torch.empty(PETABYTE, dtype=torch.uint8))
    try:
        yield
    finally:
        hook.remove()


class ServedLyrics(OpenAiLyrics):
    """The `openai` backend with the server that it asks."""

    def __init__(self) -> None:
        self._server = contextlib.ExitStack()
        fake = self._server.enter_context(openai_server(_compose))
        super().__init__(OpenAiSettings.model_validate({"url": fake.url, "model": "fake"}))

    def close(self) -> None:
        super().close()
        self._server.close()


def _compose(exchange: Exchange) -> None:
    """A song of the studio's that depends on the seed alone, as a good model's would."""
    brief = Brief(LYRICS, exchange.request["seed"], "")
    (song,) = StudioLyricsBackend().generate([brief], Unwatched())
    assert isinstance(song, Song)
    says(song.text)(exchange)


SUBJECTS: Sequence[Subject] = (
    Subject("transformers lyrics", make_transformers, spec=LYRICS, foreign=CARD, starve=starve),
    Subject("openai lyrics", lambda _: ServedLyrics(), spec=LYRICS, foreign=CARD),
)
