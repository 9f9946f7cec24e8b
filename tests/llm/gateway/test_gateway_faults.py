"""The gateway against a server that fails in every way, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientConnectorError, TCPConnector
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.compression_utils import HAS_BROTLI, HAS_ZSTD

from retailsim.agents.llm.errors import (
    DailyQuota,
    KeyRefused,
    ModelError,
    ModelRefusedRequest,
    ModelUnknown,
    NeverItsTurn,
    ProviderDown,
    ProviderStopped,
    RequestsRefused,
    SpendLimit,
    WayBlocked,
)
from retailsim.agents.llm.gateway.call import REFUSALS
from retailsim.agents.llm.gateway.gateway import Gateway
from retailsim.agents.llm.gateway.transport import HttpReply, HttpTarget, open_session, post
from retailsim.agents.llm.provider.attempt_failure import Failure
from retailsim.agents.llm.types import ModelConfig, Provider
from tests.llm.faultserver import ERRORS, HALVES, TEXT, TRANSIENT, FaultServer, seeded
from tests.llm.gateway_calls import CALL, ENVIRON, PROVIDERS_SPOKEN, Watched, to
from tests.llm.virtualtime import now, run

HINTED = ("429-seconds", "429-ms", "429-date", "429-proxy", "429-body", "429-reset", "503-after")


@pytest.mark.parametrize("provider", PROVIDERS_SPOKEN)
@pytest.mark.parametrize("fault", TRANSIENT)
def test_the_next_attempt_survives_what_passes(provider: Provider, fault: str) -> None:
    async def main() -> None:
        async with FaultServer([fault]) as server, to(server, provider) as door:
            answer = await door.ask("m0", CALL)
            assert (answer.text, answer.finish) == (TEXT, "stop")
            assert len(server.seen) == 2
            assert server.seen[0].body == server.seen[1].body
            assert [attempt.retry for attempt in door.attempts] == [0, 1]
            assert door.outcomes[1] == "answered"

    run(main())


@pytest.mark.parametrize("fault", HINTED)
def test_the_servers_delay_is_a_floor_that_jitter_is_added_to(fault: str) -> None:
    async def main() -> None:
        async with FaultServer([fault]) as server:
            door = Watched(server.config("openai"), jitter=0.25)
            async with door:
                await door.ask("m0", CALL)
                assert server.seen[1].at - server.seen[0].at == pytest.approx(7.25)
                assert door.attempts[0].wait_s == pytest.approx(7.25)

    run(main())


def test_without_a_hint_the_wait_doubles_up_to_a_minute() -> None:
    async def main() -> None:
        async with FaultServer(["500"] * 9) as server:
            door = Watched(server.config(), jitter=1.0)
            async with door:
                await door.ask("m0", CALL)
            waits = [attempt.wait_s for attempt in door.attempts]
            assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 0]

    run(main())


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        ("400", RequestsRefused, 400),
        ("401", KeyRefused, 401),
        ("403", KeyRefused, 403),
        ("404", ModelUnknown, 404),
        ("402", SpendLimit, 402),
        ("429-hours", DailyQuota, 429),
        ("moved", ModelUnknown, 307),
    ],
)
@pytest.mark.parametrize("provider", PROVIDERS_SPOKEN)
def test_what_does_not_pass_is_not_tried_again(
    provider: Provider, fault: str, error: type[ModelError], status: int
) -> None:
    async def main() -> None:
        async with FaultServer([fault] * 3) as server, to(server, provider) as door:
            with pytest.raises(error) as caught:
                await door.ask("m0", CALL)
            assert caught.value.status == status  # type: ignore[attr-defined]
            assert len(server.seen) == 1
            assert now() == 0.0

    run(main())


def test_every_error_of_the_fault_server_is_either_survived_or_ends_the_call() -> None:
    ends = {"400", "422", "401", "402", "403", "404", "429-hours", "429-minutes", "never"}
    assert ends | set(TRANSIENT) | {"429-later"} >= set(ERRORS)


@pytest.mark.parametrize("fault", ["429-minutes", "never"])
def test_a_wait_that_is_too_long_or_not_wanted_ends_the_call_resumably(fault: str) -> None:
    async def main() -> None:
        async with FaultServer([fault]) as server, to(server, "openai") as door:
            with pytest.raises(ProviderDown, match=r"1 attempt in 0 s.*resume"):
                await door.ask("m0", CALL)
            await door.ask("m0", CALL)
            assert now() == 0.0  # the gate was not left closed

    run(main())


def test_a_wait_within_the_deadline_is_waited_for() -> None:
    async def main() -> None:
        async with FaultServer(["429-later"]) as server, to(server, "openai") as door:
            await door.ask("m0", CALL)
            assert 300.0 <= now() <= 302.0
            assert len(server.seen) == 2

    run(main())


@pytest.mark.parametrize(("left", "waits"), [(299, False), (301, True)])
def test_a_wait_is_waited_for_just_where_there_is_time_left_for_it(left: int, waits: bool) -> None:
    """Jitter may not take a wait past the deadline that what the server asks for keeps to."""

    async def main() -> None:
        plan = ["stall", "429-later"]
        config = {"timeout_s": 100, "deadline_s": 101 + left}
        async with FaultServer(plan) as server, to(server, "openai", **config) as door:
            door._jitter = lambda: 1.0 if len(server.seen) > 1 else 0.0
            if waits:
                assert (await door.ask("m0", CALL)).text == TEXT
                assert 400.0 <= now() < 401 + left
            else:
                said = r"asks to wait 300 s\).*resume the run"
                with pytest.raises(ProviderDown, match=said):
                    await door.ask("m0", CALL)
                assert now() < 102.0
                await door.ask("m0", CALL)  # nobody else has to wait

    run(main())


def test_a_provider_that_stays_down_is_given_up_after_the_attempts() -> None:
    async def main() -> None:
        async with FaultServer(lambda number: "502") as server, to(server, max_attempts=4) as door:
            with pytest.raises(ProviderDown, match="4 attempts in 4 s: HTTP 502: bad gateway"):
                await door.ask("m0", CALL)
            assert len(server.seen) == 4

    run(main())


def test_nobody_at_the_address_is_a_provider_that_is_down() -> None:
    async def main() -> None:
        async with FaultServer() as server:
            config = server.config(max_attempts=2)
        async with Watched(config) as door:
            with pytest.raises(ProviderDown, match="connection failed"):
                await door.ask("m0", CALL)
            assert door.outcomes == ["transport", "transport"]

    run(main())


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (OSError(-2, "Name or service not known"), "Name or service not known (models.test:443)"),
        (OSError(111, "Connect call failed ('models.test', 443)"), "failed ('models.test', 443)"),
    ],
)
def test_a_connection_that_fails_names_where_to(
    monkeypatch: pytest.MonkeyPatch, cause: OSError, said: str
) -> None:
    """Once: some causes say it themselves."""
    place = ConnectionKey("models.test", 443, True, True, None, None, None)

    async def unreachable(*_: object, **__: object) -> None:
        raise ClientConnectorError(place, cause)

    async def main() -> HttpReply | Failure:
        async with open_session(1) as session:
            return await post(session, HttpTarget("https://models.test/v1", {}, 1.0, None), b"{}")

    monkeypatch.setattr(TCPConnector, "connect", unreachable)
    failure = asyncio.run(main())
    assert isinstance(failure, Failure)
    assert failure.detail.endswith(said)
    assert failure.detail.count("models.test") == 1


def test_the_deadline_covers_stalls() -> None:
    async def main() -> None:
        async with (
            FaultServer(lambda number: "stall") as server,
            to(server, timeout_s=20, deadline_s=50) as door,
        ):
            with pytest.raises(ProviderDown, match="3 attempts in 50 s: no response within 20"):
                await door.ask("m0", CALL)
            assert now() == 50.0

    run(main())


def test_a_deadline_before_the_first_response_says_so() -> None:
    async def main() -> None:
        async with FaultServer(["stall"]) as server, to(server, deadline_s=30) as door:
            with pytest.raises(ProviderDown, match="still waiting for its response"):
                await door.ask("m0", CALL)

    run(main())


def test_a_wait_that_would_pass_the_deadline_is_not_begun() -> None:
    async def main() -> None:
        async with FaultServer(["429-seconds"]) as server, to(server, deadline_s=5) as door:
            with pytest.raises(ProviderDown):
                await door.ask("m0", CALL)
            assert now() == 0.0

    run(main())


def test_the_deadline_covers_waiting_for_the_turn() -> None:
    async def main() -> None:
        async with FaultServer(["stall"]) as server:
            config = server.config(max_in_flight=1, deadline_s=60, timeout_s=300)
            async with Watched(config) as door:
                ends = await asyncio.gather(
                    *(door.ask("m0", CALL) for _ in range(3)), return_exceptions=True
                )
                assert [type(end) for end in ends] == [ProviderDown, NeverItsTurn, NeverItsTurn]
                assert "raise deadline_s" in str(ends[1])
                assert len(server.seen) == 1

    run(main())


def test_a_429_pauses_every_call_of_the_model() -> None:
    async def main() -> None:
        async with FaultServer(["429-seconds"]) as server, to(server) as door:
            first = asyncio.create_task(door.ask("m0", CALL))
            await asyncio.sleep(1.0)  # it has met the limit by now, and waits
            await asyncio.gather(first, *(door.ask("m0", CALL) for _ in range(10)))
            assert all(seen.at >= 7.0 for seen in server.seen[1:])
            assert door.statistics()["m0"].pauses == 1

    run(main())


def test_a_429_without_a_hint_pauses_everybody_for_the_backoff() -> None:
    async def main() -> None:
        async with FaultServer(["429-bare"]) as server:
            async with Watched(server.config(), jitter=0.75) as door:
                first = asyncio.create_task(door.ask("m0", CALL))
                await asyncio.sleep(0.25)
                await asyncio.gather(first, door.ask("m0", CALL))
            assert [seen.at for seen in server.seen] == [0.0, 0.75, 0.75]

    run(main())


def test_a_call_that_tries_again_does_not_queue_again() -> None:
    async def main() -> None:
        async with FaultServer(["500"], latency_s=10) as server:
            async with Watched(server.config(max_in_flight=1)) as door:
                calls = [msgspec.structs.replace(CALL, system=name) for name in "abc"]
                await asyncio.gather(*(door.ask("m0", call) for call in calls))
            says = [seen.body["messages"][0]["content"] for seen in server.seen]
            assert says == ["a", "b", "a", "c"]

    run(main())


def test_what_a_failure_says_is_left_is_believed() -> None:
    async def main() -> None:
        async with FaultServer(["503-left"]) as server:
            async with to(server, requests_per_minute=60) as door:
                await door.ask("m0", CALL)
            assert server.seen[1].at == pytest.approx(60 / 55)

    run(main())


def test_names_of_one_model_share_its_gate_and_the_tightest_limit() -> None:
    async def main() -> None:
        async with FaultServer(["429-seconds"], latency_s=1) as server:
            loose, tight = server.config(), server.config(max_in_flight=2)
            async with Watched(loose, tight, server.config(model="other")) as door:
                await door.ask("m0", CALL)
                await asyncio.gather(*(door.ask(f"m{n % 2}", CALL) for n in range(6)))
                assert server.peak == 2
                assert door.statistics()["m1"].pauses == 1
                assert door.statistics()["m2"].pauses == 0

    run(main())


def test_a_refused_key_ends_all_siblings_without_asking_again() -> None:
    async def main() -> None:
        async with FaultServer(["ok", "401"], latency_s=1) as server:
            one, other = server.config(max_in_flight=1), server.config(model="other")
            async with Watched(one, other) as door:
                await door.ask("m0", CALL)
                ends = await asyncio.gather(
                    *(door.ask("m0", CALL) for _ in range(5)), return_exceptions=True
                )
                assert [type(end) for end in ends] == [KeyRefused] * 5
                assert all(isinstance(end, ProviderStopped) and end.answered for end in ends)
                assert len(server.seen) == 2
                with pytest.raises(KeyRefused):
                    await door.ask("m0", CALL)

    run(main())


def test_a_key_refused_from_the_start_is_told_apart() -> None:
    async def main() -> None:
        async with FaultServer(["401"]) as server, to(server) as door:
            with pytest.raises(KeyRefused) as caught:
                await door.ask("m0", CALL)
            assert not caught.value.answered

    run(main())


def test_one_refused_request_leaves_the_others_alone() -> None:
    async def main() -> None:
        async with FaultServer(["ok", "400"]) as server, to(server) as door:
            await door.ask("m0", CALL)
            ends = await asyncio.gather(
                *(door.ask("m0", CALL) for _ in range(4)), return_exceptions=True
            )
            assert sum(isinstance(end, ModelRefusedRequest) for end in ends) == 1
            assert len(server.seen) == 5

    run(main())


def test_what_names_no_setting_stops_the_run_when_it_is_refused_three_times() -> None:
    """One text may be refused for itself; three, and not one answer, are refused for the rest."""

    async def main() -> None:
        async with FaultServer(lambda number: "422") as server, to(server) as door:
            for _ in range(REFUSALS - 1):
                with pytest.raises(ModelRefusedRequest):
                    await door.ask("m0", CALL)
            for _ in range(2):
                with pytest.raises(RequestsRefused, match="check accepts, schema") as caught:
                    await door.ask("m0", CALL)
            assert not caught.value.answered
            assert len(server.seen) == REFUSALS

    run(main())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("provider", PROVIDERS_SPOKEN)
def test_under_faults_by_seed_every_call_is_answered_and_nothing_leaks(
    provider: Provider, seed: int
) -> None:
    async def main() -> None:
        async with FaultServer(seeded(seed), latency_s=0.5) as server:
            async with to(server, provider, max_in_flight=8, timeout_s=30) as door:
                answers = await asyncio.gather(*(door.ask("m0", CALL) for _ in range(40)))
                numbers = door.statistics()["m0"]
            assert {answer.text for answer in answers} == {TEXT}
            assert server.peak <= 8
            assert (numbers.in_flight, numbers.waiting, numbers.failed) == (0, 0, 0)
            assert numbers.calls == numbers.answered == 40
            assert numbers.attempts == numbers.calls + numbers.retries == len(server.seen)
            assert numbers.input_tokens == 40 * 100
            assert len(door.attempts) == numbers.attempts

    run(main())


def test_cancelled_calls_give_their_places_back() -> None:
    async def main() -> None:
        async with FaultServer(latency_s=10) as server, to(server, max_in_flight=2) as door:
            tasks = [asyncio.create_task(door.ask("m0", CALL)) for _ in range(6)]
            await asyncio.sleep(5)
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(end) for end in ends} == {asyncio.CancelledError}
            numbers = door.statistics()["m0"]
            assert (numbers.in_flight, numbers.waiting) == (0, 0)
            assert (await door.ask("m0", CALL)).text == TEXT

    run(main())


def test_a_cancelled_call_that_was_sent_counts_as_used() -> None:
    async def main() -> None:
        async with FaultServer(latency_s=10) as server:
            async with to(server, "openai", tokens_per_minute=60_000) as door:
                task = asyncio.create_task(door.ask("m0", CALL))
                await asyncio.sleep(1)
                task.cancel()
                await asyncio.wait([task])
                await door.ask("m0", CALL)
            # 8,100 were reserved from a burst of 5,000, which has to be full again
            assert server.seen[1].at > 7

    run(main())


def test_the_estimate_of_input_learns_from_usage() -> None:
    async def main() -> None:
        async with FaultServer() as server, to(server) as door:
            endpoint = door._endpoints["m0"]
            body = door.body("m0", CALL)
            before = endpoint.reserve(body, CALL)
            for _ in range(60):
                await door.ask("m0", CALL)
            assert before == len(body) / 4 + CALL.max_output_tokens
            assert endpoint.reserve(body, CALL) == pytest.approx(
                100 + CALL.max_output_tokens, rel=0.01
            )

    run(main())


def test_connections_are_reused() -> None:
    async def main() -> None:
        async with FaultServer() as server, to(server) as door:
            for _ in range(20):
                await door.ask("m0", CALL)
            assert list(server.connections.values()) == [20]

    run(main())


def test_the_concurrency_grows_with_success_and_shrinks_with_limits() -> None:
    async def main() -> None:
        plan = ["ok"] * 100 + ["429-seconds"]
        async with FaultServer(plan, latency_s=1) as server, to(server, max_in_flight=64) as door:
            await asyncio.gather(*(door.ask("m0", CALL) for _ in range(99)))
            assert (server.peak, door.statistics()["m0"].limit) == (40, 64)
            await asyncio.gather(*(door.ask("m0", CALL) for _ in range(2)))
            assert door.statistics()["m0"].limit == 51

    run(main())


def test_a_share_of_the_limits_for_each_of_several_processes() -> None:
    async def main() -> None:
        async with FaultServer(latency_s=1) as server:
            config = server.config(max_in_flight=8, requests_per_minute=1_200)
            async with Watched(config, share=0.25) as door:
                await asyncio.gather(*(door.ask("m0", CALL) for _ in range(60)))
                assert server.peak == 2

    run(main())


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_a_share_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        Gateway({}, share=share)


def test_requests_per_minute_hold_for_retries_too() -> None:
    async def main() -> None:
        async with FaultServer(seeded(3)) as server:
            async with to(server, requests_per_minute=30, timeout_s=5) as door:
                await asyncio.gather(*(door.ask("m0", CALL) for _ in range(40)))
            moments = [seen.at for seen in server.seen]
            assert all(sum(at <= m < at + 60 for m in moments) <= 30 for at in moments)

    run(main())


def test_tokens_are_reserved_with_the_room_and_refunded_after_the_answer() -> None:
    async def main() -> None:
        async with (
            FaultServer(latency_s=1) as server,
            to(server, "openai", tokens_per_minute=60_000) as door,
        ):
            for _ in range(20):
                await door.ask("m0", CALL)
            # 8,100 are reserved for each call and 120 used: without refunds it would be 160 s
            assert now() < 60

    run(main())


def test_admission_comes_once_before_anything_is_sent() -> None:
    async def main() -> None:
        async with FaultServer(["500"]) as server, to(server) as door:
            asked: list[int] = []

            async def admit() -> None:
                asked.append(len(server.seen))

            await door.ask("m0", CALL, admit=admit)
            assert asked == [0]

    run(main())


def test_what_admission_raises_ends_the_call_and_sends_nothing() -> None:
    async def main() -> None:
        async with FaultServer() as server, to(server, requests_per_minute=12) as door:

            async def admit() -> None:
                raise LookupError("the budget is spent")

            for _ in range(5):
                with pytest.raises(LookupError):
                    await door.ask("m0", CALL, admit=admit)
            assert not server.seen
            await door.ask("m0", CALL)
            assert now() == 0.0  # the requests that were not sent were given back
            assert door.statistics()["m0"].in_flight == 0

    run(main())


def test_missing_usage_is_estimated() -> None:
    async def main() -> None:
        async with FaultServer(["no-usage"]) as server, to(server) as door:
            usage = (await door.ask("m0", CALL)).usage
            assert usage.estimated
            assert (usage.input, usage.output) == (round(len(door.body("m0", CALL)) / 4), 2)

    run(main())


@pytest.mark.parametrize("fault", ["bom", "gzip"])
@pytest.mark.parametrize("provider", PROVIDERS_SPOKEN)
def test_a_mark_before_the_json_and_gzip_are_read(provider: Provider, fault: str) -> None:
    async def main() -> None:
        async with FaultServer([fault]) as server, to(server, provider) as door:
            assert (await door.ask("m0", CALL)).text == TEXT
            assert len(server.seen) == 1

    run(main())


@pytest.mark.parametrize("fault", HALVES)
@pytest.mark.parametrize("provider", PROVIDERS_SPOKEN)
def test_half_a_character_does_not_throw_a_paid_answer_away(provider: Provider, fault: str) -> None:
    async def main() -> None:
        async with FaultServer([fault]) as server, to(server, provider) as door:
            said = (await door.ask("m0", CALL)).text
            assert said.startswith('{"text": "hello\ufffd')
            assert len(server.seen) == 1

    run(main())


FOREIGN: dict[str, tuple[type[ModelError], int, tuple[str, ...]]] = {
    "stream": (ProviderDown, 1, ("text/event-stream", "begins 'data: ", "switch that off")),
    "page": (ProviderDown, 2, ("text/html", "<!DOCTYPE html><title>Log in", "check base_url")),
    "html": (ProviderDown, 2, ("HTTP 502", "<html> <h1>Bad Gateway", "check base_url")),
    "firewall": (WayBlocked, 1, ("HTTP 403", "text/html", "Access denied", "firewall, login")),
    "portal": (WayBlocked, 1, ("HTTP 401", "<HTML>sign in", "firewall, login")),
    "not-json": (ProviderDown, 2, ("unreadable", "text/plain", "begins '{\"choices\": ['")),
    "br": (ProviderDown, 1, ("came as brotli (br)", "install Brotli"))
    if not HAS_BROTLI
    else (ProviderDown, 2, ("not the br that it says",)),
    "zstd": (ProviderDown, 1, ("came as zstandard (zstd)", "install backports.zstd"))
    if not HAS_ZSTD
    else (ProviderDown, 2, ("not the zstd that it says",)),
    "no-gzip": (ProviderDown, 2, ("not the gzip that it says",)),
}


@pytest.mark.parametrize("fault", FOREIGN)
def test_what_came_in_the_place_of_an_answer_is_named_with_what_to_do(fault: str) -> None:
    error, sent, said = FOREIGN[fault]

    async def main() -> None:
        async with FaultServer(lambda number: fault) as server, to(server, max_attempts=2) as door:
            with pytest.raises(error) as caught:
                await door.ask("m0", CALL)
            for words in said:
                assert words in str(caught.value)
            assert "\n" not in str(caught.value)
            assert len(server.seen) == sent

    run(main())


def test_a_refusal_in_the_providers_own_words_is_that_of_the_key() -> None:
    """The control: with JSON, the very same status is not a firewall's."""

    async def main() -> None:
        async with FaultServer(["403"]) as server, to(server) as door:
            with pytest.raises(KeyRefused, match="not allowed"):
                await door.ask("m0", CALL)

    run(main())


def test_a_huge_response_is_cut_off_and_tried_again() -> None:
    async def main() -> None:
        async with FaultServer(["huge"]) as server, to(server) as door:
            await door.ask("m0", CALL)
            assert door.outcomes == ["malformed", "answered"]

    run(main())


def test_a_gateway_that_is_not_open_says_how_to_open_it() -> None:
    async def main() -> None:
        config = ModelConfig(provider="openai", model="gpt-5", key_env="TEST_KEY")
        door = Gateway({"m": config}, environ=ENVIRON)
        with pytest.raises(RuntimeError, match="async with"):
            await door.ask("m", CALL)

    run(main())


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing here may read or write files."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.iterdir())
