"""Schedules: once a local day in each tenant, made up for after an outage, and never twice."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from celery import shared_task
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Min
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks import jobs, schedules
from tasks.checks import schedules_can_run
from tasks.models import ScheduledRun
from tasks.schedules import Schedule
from tenancy.context import current_schema, workspace_context
from tenancy.task_base import TenantTask
from tenants.lifecycle import jobs as lifecycle, services as lifecycle_services
from tenants.lifecycle.deletion import delete_tenant
from tenants.settings import services as settings_services
from tests.contexts import public_context

HOUR = timedelta(hours=1)
ran: list[tuple[str, datetime]] = []
failing: set[str] = set()


@shared_task(base=TenantTask)
def tidy():
    if current_schema() in failing:
        raise ValueError("It can't be tidied.")
    ran.append((current_schema(), timezone.now()))


NIGHTLY = Schedule("test.tidy", tidy, hour=3)


class Clock:
    """A clock that beat follows, from each moment at which a run is due to the next."""

    def __init__(self, now):
        self.now = now

    def run_until(self, moment):
        while (due := self._next_due()) and due <= moment:
            self.now = max(self.now, due)
            jobs.run_schedules.apply(throw=True)
        self.now = moment

    def _next_due(self):
        with public_context():
            return ScheduledRun.objects.aggregate(next=Min("due_at"))["next"]


@pytest.fixture
def clock(monkeypatch):
    clock = Clock(datetime(2026, 1, 10, 12, tzinfo=UTC))
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def sent(monkeypatch):
    """What is sent to the queue, which a worker takes at once."""
    found = []

    def take(args, *, schema_name, **_):
        found.append((args, schema_name))
        jobs.run_schedule.apply(args, headers={"schema_name": schema_name})

    monkeypatch.setattr(jobs.run_schedule, "apply_async", take)
    return found


@pytest.fixture
def planned(only, clock, sent, acme, globex):
    """Acme in Seoul and Globex in New York, with a schedule."""
    ran.clear()
    failing.clear()
    only(schedules.schedules, NIGHTLY)
    for tenant, zone in ((acme, "Asia/Seoul"), (globex, "America/New_York")):
        tenant.time_zone = zone
        with public_context():
            tenant.save()
    assert lifecycle.plan_schedules.apply(throw=True).get() == 2
    assert lifecycle.plan_schedules.apply(throw=True).get() == 0


def local_runs(tenant):
    """The local times at which a tenant's task ran."""
    return [
        moment.astimezone(tenant.zone) for schema_name, moment in ran
        if schema_name == tenant.schema_name
    ]  # fmt: skip


def run_of(tenant):
    with public_context():
        return ScheduledRun.objects.get(schema_name=tenant.schema_name)


def test_a_task_runs_once_a_local_day_in_each_tenants_own_night(planned, clock, acme, globex):
    clock.run_until(clock.now + timedelta(days=3))

    for tenant in (acme, globex):
        times = local_runs(tenant)
        assert [each.hour for each in times] == [3, 3, 3]
        assert len({each.date() for each in times}) == 3
    assert local_runs(acme)[0] < local_runs(globex)[0]


def test_tenants_are_spread_over_the_hour(planned, acme, globex):
    day = date(2026, 1, 11)

    moments = [schedules.due_at(NIGHTLY, day, tenant) for tenant in (acme, globex)]

    assert moments[0].minute * 60 + moments[0].second != moments[1].minute * 60 + moments[1].second


def test_days_that_were_missed_are_made_up_for_once(planned, clock, acme):
    clock.run_until(clock.now + timedelta(days=1))
    assert len(local_runs(acme)) == 1

    clock.now += timedelta(days=4)
    clock.run_until(clock.now + HOUR)

    assert len(local_runs(acme)) == 2
    clock.run_until(clock.now + timedelta(days=1))
    times = local_runs(acme)
    assert len(times) == 3
    assert times[2].hour == 3


def test_a_failing_run_is_tried_a_few_times_and_again_the_next_day(planned, clock, acme, globex):
    failing.add(acme.schema_name)
    clock.run_until(schedules.due_at(NIGHTLY, date(2026, 1, 11), acme) + timedelta(seconds=270))
    first = run_of(acme)
    assert (first.day, first.attempts) == (date(2026, 1, 11), 3)
    assert first.last_error == "ValueError"

    clock.run_until(clock.now + timedelta(hours=18))

    given_up = run_of(acme)
    assert (given_up.day, given_up.attempts) == (date(2026, 1, 12), 0)
    assert len(local_runs(globex)) == 1
    failing.clear()
    clock.run_until(clock.now + timedelta(days=1))
    assert len(local_runs(acme)) == 1
    assert run_of(acme).last_error == ""
    assert run_of(acme).ran_at == local_runs(acme)[0]


def test_a_failing_run_uses_up_its_attempts_and_no_more(planned, clock, acme, sent):
    failing.add(acme.schema_name)

    clock.run_until(clock.now + timedelta(hours=18))

    attempts = [args[2] for args, schema_name in sent if schema_name == acme.schema_name]
    assert attempts == [0, 1, 2, 3, 4]


def test_a_message_that_arrives_twice_runs_once(planned, clock, acme, sent):
    clock.run_until(schedules.due_at(NIGHTLY, date(2026, 1, 11), acme) + HOUR)
    (args, schema_name), *_ = sent

    jobs.run_schedule.apply(args, headers={"schema_name": schema_name}, throw=True)

    assert len(local_runs(acme)) == 1


def test_a_run_whose_worker_died_is_tried_again(planned, clock, acme, monkeypatch, sent):
    lost = []
    with monkeypatch.context() as patch:
        patch.setattr(jobs.run_schedule, "apply_async", lambda args, **_: lost.append(args))
        clock.run_until(schedules.due_at(NIGHTLY, date(2026, 1, 11), acme) + timedelta(seconds=1))
        assert len(lost) == 1

    clock.run_until(clock.now + HOUR)

    assert len(local_runs(acme)) == 1


def test_a_run_whose_process_dies_each_time_is_left_out(planned, clock, acme):
    with public_context():
        mine = ScheduledRun.objects.filter(schema_name=acme.schema_name)
        mine.update(attempts=schedules.MAX_ATTEMPTS, due_at=clock.now)

    clock.run_until(clock.now + timedelta(minutes=1))

    assert local_runs(acme) == []
    assert (run_of(acme).attempts, run_of(acme).last_error) == (0, "AttemptsUsedUp")


def test_a_suspended_tenant_is_left_out(planned, clock, acme, globex):
    lifecycle_services.suspend(tenant=acme)
    clock.run_until(clock.now + timedelta(days=2))
    assert local_runs(acme) == []
    assert len(local_runs(globex)) == 2

    lifecycle_services.resume(tenant=acme)
    clock.run_until(clock.now + timedelta(days=1))

    assert len(local_runs(acme)) == 1


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        # New York's clocks skip 2:00 to 3:00, and repeat 1:00 to 2:00.
        (date(2026, 3, 8), {2: 3, 3: 3}),
        (date(2026, 11, 1), {1: 1, 2: 2}),
    ],
)
def test_a_change_of_the_clocks_costs_no_run_and_adds_none(
    planned, clock, declare, globex, day, hours
):
    for hour, expected in hours.items():
        ran.clear()
        declare(schedules.schedules, Schedule(f"test.at_{hour}", tidy, hour=hour))
        with public_context():
            ScheduledRun.objects.all().delete()
        clock.now = datetime.combine(day - timedelta(days=1), time(12), UTC)
        with public_context():
            schedules.plan(schedules.schedules[f"test.at_{hour}"], [globex])

        clock.run_until(clock.now + timedelta(days=3))

        times = local_runs(globex)
        assert len(times) == len({each.date() for each in times}) == 3
        (then,) = (each for each in times if each.date() == day)
        assert (then.hour, then.fold) == (expected, 0)


def test_another_time_zone_moves_the_next_run(planned, clock, acme):
    clock.run_until(clock.now + timedelta(days=1))
    before = run_of(acme)

    settings_services.change(tenant=acme, name="Acme", language="en", time_zone="America/New_York")

    moved = run_of(acme)
    assert moved.day == before.day
    assert moved.due_at == schedules.due_at(NIGHTLY, moved.day, acme) == before.due_at + 14 * HOUR


def test_without_a_due_run_beat_costs_one_query(planned, clock, declare, acme):
    with CaptureQueriesContext(connection) as asked:
        jobs.run_schedules.apply(throw=True)

    (query,) = (each["sql"] for each in asked if "SAVEPOINT" not in each["sql"])
    assert 'FROM "tasks_scheduledrun"' in query


def test_a_tenant_sees_its_own_runs_alone(planned, acme):
    with workspace_context(acme):
        assert [run.schema_name for run in ScheduledRun.objects.all()] == [acme.schema_name]


def test_runs_go_with_their_tenant(committed, planned, clock, acme, globex):
    delete_tenant(tenant=acme)

    with public_context():
        assert [run.schema_name for run in ScheduledRun.objects.all()] == [globex.schema_name]


def test_runs_of_no_tenant_are_found_and_go(planned, clock, sent, capsys):
    with public_context():
        for name in ("t_gone", "t_due"):
            ScheduledRun.objects.create(
                schema_name=name, name=NIGHTLY.name, day=date(2026, 1, 11),
                due_at=clock.now + (HOUR if name == "t_gone" else timedelta(0)),
            )  # fmt: skip

    jobs.run_schedules.apply(throw=True)

    with public_context():
        assert not ScheduledRun.objects.filter(schema_name="t_due").exists()
    with pytest.raises(CommandError):
        call_command("doctor")
    assert "t_gone, which no tenant has" in capsys.readouterr().out


def test_a_schedule_that_is_declared_no_more_is_forgotten_after_a_week(
    planned, clock, monkeypatch, sent
):
    monkeypatch.setattr(schedules.schedules, "_entries", {})

    clock.now += timedelta(days=3)
    jobs.run_schedules.apply(throw=True)
    lifecycle.plan_schedules.apply(throw=True)
    with public_context():
        assert ScheduledRun.objects.count() == 2
    clock.now += timedelta(days=7)
    lifecycle.plan_schedules.apply(throw=True)

    assert sent == []
    with public_context():
        assert not ScheduledRun.objects.exists()


def test_a_schedule_that_can_not_run_is_refused(declare):
    assert schedules_can_run() == []

    declare(
        schedules.schedules,
        Schedule("test.late", tidy, hour=24),
        Schedule("test.none", "tasks.tidy"),
        Schedule("x" * 101, tidy),
    )

    assert [error.id for error in schedules_can_run()] == ["tasks.E004"] * 3
