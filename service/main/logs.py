"""Structured logs: JSON lines with request ids, and no personal data or secret in any of them."""

import logging
from typing import Any, Final

import structlog

NOISY: Final = ("uvicorn.access", "alembic", "obstore", "stripe", "httpx")


def configure_logs(log_format: str) -> None:
    """One JSON object per line, or coloured lines for a person ("console")."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: list[Any] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if log_format == "console"
        else [_exceptions_without_locals(), structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[_drop_meta, *renderer], foreign_pre_chain=shared)
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _exceptions_without_locals() -> structlog.processors.ExceptionRenderer:
    """Where it happened, not with what values: locals hold tokens, prompts and addresses."""
    return structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )


def _drop_meta(logger: object, name: str, event: Any) -> Any:  # noqa: ANN401 - structlog's own signature
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, name, event)
