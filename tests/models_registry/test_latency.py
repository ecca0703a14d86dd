"""Percentiles from a histogram, and the batches that hold it."""

import math
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from campaigns.models import User
from models_registry.latency import counted, quantile_ms, slot_of
from models_registry.models import CallBatch, CallKind, RegisteredModel
from models_registry.services import calls
from models_registry.services.calls import Call, CallRecorder, call_figures, record_calls

LATENCIES = st.lists(st.floats(1.0, 600_000.0), min_size=1, max_size=300)


@given(LATENCIES, st.sampled_from([0.5, 0.95, 1.0]))
def test_a_percentile_is_right_to_two_and_a_half_percent(latencies: list[float], share: float):
    exact = sorted(latencies)[max(1, math.ceil(share * len(latencies))) - 1]
    found = quantile_ms(counted(latencies), share)
    assert found is not None
    assert abs(found - exact) <= 0.026 * exact


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_longer_call_never_falls_into_an_earlier_slot(one: float, other: float):
    assert slot_of(min(one, other)) <= slot_of(max(one, other))


def test_without_calls_there_is_no_percentile():
    assert quantile_ms({}, 0.5) is None


@pytest.fixture
def model(manager: User) -> RegisteredModel:
    return RegisteredModel.objects.create(name="M", task="classification", protocol="winnow_json", created_by=manager)


def test_calls_within_a_minute_share_a_row_and_later_ones_begin_another(model: RegisteredModel):
    for number in range(50):
        record_calls(model.pk, CallKind.RUN, [Call(10.0 + number)] * 20)
    assert CallBatch.objects.get().calls == 1000
    CallBatch.objects.update(started_at=timezone.now() - timedelta(minutes=2))
    record_calls(model.pk, CallKind.RUN, [Call(None, "timeout", "Too slow.")])
    assert [batch.calls for batch in CallBatch.objects.all()] == [1, 1000]


def test_figures_tell_the_error_rate_and_the_last_error(model: RegisteredModel):
    record_calls(model.pk, CallKind.RUN, [Call(100.0)] * 90 + [Call(900.0)] * 6)
    record_calls(model.pk, CallKind.TEST, [Call(None, "timeout", "Too slow."), Call(None, "rejected", "items: expected a list")])
    record_calls(model.pk, CallKind.ASSIST, [Call(100.0)] * 2)
    figures = call_figures([model.pk])[model.pk]
    assert (figures.calls, figures.failures, figures.error_rate) == (100, 2, 0.02)
    assert figures.p50_ms == pytest.approx(100, rel=0.03)
    assert figures.p95_ms == pytest.approx(900, rel=0.03)
    assert (figures.last_error_code, figures.last_error) == ("rejected", "items: expected a list")
    assert len(figures.trend) == 3


def test_a_slow_failure_does_not_count_as_a_latency(model: RegisteredModel):
    record_calls(model.pk, CallKind.RUN, [Call(5.0), Call(60_000.0, "http_5xx", "It failed.")])
    assert call_figures([model.pk])[model.pk].p95_ms == pytest.approx(5, rel=0.03)


def test_only_about_the_last_thousand_calls_speak(model: RegisteredModel, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calls, "JOINED_WITHIN", timedelta(0))
    record_calls(model.pk, CallKind.RUN, [Call(None, "timeout", "Too slow.")] * 800)
    for _ in range(2):
        record_calls(model.pk, CallKind.RUN, [Call(20.0)] * 600)
    figures = call_figures([model.pk])[model.pk]
    assert (figures.calls, figures.failures) == (1200, 0)
    assert figures.last_error_code == "timeout"


def test_old_batches_are_forgotten(model: RegisteredModel, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calls, "JOINED_WITHIN", timedelta(0))
    monkeypatch.setattr(calls, "KEPT_BATCHES", 4)
    for number in range(9):
        record_calls(model.pk, CallKind.RUN, [Call(float(number))])
    assert CallBatch.objects.count() == 4


def test_a_run_writes_now_and_then_and_the_rest_at_its_end(model: RegisteredModel):
    recorder = CallRecorder(model.pk, CallKind.RUN)
    for _ in range(100):
        recorder.add([Call(7.0)])
    assert not CallBatch.objects.exists()
    recorder.close()
    assert CallBatch.objects.get().calls == 100


@pytest.mark.django_db(transaction=True)
def test_calls_of_a_removed_model_are_let_go():
    record_calls(999_999, CallKind.RUN, [Call(1.0)])
    assert not CallBatch.objects.exists()
