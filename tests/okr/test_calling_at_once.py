"""Two people who call the same person at the same moment: both are heard, and one item waits."""

import pytest

from okr import actions
from okr.models import Comment
from performance.foundation import tenancy
from performance.inbox.models import Delivery, WorkItem
from tests import races
from tests.okr.conftest import four_kinds

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_is_called_twice_at_once_has_one_item_and_both_comments_stand(cast, quarter, actor, now):
    with tenancy.acting_for(cast.organisation):
        one = actions.propose_objective(period=quarter, content=four_kinds(), by=actor(cast.employee), at=now)
        actions.agree_objective(objective=one, version_number=1, by=actor(cast.manager), at=now)
        callers = [actor(cast.employee), actor(cast.colleague)]

    def calling(by):
        text = f"@{cast.boss.name_en}, please look"
        return lambda: actions.comment_on_objective(objective=one, text=text, by=by, at=now)

    outcomes = races.second_waits_for_first(cast.organisation, *map(calling, callers))
    assert [type(each) for each in outcomes] == [Comment, Comment], outcomes
    with tenancy.acting_for(cast.organisation):
        assert Comment.objects.count() == 2
        item = WorkItem.objects.get(kind="goals.mention")
        assert (item.person_id, item.done_at) == (cast.boss.pk, None)
        assert Delivery.objects.filter(item=item).count() == 1
