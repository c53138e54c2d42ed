"""Thresholds of the findings: from which size on a measured thing is worth a person's time.

Tables are measured without them, so changing one needs no recomputing: only the findings are judged again.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from thermal_assets.warehouse.judged_batches import (
    DEFAULT_ALPHA,
    DEFAULT_EFFECT,
    DEFAULT_EFFECT_ALONE,
    DEFAULT_IMAGES_ALONE,
)
from thermal_assets.warehouse.suspect_labels import DEFAULT_ODDS, DEFAULT_TYPICALITY


class Thresholds(BaseModel):
    """``[thresholds]`` of the profile. Every default states its reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # L1: files, names, channels, classes
    unreadable_high_share: float = Field(
        0.05,
        gt=0,
        le=1,
        description="Share of the files that cannot be read, of a class or of the data set, from which on it is HIGH "
        "(if class_alone_files are lost at least): a class that lost a twentieth of its pictures is no longer the "
        "class that was collected, and gets a finding of its own. Any smaller share is MEDIUM.",
    )
    class_alone_share: float = Field(
        0.05,
        gt=0,
        le=1,
        description="Share of a class that has a fault of names, copies or blank pictures from which on the class gets "
        "a MEDIUM finding of its own: at a twentieth the fault belongs to how this class was made. Classes below it "
        "are told together, in one finding of the data set.",
    )
    class_alone_files: int = Field(
        5,
        ge=1,
        description="Files a class must have with a fault, besides the share, to get a finding of its own: one to four "
        "are an accident that a person sets right by hand within minutes, and in the smallest class that is judged "
        "(50 images) three would already be a twentieth.",
    )
    names_medium_share: float = Field(
        0.01,
        gt=0,
        le=1,
        description="Share of the data set's files with one kind of name problem from which on it is MEDIUM: from 1 % "
        "on, comparisons by session and distance rest on visibly other images. Below it is LOW.",
    )
    annotation_medium_share: float = Field(
        0.01,
        gt=0,
        le=1,
        description="Share of the files with one kind of annotation problem from which on it is MEDIUM: from 1 % on it "
        "comes from how annotations were made, below it is LOW, a slip that a person sets right by hand.",
    )
    channel_mix_medium_share: float = Field(
        0.01,
        gt=0,
        le=1,
        description="Share of images outside the commonest pixel mode from which on the mix is MEDIUM: from 1 % on it "
        "is a second way of exporting, not a stray file. Below it is LOW, but it can still stop a loader.",
    )
    channel_giveaway: float = Field(
        0.2,
        gt=0,
        le=1,
        description="Total variation distance of pixel modes between the normal and the anomaly class of a pair: a "
        "guess by the mode alone is then right in (1 + distance) / 2 of the cases, 60 % at 0.2.",
    )
    imbalance_ratio: float = Field(
        10,
        gt=1,
        description="Largest over smallest class from which on imbalance is told: at ten to one, never naming the "
        "small "
        "class already costs a model less than a tenth of the score.",
    )
    imbalance_medium_ratio: float = Field(
        100,
        gt=1,
        description="The same for MEDIUM: at a hundred to one a usual batch of 64 to 128 images holds about one image "
        "of the small class.",
    )
    min_class_images: int = Field(
        50,
        ge=1,
        description="Below this many images a class is not judged: five times the ten neighbours behind a density; "
        "below that a tenth of the class and more is every image's neighbourhood.",
    )
    duplicate_medium_share: float = Field(
        0.01,
        gt=0,
        le=1,
        description="Share of the data set's images that are a further copy of a picture of their class from which on "
        "it is MEDIUM: from 1 % on, a random split leaks enough to move a test score in its second digit. Below it is LOW.",
    )
    near_copy_share: float = Field(
        0.2,
        gt=0,
        le=1,
        description="Share of a class that is nearly a copy of another of its pictures from which on it is told: "
        "with a "
        "fifth of near copies a class has visibly fewer independent pictures than its count says.",
    )
    quality_z: float = Field(
        6,
        ge=3.5,
        description="Robust z from which on an image is far from its class and distance: a normal distribution puts one "
        "image in 500 million there, so that no data set has any by chance. Table image_quality begins at 3.5.",
    )
    quality_left: float = Field(
        1 / 3,
        gt=0,
        lt=1,
        description="What is left to such an image, as a share of what is usual in its group, at which it is told: of "
        "light, of room between its mean and white, of contrast, of the amplitude of edges. "
        "Sound settings of a camera differ by half or double (one step of aperture or range); a third is beyond that.",
    )
    quality_bits_lost: float = Field(
        3,
        gt=0,
        le=8,
        description="Bits of entropy that an image has less than is usual in its group, from which on it is told: as many "
        "are lost when eight bits are stored in five. A large even surface in the scene costs one or two by itself.",
    )
    quality_clipped_more: float = Field(
        0.1,
        gt=0,
        le=1,
        description="Share of the pixels clipped at one end of the scale, above what is usual in its group, from which on "
        "an image is told: in a tenth of the picture no temperature can be read any more.",
    )
    dead_pixels_least: int = Field(
        3,
        ge=1,
        description="Single pixels unlike their surroundings that an image must have to be told: one or two can be a lamp "
        "or a screw seen from afar.",
    )
    overlay_least_share: float = Field(
        0.002,
        gt=0,
        le=1,
        description="Share of the pixels that belong to text or marks from which on an image is told: a reading of four "
        "characters of 5 x 8 pixels, a third of them inked, is that much of a crop of 160 x 160.",
    )
    # L2 and L3: labels
    label_conflict_odds: float = Field(
        DEFAULT_ODDS,
        ge=3,
        description="Odds against the label of an image, by its neighbours and a held-out classifier in equal parts, from "
        "which on its label can be called suspect: at nine to one they leave the label it has one chance in ten. That is "
        "what they say, not the rate of mistakes: where classes resemble each other, right labels reach the same odds, "
        "and label_conflict_typicality sets those apart. Table label_conflicts begins at three to one.",
    )
    label_conflict_typicality: float = Field(
        DEFAULT_TYPICALITY,
        ge=0,
        lt=1,
        description="Share of the other class's own images that must look less surely like it than an image does for its "
        "label to be called suspect, besides the odds: an image of that class under a wrong label lies among the more "
        "typical half as often as not, one from where two classes meet far less often.",
    )
    label_conflict_images: int = Field(
        3,
        ge=1,
        description="Suspect labels that a class must have for them to be told: one or two are reading matter.",
    )
    label_conflict_share: float = Field(
        0.01,
        gt=0,
        le=1,
        description="Share of a class that is as typical of other classes as their own images (table label_noise) from "
        "which on it is told, if its interval excludes 0; MEDIUM if the interval begins here. Below it single suspects stay "
        "in view suspect_labels: one wrong label in a hundred moves hardly any measure.",
    )
    # L2 and L3: batches
    batch_effect: float = Field(
        DEFAULT_EFFECT,
        gt=0,
        lt=1,
        description="Share of a batch's neighbours that show another object, above that of its sibling batches, from which "
        "on its pictures contradict the class, if q is at most alpha or its names say the same: nearly every third "
        "neighbour is then one too many.",
    )
    batch_effect_alone: float = Field(
        DEFAULT_EFFECT_ALONE,
        gt=0,
        lt=1,
        description="The same where there are too few sibling batches or images for a q and the names do not speak against "
        "the class: most of what lies around the pictures must show another object.",
    )
    batch_images_alone: int = Field(
        DEFAULT_IMAGES_ALONE,
        ge=1,
        description="Images a batch must have to contradict without a q: one to four are a burst of one odd object.",
    )
    # L2 and L3: comparisons
    separability_auc: float = Field(
        0.75,
        gt=0.5,
        lt=1,
        description="Separability of a normal and an anomaly class below which their separation is called weak: one "
        "random pair of images in four is then ranked the wrong way round.",
    )
    eta_squared: float = Field(
        0.14,
        gt=0,
        lt=1,
        description="Share of the variance of log density that distance explains, from which on it is told: Cohen's "
        "bound of a large effect (Statistical Power Analysis, 1988).",
    )
    spearman: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="Rank correlation of density and distance, without sign, from which on it is told: Cohen's bound "
        "of "
        "a large correlation.",
    )
    alpha: float = Field(
        DEFAULT_ALPHA,
        gt=0,
        lt=0.5,
        description="Bound of p, and of q where several things are tested at once; where so few sessions exist that p "
        "cannot get below it, nothing is claimed.",
    )
    shortcut_auc: float = Field(
        0.7,
        gt=0.5,
        lt=1,
        description="AUC in held-out sessions from which on state or class can be told by one feature that should not "
        "matter (mode, crop size, palette, brightness, distance, place, date): of a random pair of images it then orders "
        "seven in ten, which is enough for a model to lean on. Where there are sessions enough for an interval, all of it "
        "must lie above.",
    )
    two_normals_auc: float = Field(
        0.9,
        gt=0.5,
        lt=1,
        description="AUC at which two distances of one class are told apart in held-out sessions, from which on they "
        "are taken as two kinds of picture: nine of ten random pairs are then ordered right.",
    )
    domain_auc: float = Field(
        0.75,
        gt=0.5,
        lt=1,
        description="AUC in held-out sessions from which on the pictures of a place are called different: the same bound "
        "at which normal and anomaly count as told apart.",
    )
    delivery_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Difference between new and old images of a class in the share of one palette, mode, size, brightness, "
        "distance or place, from which on a delivery is called different: half of the images then come another way.",
    )
    # L2 and L3: outliers
    outlier_distance_ratio: float = Field(
        1.5,
        gt=1,
        description="How many times farther than the typical image of its class an outlier's neighbours must lie, at "
        "both levels, to be told: a budget of outliers exists in every class, half as far again does not. So must those "
        "of the typical image of a session or distance that lies far out as a whole.",
    )
    persistence_ratio: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Overlap of the outliers of L2 and L3, as a share of what random projections keep, both beyond "
        "what lists drawn by lot share, at or below which the L3 lens is told to hide outliers: it then keeps half of "
        "what blind folding keeps.",
    )
    clump_min_images: int = Field(
        10,
        ge=2,
        description="Images a session or distance must have in a class to be judged as a whole: fewer are a handful of "
        "frames, and single images are told as outliers.",
    )
    clump_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Of a session or distance of n images, the share among the n of the class that lie farthest out, from "
        "which on it is told: most of what looks odd then has one cause.",
    )
    clump_lift: float = Field(
        3,
        gt=1,
        description="The same share over the share among all images of the class: three times too many, so that a "
        "session that simply is large is not told.",
    )
