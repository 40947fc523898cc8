"""What a renderer process makes works with, as the operator's file says. Loaded in renderers only."""

import os

import cv2

from core.settings import load_settings
from generators.specs import Kind
from moderation import prompts
from service.workers.configuration import read_backends_file
from service.workers.links import LANE_VARIABLE
from service.workers.production import Producer
from service.workers.workshop import Workshop


def make_producer() -> Producer:
    """The backends of this process, loaded and ready.

    Raises: BackendsFileError, BackendUnavailableError, LexiconError.
    """
    settings = load_settings()
    cv2.setNumThreads(1)  # one core a renderer: more renderers use more cores, and better
    prompts.load_lexicon(settings.moderation.lexicon_paths)
    lane = int(os.environ.get(LANE_VARIABLE, "0"))
    routes = Workshop(read_backends_file(settings.backends_file), lane=lane).routes()
    kinds = settings.jobs.kinds
    chosen = routes if kinds is None else routes.only({Kind(kind) for kind in kinds})
    return Producer(chosen, settings.provenance.producer_code)
