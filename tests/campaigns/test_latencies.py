"""How long the answers of a run took."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.models import ItemState, Run, RunItem
from campaigns.services.latencies import STEP, latencies_of, summarised


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=200))
def test_every_answer_lies_in_one_bin_and_bins_touch(latencies: list[float]) -> None:
    found = summarised(np.array(latencies))
    assert sum(each.count for each in found.bins) == found.count == len(latencies)
    assert all(one.to_ms == other.from_ms for one, other in zip(found.bins, found.bins[1:], strict=False))
    assert found.bins[0].from_ms <= min(latencies) * 1.01 + 0.001
    assert max(latencies) <= found.bins[-1].to_ms * 1.01 + 0.001
    assert len(found.bins) <= np.log(max(latencies) / min(latencies)) / np.log(STEP) + 2


def test_the_middle_and_the_slow_end_are_told() -> None:
    found = summarised(np.arange(1.0, 101.0))
    assert (found.count, found.p50_ms, found.slowest_ms) == (100, 50.5, 100.0)
    assert found.p95_ms == pytest.approx(95.05)


def test_a_run_tells_what_was_measured_and_nothing_of_what_was_not(campaign, make_image, as_user, viewer):
    run = Run.objects.create(kind="inference", campaign=campaign)
    for latency_ms in (10.0, 20.0, None):
        RunItem.objects.create(run=run, image=make_image(campaign), state=ItemState.DONE, latency_ms=latency_ms)
    answer = as_user(viewer).get(f"/api/v1/runs/{run.pk}/latencies").json()
    assert (answer["count"], answer["p50_ms"], answer["slowest_ms"]) == (2, 15.0, 20.0)
    assert latencies_of(Run.objects.create(kind="inference", campaign=campaign)).bins == ()
