"""The code in docs/api.md does what it says."""

import re
from pathlib import Path

import pytest

from commitments.models import Partner
from tests.factories import CommitmentFactory, assess

GUIDE = Path(__file__).parents[3] / "docs" / "api.md"


@pytest.mark.django_db(transaction=True)
def test_one_partners_commitments_are_fetched_page_by_page(live_server):
    samples = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    names = {}
    for sample in samples:
        exec(sample, names)
    partner = Partner.objects.create(slug="asean", name="ASEAN", kind="group")
    mine, other = CommitmentFactory(), CommitmentFactory()
    mine.partners.add(partner)
    assess(mine)
    site = live_server.url

    assert names["statuses"](site, "asean") == {mine.ref: "under_way"}
    listed = names["everything"](f"{site}/api/v1/commitments/?limit=1")
    assert [row["ref"] for row in listed] == [mine.ref, other.ref]
