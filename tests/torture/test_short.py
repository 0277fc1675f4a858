"""A few cases of each campaign; `make torture` runs them all."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from tests.torture.campaign import Campaign, campaigns, run


@pytest.mark.parametrize("campaign", campaigns().values(), ids=list(campaigns()))
def test_campaign(campaign: Campaign) -> None:
    report = run(campaign._replace(processes=1), campaign.seed, campaign.short)
    assert report.failures == []


def test_a_failure_names_its_seed() -> None:
    def case(seed: int) -> None:
        assert seed != 3, "three"

    report = run(Campaign("odd", "fails at 3", lambda: nullcontext(case), 9, 9), 1, 9)
    assert [failed.seed for failed in report.failures] == [3]
