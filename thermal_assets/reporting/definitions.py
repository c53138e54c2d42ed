"""How every number is defined: one place, which the report prints and the documentation quotes."""

from __future__ import annotations

from dataclasses import dataclass

from thermal_assets.scorecard.card import COMPOSITE_FORMULA


@dataclass(frozen=True)
class Definition:
    """A term and what it means, in plain words."""

    term: str
    text: str


def definitions(k: int = 10, l2_dimensions: int = 1280) -> tuple[Definition, ...]:
    """The definitions, with ``k`` neighbours behind density and the length of L2 vectors filled in."""
    return (
        Definition(
            "Levels",
            f"L1: what files and pixels say by themselves. L2: {l2_dimensions} features of a general-purpose "
            "network, each vector at unit length. L3: the same features folded by principal components to at "
            "most 120 axes fitted on this data set. L3 was fitted without labels.",
        ),
        Definition(
            "Density",
            f"1 / (mean distance to the {k} nearest other images), the distance held at 0.001 at least. "
            f"Classes with fewer images use what there is and are marked; below {5 * k} images a class is "
            "shown, never judged.",
        ),
        Definition(
            "Density over other sessions",
            "The same, with images of the same session (date, site, time) left out and one image a frame: "
            "otherwise a dozen shots of one odd scene keep each other company and hide. Where names carry no "
            "session, near copies are left out instead. Outliers are judged by it wherever it exists.",
        ),
        Definition(
            "Outliers",
            "A budget of ranks, not a limit on a score: in each class the least dense images, 10 or 0.2 % of "
            "the class, whichever is more, but never more than 5 %; and as many at the dense end. How "
            "strange they are, you see in the pictures.",
        ),
        Definition(
            "L2 against L3",
            "Some least dense images stay so at L3 with any projection to as many axes. So the overlap is "
            "shown beside what random projections keep; inside that band it is no news.",
        ),
        Definition(
            "Separability, compactness, distance (AUC)",
            "Chances between 0 and 1; 0.5 = no difference. Separability: an anomaly lies nearer to other "
            "anomalies than to normal images, compared with a normal one. Compactness: a normal image lies "
            "denser among its own than an anomaly does. Distance: an anomaly lies farther from the normal "
            "images than a normal one does. Always against m reference images a class, the same m on both "
            "sides, own session left out, five draws: density grows with the number of images, and unequal "
            "classes would differ by their size alone.",
        ),
        Definition(
            "Intervals and p",
            "Sessions are the units: images of one session are not independent. 95 % intervals resample "
            "whole sessions, and there is none below eight sessions a side. p comes from exchanging whole "
            "sessions; the smallest p that so few sessions could give is printed beside it. Effect sizes "
            "come first.",
        ),
        Definition(
            "Matched on distance",
            "Normal and anomaly are compared at each camera distance by itself and averaged, because a "
            "difference of distance is also a difference of pictures.",
        ),
        Definition(
            "Drift",
            "With distance: share of the variance of log density that distance explains, and the rank "
            "correlation. Over time: energy distance between the session means of one month and those of all "
            "others.",
        ),
        Definition(
            "Batches",
            "Share of neighbours from other object classes, classes weighted equally, own session left out, "
            "against the sibling batches of the class. Several tests: q is the Benjamini-Hochberg rate of "
            "false alarms. A batch whose names say another object is judged by whether its pictures resemble that object "
            "more than the folder's own.",
        ),
        Definition(
            "Single labels",
            "Two witnesses in equal parts: the labels of the nearest images of other sessions (whitened L3, "
            "cosine; a vote of a large class weighs less, by the root of its size), and a small network on "
            "L2 that has not seen the session of the image. The rank follows their odds against the label.",
        ),
        Definition(
            "Supervised lens",
            "A small head on the L2 vectors, trained on the labels (supervised-contrastive). It serves separation "
            "only: fitted on one half of the sessions, judged on the other, then the other way round. The gray zone "
            "of a pair reaches from the 5 % of anomalies that look most normal to the 5 % of normals that look most "
            "like anomalies. Recall at 1 %: share of the anomalies found where 1 % of the normal images raise a "
            "false alarm.",
        ),
        Definition(
            "Time, places, distances by classifier",
            "A linear classifier tells the pictures of one month, place or distance of a class, or from a day on, or of "
            "a stretch of days, from the others, in sessions it has not seen; 0.5 = alike. The day and the stretch are "
            "those that stand out most, and their p allows for the choice. With fewer than two sessions on a side it is not identifiable. Two "
            "distances told apart with an AUC of 0.9 are taken as two kinds of picture.",
        ),
        Definition(
            "Shortcuts",
            "AUC with which state or class can be told, in sessions held out, from one thing alone that should not "
            "matter: mode and alpha, crop size, palette, brightness, distance, place, date.",
        ),
        Definition(
            "This delivery",
            "Images added or edited since the diagnosis before. Different means: they lie farther from the older images "
            "of the class than those from each other (AUC), or a classifier held out by session tells them.",
        ),
        Definition(
            "Copies",
            "Equal files: equal bytes. Equal pictures: equal pixels and size. Almost equal: one of the ten nearest "
            "neighbours whose L2 vector, or perceptual hash, differs by no more than the limits of the duplicates step. "
            "Their usual values find a copy that is brighter, somewhat smaller, noisy or stored as JPEG, as long as "
            "that is weaker than what the picture shows: of a smooth, small picture strong compression makes another "
            "one. A copy that was cropped is not found. Keep one of each group, and never split a group over training "
            "and test.",
        ),
        Definition(
            "Mean and std image",
            "Every image stretched to a square of 64 pixels; mean and standard deviation at each pixel. The "
            "std image is scaled so that its largest value is white.",
        ),
        Definition(
            "Samples",
            "Samples of a class and dots of the map are drawn by a hash of the image, the same at every run. "
            "Everything else counts all images.",
        ),
        Definition(
            "Random choices",
            "There is no seed to set: reference images, resampled sessions, permutations and samples are drawn by salted "
            "hashes, the same on every machine and in every run.",
        ),
        Definition(
            "Scorecard",
            f"Each measure is a share, 1 = best. The figure over all: {COMPOSITE_FORMULA}. What the data cannot tell has "
            "no value and does not count. Weights and bounds stand in [scorecard] of the profile.",
        ),
    )
