"""Conversations in the list of episodes: with the profile, and the item that the buyer chose."""

from __future__ import annotations

from pathlib import Path

from retailsim.analysis.listing.episode_filter import EpisodeFilter
from retailsim.analysis.listing.listing import episode_list
from tests.sim.runs import events_of, launched


def test_a_conversation_is_listed_with_its_profile_and_the_item_chosen(tmp_path: Path) -> None:
    run = tmp_path / "run"
    launched(run, "csales", "--set", "profiles.count=4")
    chosen = {one["episode"]: one["product"] for one in events_of(run, "ItemSelected")}
    profiles = {one["episode"]: one["profile"] for one in events_of(run, "BuyerProfiled")}
    episodes = episode_list(run)
    rows = episodes.rows(EpisodeFilter()).rows
    assert {row["episode"]: row["profile"] for row in rows} == profiles
    selected = {row["episode"]: row["selected"] for row in rows if row["selected"]}
    assert selected == chosen
    name = rows[0]["profile"]
    found = episodes.rows(EpisodeFilter(text=name.upper(), sort="profile")).rows
    assert found and {row["profile"] for row in found} == {name}
