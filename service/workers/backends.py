"""Which backend makes what: the one place where the service names a backend. Loaded in renderers only."""

from generators.backends.studio.card.backend import StudioCardBackend
from generators.backends.studio.image import StudioImageBackend
from generators.backends.studio.lyrics.backend import StudioLyricsBackend
from generators.specs import Kind
from service.workers.production import Producer


def make_producer() -> Producer:
    """The backends of this process, loaded and ready."""
    return Producer(
        {
            Kind.CARD: StudioCardBackend(),
            Kind.LYRICS: StudioLyricsBackend(),
            Kind.IMAGE: StudioImageBackend(),
        }
    )
