"""One linear SVM per trait, learnt from the texts of training products only.

Products are split once. The stage with the most to say is searched by cross-validation inside the
training products, grouped by product; every vectoriser learns inside its own fold; what the test
products say is looked at once, at the end. Probabilities are Platt's, from the same folds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

from retailsim.analysis.latent.features import Features
from retailsim.analysis.projection.errors import AnalysisError
from retailsim.analysis.statistics.clusters import rate
from retailsim.analysis.statistics.values import Estimate

TEST_SHARE = 0.25
"""Of the products: the published 15 of 60."""
FOLDS = 3
MOST_TEXTS = 1_500
"""Texts that a fit takes, drawn by the seed: more say little more and take long."""


class TooLittle(AnalysisError):
    """There is not enough to learn from; says what is missing."""

    def __init__(self, what: str) -> None:
        super().__init__(f"latent persona: {what}; it needs at least 8 products and both poles")


@dataclass(frozen=True)
class Learnt:
    """A trait's classifier.

    Parameters
    ----------
    positive : str
        The pole that probabilities are of.
    stage : str
        Where the trait shows best.
    searched : mapping of str to float
        Stage -> accuracy in cross-validation inside the training products.
    accuracy : Estimate
        On the products that nothing was learnt from, clustered by product.
    test_products : tuple of str
    """

    positive: str
    stage: str
    searched: Mapping[str, float]
    accuracy: Estimate
    test_products: tuple[str, ...]
    model: Any

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the probability of the positive pole for each text."""
        found: NDArray[np.float64] = self.model.predict_proba(list(texts))[:, 1]
        return found


def learn(
    texts: pl.DataFrame,
    stages: Sequence[str],
    positive: str,
    features: Callable[[], Features],
    *,
    seed: int,
) -> Learnt:
    """Learn one trait; the same texts and seed give the same classifier.

    Parameters
    ----------
    texts : polars.DataFrame
        ``stage``, ``product``, ``text``, ``pole``.
    stages : sequence of str
        Those to search, earliest first: of equals the first is taken.
    positive : str
        The pole that probabilities are of.
    features : callable
        Makes features that have learnt nothing yet.
    seed : int
        Of the split and of what is drawn.

    Raises
    ------
    TooLittle
        With fewer than 8 products, or if no stage has texts to tell the poles by.
    """
    train, test = split(texts["product"].unique().sort().to_list(), seed)
    seen, unseen = (texts.filter(pl.col("product").is_in(some)) for some in (train, test))
    searched = {
        stage: score
        for stage in stages
        if (score := _score(seen.filter(stage=stage), positive, features, seed)) is not None
    }
    if not searched:
        raise TooLittle("no stage has texts of both poles")
    stage = max(searched, key=lambda name: round(searched[name], 6))
    rows = _drawn(seen.filter(stage=stage), seed)
    model = CalibratedClassifierCV(
        _pipeline(features, seed), method="sigmoid", ensemble=False, cv=_folds(rows)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows["text"].to_list(), _truth(rows, positive))
    return Learnt(
        positive=positive,
        stage=stage,
        searched=searched,
        accuracy=_accuracy(model, unseen.filter(stage=stage), positive),
        test_products=tuple(test),
        model=model,
    )


def split(products: Sequence[str], seed: int) -> tuple[list[str], list[str]]:
    """Return training and test products.

    Raises
    ------
    TooLittle
        With fewer than 8 products.
    """
    if len(products) < 8:
        raise TooLittle(f"the labelled run has {len(products)} products")
    order = np.random.default_rng(seed).permutation(len(products))
    count = max(2, round(TEST_SHARE * len(products)))
    return (
        sorted(products[i] for i in order[count:]),
        sorted(products[i] for i in order[:count]),
    )


def _pipeline(features: Callable[[], Features], seed: int) -> Pipeline:
    return make_pipeline(features(), LinearSVC(random_state=seed, dual="auto"))


def _score(
    rows: pl.DataFrame, positive: str, features: Callable[[], Features], seed: int
) -> float | None:
    """Accuracy in cross-validation, from 0 to 1; None where some fold has nothing to learn from."""
    rows = _drawn(rows, seed)
    truth = _truth(rows, positive)
    if rows["product"].n_unique() < FOLDS or min(truth.sum(), (~truth).sum()) < FOLDS:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            scores = cross_val_score(
                _pipeline(features, seed),
                rows["text"].to_list(),
                truth,
                cv=_folds(rows),
                error_score="raise",
            )
        except ValueError:  # a fold of one pole, or without a word that two of its texts have
            return None
    return float(np.mean(scores))


def _drawn(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    if rows.height <= MOST_TEXTS:
        return rows
    kept = np.random.default_rng(seed).choice(rows.height, MOST_TEXTS, replace=False)
    return rows.select(pl.all().gather(np.sort(kept).tolist()))


def _folds(rows: pl.DataFrame) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    return list(GroupKFold(FOLDS).split(rows["text"], groups=rows["product"].to_list()))


def _truth(rows: pl.DataFrame, positive: str) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (rows["pole"] == positive).to_numpy()
    return found


def _accuracy(model: Any, rows: pl.DataFrame, positive: str) -> Estimate:
    if rows.is_empty():
        return Estimate(value=None, n=0, note="the test products have no texts of this stage")
    right = model.predict(rows["text"].to_list()) == _truth(rows, positive)
    ones = pl.repeat(1, rows.height, eager=True)
    return rate(pl.Series("right", right.astype(np.int64)), ones, rows["product"])
