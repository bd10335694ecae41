"""Lines of experiments as numbers: where figures and their intervals stand in the drawing, and whose they are."""

from __future__ import annotations

from pathlib import Path

from serving.dashboard.chart import lines
from serving.dashboard.experiment_page import experiment_page, told
from serving.dashboard.words import lift, percent
from tests.serving.experiments.traffic import Talk, look, ran


def test_figures_and_their_intervals_are_drawn_to_one_scale():
    """From the least end of all intervals at the foot to the greatest at the head; the band runs there by the lower ends, and back."""
    drawn = lines({"before": [(0.4, 0.2, 0.6), (0.5, 0.4, 0.6)], "after": [(0.3, 0.2, 0.4), (0.2, 0.1, 0.3)]}, ["1 Nov", "2 Nov"])

    assert (drawn.low, drawn.high, drawn.zero, drawn.first, drawn.last) == (0.1, 0.6, None, "1 Nov", "2 Nov")
    assert [each.kind for each in drawn.lines] == ["before", "after"]
    assert drawn.lines[0].points == "0.0,40.0 100.0,20.0"
    assert drawn.lines[0].band == "0.0,80.0 100.0,40.0 100.0,0.0 0.0,0.0"


def test_what_is_missing_is_not_drawn():
    """A figure without an interval stands in the line and not in the band; a day without a figure in neither."""
    drawn = lines({"lift": [(None, None, None), (0.5, None, None), (0.0, -1.0, 1.0)]}, ["a", "b", "c"], holds=0.0)

    assert drawn.lines[0].points == "50.0,25.0 100.0,50.0"
    assert drawn.lines[0].band == "100.0,100.0 100.0,0.0"
    assert drawn.zero == 50.0


def test_a_single_day_goes_from_side_to_side_and_no_day_draws_nothing():
    """A point has no length."""
    assert lines({"lift": [(1.0, 0.0, 2.0)]}, ["a"]).lines[0].points == "0.0,50.0 100.0,50.0"
    assert lines({"lift": []}, []).lines[0].points == ""


def test_control_is_before_and_treatment_after(tmp_path: Path):
    """Control, that has more defects, stands higher; head and foot are told in their places."""
    seen = look(ran(tmp_path, Talk(turns=4, customers=120)))

    found = told(seen)

    before, after = found.rates.lines
    assert (before.kind, after.kind) == ("before", "after")
    assert height(before.points) < height(after.points), "y grows downwards"
    page = experiment_page(seen)
    for scale, figure in ((found.lifts, lift), (found.rates, percent)):
        head, foot = (f'<p class="scale">{figure(end)}</p>' for end in (scale.high, scale.low))
        assert page.index(head) < page.index(foot)


def height(points: str) -> float:
    """Where a line ends."""
    return float(points.split()[-1].split(",")[1])
