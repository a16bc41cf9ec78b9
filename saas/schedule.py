"""The tasks that beat sends, and their intervals in seconds."""

from typing import Any


def beat_schedule(*, sweep: float) -> dict[str, dict[str, Any]]:
    """Return beat's schedule. A task expires after its interval, the sweep after a minute."""
    return {
        "relay-the-outbox": _every(sweep, "tasks.jobs.sweep", expires=60),
        "erase-expired-payloads": _every(600.0, "tasks.jobs.erase_expired"),
        "prune-the-outbox": _every(600.0, "tasks.jobs.prune"),
        "review-unverified-tenants": _every(300.0, "tenants.lifecycle.jobs.review_unverified"),
        "run-the-schedules": _every(60.0, "tasks.jobs.run_schedules"),
        "plan-the-schedules": _every(600.0, "tenants.lifecycle.jobs.plan_schedules"),
        "fill-the-schema-pool": _every(60.0, "tenancy.jobs.fill_pool"),
        "prune-the-tenants": _every(300.0, "tenants.lifecycle.jobs.prune_all"),
    }


def _every(seconds: float, task: str, *, expires: float | None = None) -> dict[str, Any]:
    return {"task": task, "schedule": seconds, "options": {"expires": expires or seconds}}
