"""Each request class owns its stage, the word that failures and calls are counted by."""

import pytest

from retailsim.events.messages import MarketClosed, MessageSent
from retailsim.market.core.request import AgentRequest, stage_of
from retailsim.market.protocols.csales import requests as csales
from retailsim.market.protocols.registry import BUILT_IN, rules_of
from retailsim.market.protocols.retail import requests as retail

STAGES: dict[type[AgentRequest], str] = {
    retail.FormStrategy: "strategy",
    retail.PresentPitch: "pitch",
    retail.ChooseTopics: "topics",
    retail.AskSeller: "pre_inquiry",
    retail.AnswerBuyer: "pre_inquiry",
    retail.Decide: "decision",
    retail.Complain: "post_inquiry",
    retail.GiveSupport: "post_inquiry",
    retail.SettleIssue: "settlement",
    retail.WriteReview: "review",
    csales.OpenConversation: "opening",
    csales.PlanTurn: "planning",
    csales.SpeakTurn: "selling",
    csales.RespondToSeller: "responding",
}
"""As they stand in the logs of 0.1: in failures, and in the keys of recorded outside answers."""


@pytest.mark.parametrize("kind", STAGES)
def test_a_request_names_its_stage_as_logs_have_it(kind: type[AgentRequest]) -> None:
    assert kind.stage == STAGES[kind]


def test_every_request_that_an_agent_can_be_asked_has_a_stage() -> None:
    asked = [set(rules_of(protocol).admissions) for protocol in BUILT_IN.values()]
    assert set.union(*asked) == set(STAGES)
    assert len(STAGES) == sum(map(len, asked))


def test_the_stage_is_no_field_that_an_agent_could_change() -> None:
    request = retail.FormStrategy(unit="u", offer=None, dimensions=())  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        request.stage = "pitch"  # type: ignore[misc]
    assert stage_of(request) == "strategy"


def test_a_failure_over_what_is_no_request_is_the_protocols() -> None:
    assert stage_of(MarketClosed()) == "protocol"
    said = MessageSent(stage="pre_inquiry", role="buyer", turn=1, text="?")
    assert stage_of(said) == "protocol"
