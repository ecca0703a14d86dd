"""How the learning goes, as pure functions: laws, agreement, random picks, advice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from active_learning.progress.advice import WORTH_IT, advise
from active_learning.progress.agreement import common, kappa
from active_learning.progress.audits import Audit, audit_images, audit_places, grouped, placed
from active_learning.progress.curves import Law, Point, expected_gain, fit_law, why_not

RNG = np.random.default_rng
ceilings, drops, exponents = st.floats(0.5, 0.99), st.floats(0.3, 3.0), st.floats(0.2, 1.5)


def measured(law: Law, labels, deviation=0.01):
    return [Point(n, law.at(n), deviation) for n in labels]


class TestTheLaw:
    @given(ceilings, drops, exponents)
    def test_a_law_is_found_again_in_what_it_gave(self, ceiling, drop, exponent):
        law = Law(ceiling, drop, exponent)
        labels = [n for n in (20, 40, 80, 160, 320, 640) if 0 < law.at(n) < 1]
        points = measured(law, labels)
        if len(points) < 4:
            return
        found = fit_law(points)
        assert max(abs(found.at(n) - law.at(n)) for n in labels) < 0.01

    @given(
        st.lists(st.tuples(st.integers(1, 5000), st.floats(0, 1), st.floats(0.001, 0.2)), min_size=4, max_size=12), st.integers(1, 10_000)
    )
    def test_a_gain_is_never_negative_lies_in_its_interval_and_never_leads_beyond_certainty(self, rows, more):
        points = [Point(*row) for row in rows]
        if why_not(points):
            with pytest.raises(ValueError, match="measurements|close together"):
                expected_gain(points, more, rng=RNG(0), draws=50)
            return
        gain = expected_gain(points, more, rng=RNG(0), draws=50)
        assert 0 <= gain.low <= gain.expected <= gain.high <= 1
        assert gain.ceiling <= 1 + 1e-9

    @given(ceilings, drops, exponents, st.permutations(range(5)))
    def test_the_order_of_the_points_does_not_matter(self, ceiling, drop, exponent, order):
        points = measured(Law(ceiling, drop, exponent), (20, 40, 80, 160, 320))
        assert fit_law([points[place] for place in order]) == fit_law(points)

    @given(ceilings, drops, exponents)
    def test_more_labels_bring_no_less(self, ceiling, drop, exponent):
        points = measured(Law(ceiling, drop, exponent), (20, 40, 80, 160, 320))
        gains = [expected_gain(points, more, rng=RNG(0), draws=20).expected for more in (10, 100, 1000)]
        assert gains == sorted(gains)

    def test_the_interval_holds_the_truth_about_nineteen_times_of_twenty(self):
        law, deviation, held = Law(0.9, 1.5, 0.6), 0.012, 0
        labels = (20, 40, 60, 80, 120, 160, 240, 320)
        for seed in range(60):
            rng = RNG(seed)
            points = [Point(n, law.at(n) + deviation * rng.standard_normal(), deviation) for n in labels]
            gain = expected_gain(points, 100, rng=rng, draws=200)
            held += gain.low <= law.at(420) - law.at(320) <= gain.high
        assert held >= 51

    def test_an_interval_says_how_sure_a_point_is(self):
        assert Point.between(10, 0.5, 0.402, 0.598).deviation == pytest.approx(0.05, abs=1e-3)
        assert Point.between(10, 0.5, None, None).deviation > 0

    @pytest.mark.parametrize(("labels", "word"), [((10, 20, 40), "3 of at least 4"), ((100, 105, 110, 120), "close together")])
    def test_too_little_is_said_and_not_fitted(self, labels, word):
        assert word in why_not([Point(n, 0.5, 0.1) for n in labels])


class TestAgreement:
    codes = st.lists(st.integers(0, 4), min_size=1, max_size=60)

    @given(codes, st.randoms(use_true_random=False))
    def test_kappa_is_that_of_scikit_learn(self, one, random):
        other = [code if random.random() < 0.7 else random.randrange(5) for code in one]
        ours = kappa(np.array(one), np.array(other))
        if len({*one, *other}) > 1:
            assert ours == pytest.approx(cohen_kappa_score(one, other), abs=1e-9)
        assert -1 - 1e-9 <= ours <= 1 + 1e-9
        assert ours == pytest.approx(kappa(np.array(other), np.array(one)))
        assert kappa(np.array(one), np.array(one)) == pytest.approx(1.0)

    def test_only_what_both_know_is_compared(self):
        one, other = common(np.array([1, 5, 9]), np.array([0, 1, 2]), np.array([9, 5, 7]), np.array([2, 4, 0]))
        assert (one.tolist(), other.tolist()) == ([1, 2], [4, 2])
        with pytest.raises(ValueError, match="at least one"):
            kappa(np.array([], int), np.array([], int))


class TestRandomPicks:
    @given(st.integers(1, 400), st.floats(0.01, 0.5), st.lists(st.integers(1, 30), min_size=1, max_size=20))
    def test_however_often_it_is_ranked_again_each_place_is_a_pick_or_not(self, total, share, steps):
        once = audit_places(done=0, horizon=total, share=share)
        done, seen = 0, set()
        for step in steps:
            coming = audit_places(done=done, horizon=max(0, total - done), share=share)
            seen |= {place + done for place in coming if place < step}
            done += step
            if done >= total:
                break
        assert seen == {place for place in once if place < done}
        assert abs(len(once) - share * total) <= 1

    @given(
        st.lists(st.integers(0, 60), unique=True, max_size=20), st.lists(st.integers(0, 60), unique=True, min_size=1), st.integers(0, 30)
    )
    def test_picks_that_wait_stay_and_nobody_is_drawn_twice(self, waiting, pool, count):
        drawn = audit_images(waiting=waiting, pool=pool, count=count, rng=RNG(0))
        assert len(drawn) == len(set(drawn)) == min(count, len(pool))
        assert set(drawn) <= set(pool)
        kept = [image for image in waiting if image in set(pool)][:count]
        assert drawn[: len(kept)] == kept

    @given(st.lists(st.integers(0, 80), unique=True, min_size=1), st.data())
    def test_the_order_keeps_everybody_and_puts_picks_in_their_places(self, order, data):
        slots = data.draw(st.lists(st.integers(0, len(order) - 1), unique=True))
        images = data.draw(st.permutations(order))[: len(slots)]
        at = dict(zip(slots, images, strict=True))
        result = placed(order, at)
        assert sorted(result) == sorted(order)
        assert all(result[place] == image for place, image in at.items())
        rest = [image for image in result if image not in images]
        assert rest == [image for image in order if image not in images]

    @given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 9), st.booleans()), max_size=80))
    def test_groups_lose_no_pick(self, rows):
        points = grouped([Audit(*row) for row in rows])
        assert sum(point.total for point in points) == len(rows)
        assert sum(point.right for point in points) == sum(row[2] for row in rows)
        assert all(point.total >= 10 for point in points) or len(rows) < 10


class TestAdvice:
    flat, steep = Law(0.9, 2.0, 1.2), Law(0.95, 1.2, 0.4)
    far = (50, 100, 200, 400, 800, 1600, 3200)

    def test_a_steep_curve_says_go_on_and_what_it_brings(self):
        advice = advise(measured(self.steep, (20, 40, 80, 160)), [0.8], batch=100, left=5000)
        assert advice.verdict == "go_on"
        assert advice.gain.expected > 0.02
        assert "100 more labels bring" in advice.reasons[0]
        assert "still change" in advice.reasons[1]
        assert "points of accuracy" in advice.reasons[0]
        painted = advise(measured(self.steep, (20, 40, 80, 160)), [], batch=100, left=5000, figure="mean IoU")
        assert "points of mean IoU" in painted.reasons[0], "a lead of masks is told of no accuracy"

    def test_a_flat_curve_with_still_answers_says_stop(self):
        advice = advise(measured(self.flat, self.far, 0.001), [0.995, 0.996], batch=100, left=5000)
        assert (advice.verdict, advice.gain.high < WORTH_IT) == ("stop", True)

    def test_a_flat_curve_alone_is_not_enough_to_stop(self):
        advice = advise(measured(self.flat, self.far, 0.001), [0.9], batch=100, left=5000)
        assert advice.verdict == "nearly_done"
        assert advise(measured(self.flat, self.far, 0.001), [], batch=100, left=5000).verdict == "nearly_done"

    @given(st.lists(st.tuples(st.integers(1, 900), st.floats(0, 1)), max_size=3), st.lists(st.floats(0, 1), max_size=3))
    def test_it_claims_nothing_without_enough_points(self, rows, agreements):
        advice = advise([Point(n, value, 0.05) for n, value in rows], agreements, batch=50, left=100)
        assert (advice.verdict, advice.gain) == ("unknown", None)
        assert "of at least 4" in advice.reasons[0]

    def test_nothing_left_is_said(self):
        assert advise([], [], batch=50, left=0).sentence == "Every image is labeled."

    def test_no_more_is_promised_than_is_left(self):
        assert advise(measured(self.steep, (20, 40, 80, 160)), [], batch=100, left=7).gain.labels == 7
