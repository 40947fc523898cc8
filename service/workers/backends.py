"""Which backend makes what: the one place where the service names a backend. Loaded in renderers only."""

import cv2

from core.settings import load_settings
from generators.backends.studio.card.backend import StudioCardBackend
from generators.backends.studio.image import StudioImageBackend
from generators.backends.studio.lyrics.backend import StudioLyricsBackend
from generators.specs import Kind
from moderation import prompts
from service.workers.production import Producer
from service.workers.routes import Routes


def make_producer() -> Producer:
    """The backends of this process, loaded and ready."""
    cv2.setNumThreads(1)  # one core a renderer: more renderers use more cores, and better
    prompts.load_lexicon(load_settings().moderation.lexicon_paths)
    return Producer(
        Routes(
            {
                Kind.CARD: [StudioCardBackend()],
                Kind.LYRICS: [StudioLyricsBackend()],
                Kind.IMAGE: [StudioImageBackend()],
            }
        )
    )
