"""What beat asks for, and how often."""

from typing import Any


def beat_schedule(*, sweep: float) -> dict[str, dict[str, Any]]:
    """Return beat's schedule. What waits longer than its next turn is dropped."""
    return {
        "relay-the-outbox": _every(sweep, "tasks.jobs.sweep", expires=60),
        "erase-expired-payloads": _every(600.0, "tasks.jobs.erase_expired"),
        "prune-the-outbox": _every(600.0, "tasks.jobs.prune"),
        "review-unverified-tenants": _every(300.0, "tenants.jobs.review_unverified"),
        "fill-the-spare-schemas": _every(60.0, "tenants.jobs.fill_spares"),
        "prune-the-tenants": _every(300.0, "tenants.jobs.prune_all"),
    }


def _every(seconds: float, task: str, *, expires: float | None = None) -> dict[str, Any]:
    return {"task": task, "schedule": seconds, "options": {"expires": expires or seconds}}
