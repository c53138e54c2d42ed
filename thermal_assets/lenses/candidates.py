"""The lenses that are compared with each other: each is fitted on vectors and labels, and turns vectors into others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermal_assets.lenses.supervised import fit_head, whitening
from thermal_assets.lenses.unit_rows import unit_rows
from thermal_assets.statistics.early_stop import early_stop_allowed
from thermal_assets.warehouse.contract import L3_DIMENSIONS

Vectors = NDArray[np.float32]
Embed = Callable[[Vectors], Vectors]
# (vectors [n, d] of unit length, labels and states int64 [n], keys int64 [n], salt) -> how to see other vectors through the lens
Labels = NDArray[np.int64]
Fit = Callable[[Vectors, Labels, Labels, Labels, str], Embed]

LDA_INPUTS = 256  # principal axes below the discriminants: with more, 20 images a class would be told apart by noise


@dataclass(frozen=True)
class Candidate:
    """A lens by name, and how it is fitted; images are compared by Euclidean distance through it."""

    name: str
    fit: Fit


def _identity(vectors: Vectors, labels: Labels, states: Labels, keys: Labels, salt: str) -> Embed:
    return lambda other: other


def _pca(vectors: Vectors, labels: Labels, states: Labels, keys: Labels, salt: str) -> Embed:
    mean, axes = whitening(vectors, L3_DIMENSIONS)
    directions = unit_rows(axes)
    return lambda other: ((other - mean) @ directions.T).astype(np.float32)


def _whitened(vectors: Vectors, labels: Labels, states: Labels, keys: Labels, salt: str) -> Embed:
    mean, axes = whitening(vectors, L3_DIMENSIONS)
    return lambda other: unit_rows((other - mean) @ axes.T)


def _lda(vectors: Vectors, labels: Labels, states: Labels, keys: Labels, salt: str) -> Embed:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    mean, axes = whitening(vectors, LDA_INPUTS)
    discriminants = LinearDiscriminantAnalysis().fit((vectors - mean) @ axes.T, labels)
    return lambda other: discriminants.transform((other - mean) @ axes.T).astype(np.float32)


def _supervised(vectors: Vectors, labels: Labels, states: Labels, keys: Labels, salt: str) -> Embed:
    return fit_head(vectors, labels, keys, states=states, salt=salt).embed


def class_log_odds(vectors: Vectors, labels: NDArray[np.int64]) -> Callable[[Vectors], NDArray[np.float64]]:
    """Plain logistic regression on standardised ``vectors``: the function gives log probabilities float64 [n, classes].

    Columns follow the sorted labels. Multinomial, L2 penalty 1 (scikit-learn's default).
    """
    from sklearn.linear_model import LogisticRegression

    mean, deviation = vectors.mean(axis=0), np.maximum(vectors.std(axis=0), 1e-6)
    with early_stop_allowed():
        model = LogisticRegression(max_iter=200).fit((vectors - mean) / deviation, labels)

    def log_odds(other: Vectors) -> NDArray[np.float64]:
        chances = np.asarray(model.predict_proba((other - mean) / deviation), dtype=np.float64)
        return np.log(np.maximum(chances, np.finfo(np.float64).tiny))

    return log_odds


LOGISTIC = "logistic regression"
CANDIDATES = (
    Candidate("L2", _identity),
    Candidate("PCA", _pca),
    Candidate("whitened PCA", _whitened),
    Candidate("LDA", _lda),
    Candidate("supervised", _supervised),
)
