"""Which personas the agents of a run show: the paper's Table 9 and Figure 2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import polars as pl

from retailsim.analysis.experiments.outcomes import (
    ExperimentOutcome,
    OutcomeRow,
    OutcomeTable,
    Value,
    decided_of,
    published,
)
from retailsim.analysis.latent.classifier import Learnt, TooLittle, learn
from retailsim.analysis.latent.features import by_name
from retailsim.analysis.latent.texts import STAGES, TRAITS, labels, stage_texts
from retailsim.analysis.projection.loader import load
from retailsim.analysis.statistics.clusters import mean
from retailsim.analysis.statistics.values import Estimate
from retailsim.events.messages import Role

SEED = 1
"""Of the split and of what is drawn."""

_ROLES: tuple[Role, Role] = ("seller", "buyer")

POSITIVE: Mapping[tuple[Role, str], str] = MappingProxyType(
    {
        ("seller", "assertiveness"): "assertive",
        ("seller", "friendliness"): "friendly",
        ("seller", "rationality"): "rational",
        ("buyer", "pickiness"): "picky",
        ("buyer", "price_consciousness"): "sensitive",
        ("buyer", "rationality"): "rational",
    }
)
"""The pole of each trait that probabilities are of."""

_FIGURE_2 = (
    "Published (Figure 2): most sellers come out assertive and friendly, most buyers easygoing; "
    "one model's buyers are price-sensitive, one family's rational."
)


def latent_persona(labelled: Path, unlabelled: Path, features: str = "tfidf") -> ExperimentOutcome:
    """Learn the traits from one run and tell those of the seats of another.

    Parameters
    ----------
    labelled, unlabelled : Path
        Runs. The first has personas; those of the second, if it has any, are not looked at.
    features : str
        A name of `analysis.latent.features.FEATURES`.

    Raises
    ------
    TooLittle
        If no trait can be learnt.
    AnalysisError
        As `load` and `by_name` do.
    """
    make = by_name(features)
    episodes = decided_of(load(labelled))
    said = stage_texts(labelled)
    learnt: dict[tuple[Role, str], Learnt] = {}
    missing: list[str] = []
    for role, trait in _traits():
        known = said.filter(role=role).join(labels(episodes, role, trait), on="seat")
        if known["pole"].n_unique() < 2:
            missing.append(f"{role} {trait}")
            continue
        learnt[role, trait] = learn(known, STAGES[role], POSITIVE[role, trait], make, seed=SEED)
    if not learnt:
        raise TooLittle(f"{labelled} has no trait with both poles")
    accuracies = [_accuracy_row(role, trait, one) for (role, trait), one in learnt.items()]
    notes = [_searched(role, trait, one) for (role, trait), one in learnt.items()]
    if missing:
        notes.append(f"Not in the labelled run with both poles: {', '.join(missing)}.")
    return ExperimentOutcome(
        title="Table 9: latent persona",
        tables=(
            OutcomeTable(name="accuracy", rows=tuple(accuracies)),
            *_bars(learnt, stage_texts(unlabelled)),
        ),
        notes=(*notes, _FIGURE_2),
    )


def _traits() -> list[tuple[Role, str]]:
    return [(role, trait) for role in _ROLES for trait in TRAITS[role]]


def _accuracy_row(role: Role, trait: str, one: Learnt) -> OutcomeRow:
    figures = published()["latent-persona"].get(f"{role} {trait}", (None, ""))
    figure = None if figures[0] is None else figures[0] / 100
    return OutcomeRow(
        label=f"{role} {trait}, from {one.stage} (paper: {figures[1]})",
        values=(Value(name="accuracy", unit="share", measured=one.accuracy, published=figure),),
    )


def _searched(role: Role, trait: str, one: Learnt) -> str:
    scores = ", ".join(f"{stage} {score:.1%}" for stage, score in one.searched.items())
    return f"{role} {trait}, inside the training products: {scores}."


def _bars(learnt: Mapping[tuple[Role, str], Learnt], said: pl.DataFrame) -> Iterator[OutcomeTable]:
    """Figure 2: per seat the mean probability of each pole over what it said; a table a role."""
    for role in _ROLES:
        rows = []
        traits = {trait: one for (r, trait), one in learnt.items() if r == role}
        for seat in sorted(said.filter(role=role)["seat"].unique()):
            mine = said.filter(role=role, seat=seat)
            values = tuple(_bar(one, mine) for one in traits.values())
            if values:
                rows.append(OutcomeRow(label=f"{role} {seat}", key=seat, values=values))
        yield OutcomeTable(name=role, rows=tuple(rows))


def _bar(one: Learnt, said: pl.DataFrame) -> Value:
    texts = said.filter(stage=one.stage)
    found = Estimate(value=None, n=0, note="said nothing in this stage")
    if not texts.is_empty():
        chances = pl.Series("chance", one.probabilities(texts["text"].to_list()))
        found = mean(chances, texts["product"])
    return Value(name=one.positive, unit="share", measured=found)
