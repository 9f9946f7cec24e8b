"""What a buyer goes by is derived once for its seat, and again for every other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from retailsim.agents.errors import BadOption
from retailsim.agents.retail.behavioral.makeup import makeup
from retailsim.agents.retail.behavioral.parameters import at_level, disposition
from retailsim.agents.retail.behavioral.questions import Habits


def of(*poles: str, **options: Any) -> Mapping[str, Any]:
    return makeup("buyer:b", None, poles, json.dumps(options))._asdict()


def test_agents_of_one_seat_share_it() -> None:
    assert of("picky")["habits"] is of("picky")["habits"]


def test_poles_and_options_make_it_another() -> None:
    found = [of(), of("picky"), of("picky", price=2.0), of("sensitive", price=2.0)]
    assert len({id(one["habits"]) for one in found}) == 4
    assert of(price=2.0)["who"].price == 2.0
    assert of()["who"].price != 2.0


def test_it_holds_what_its_parts_are_derived_as() -> None:
    levels = {"Food": {"inclination": 0.5, "price": 2.0}}
    found = of("emotional", levels=levels, bargaining=3.0)
    who = disposition(
        "buyer:b", None, ("emotional",), json.dumps({"levels": levels} | {"bargaining": 3.0})
    )
    assert found["who"] == who
    assert found["by_category"] == {"Food": at_level(who, who.levels["Food"])}
    assert found["by_category"]["Food"] != who
    assert found["habits"].topics == Habits(who, found["parameters"]).topics
    assert found["habits"].topics != of("emotional")["habits"].topics


def test_a_bad_option_is_named_each_time() -> None:
    for _ in range(2):
        with pytest.raises(BadOption, match="moood"):
            of(moood=1)
