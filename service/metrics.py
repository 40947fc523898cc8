"""Prometheus metrics. No label ever holds an id or a word of a user."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

REQUESTS: Final = Counter("huajian_http_requests_total", "Requests by route", ["method", "route", "status"])
REQUEST_SECONDS: Final = Histogram(
    "huajian_http_request_seconds", "Time to the first byte by route", ["route"], buckets=SECONDS
)
ADMISSIONS: Final = Counter("huajian_admissions_total", "Jobs admitted", ["kind"])
REPLAYS: Final = Counter("huajian_admission_replays_total", "Admissions answered from their key")
REFUSALS: Final = Counter("huajian_refusals_total", "Requests refused", ["code"])
ADMISSION_BATCH: Final = Histogram(
    "huajian_admission_batch_size", "Admissions per commit", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
JOBS_ENDED: Final = Counter("huajian_jobs_ended_total", "Jobs brought to rest", ["kind", "state"])
STALE_RESULTS: Final = Counter("huajian_stale_results_total", "Results of lost leases, dropped")
REQUEUED: Final = Counter("huajian_jobs_requeued_total", "Jobs whose lease ran out")
STAGE_SECONDS: Final = Histogram(
    "huajian_stage_seconds", "Time a job spends in a stage", ["kind", "stage"], buckets=SECONDS
)
BATCH_SIZE: Final = Histogram("huajian_batch_size", "Jobs per batch", ["kind"], buckets=(1, 2, 4, 8, 16, 32))
BUSY_SECONDS: Final = Counter(
    "huajian_device_busy_seconds_total", "Seconds devices spent in passes", ["kind"]
)
QUEUE_DEPTH: Final = Gauge("huajian_queue_depth", "Jobs queued", ["kind"])
QUEUE_AGE: Final = Gauge("huajian_queue_oldest_seconds", "Age of the oldest queued job", ["kind"])
OPEN_HOLDS: Final = Gauge("huajian_open_holds_credits", "Credits under open holds")
INBOX_RECEIVED: Final = Counter("huajian_inbox_received_total", "Verified messages", ["fate"])
INBOX_EVENTS: Final = Gauge("huajian_inbox_events", "Messages that are not over", ["state"])
CLEARING_GAP: Final = Gauge(
    "huajian_clearing_gap_minor", "Our books of the channel's balance, less that balance", ["currency"]
)
RETURNS: Final = Gauge(
    "huajian_returns", "Orders whose money must go back and has not, by where that stands", ["state"]
)
WEBHOOK_ATTEMPTS: Final = Counter(
    "huajian_webhook_attempts_total", "Attempts to deliver webhooks, by how they ended", ["outcome"]
)
WEBHOOK_AGE: Final = Gauge("huajian_webhook_oldest_seconds", "Age of the oldest event not delivered")
LOG_SIZE: Final = Gauge("huajian_log_leaves", "Leaves of the public log under its newest checkpoint")
LOG_PENDING: Final = Gauge("huajian_log_pending", "Leaves that have no place in the log yet")
BREACHES: Final = Gauge("huajian_invariant_breaches", "Rows that break an invariant", ["invariant"])


def observe_pass(kind: str, size: int, seconds: float) -> None:
    """A device made so many works at once."""
    BATCH_SIZE.labels(kind).observe(size)
    STAGE_SECONDS.labels(kind, "make").observe(seconds)
    BUSY_SECONDS.labels(kind).inc(seconds)
