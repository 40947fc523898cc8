"""Screen everything a spec says, before any work; also for the command line, which has no service."""

from generators.specs import CardSpec, ImageSpec, LyricsSpec, Spec
from moderation import links, prompts


def require_spec_allowed(spec: Spec) -> None:
    """Refuse a spec whose words or link may not be worked on. Raises: PromptRejectedError."""
    prompts.require_allowed(texts_of(spec))
    if isinstance(spec, CardSpec) and spec.qr_url is not None:
        links.require_link_allowed(spec.qr_url)


def texts_of(spec: Spec) -> list[str]:
    """Every free text of a spec, for screening."""
    match spec:
        case CardSpec():
            told = (spec.recipient, spec.sender, spec.message, *(spec.scenes or ()))
            return [text for text in told if text]
        case LyricsSpec():
            return [spec.theme, *spec.words]
        case ImageSpec():
            return [spec.prompt]
