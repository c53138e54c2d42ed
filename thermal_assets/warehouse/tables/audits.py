"""What a model could learn by mistake, what drifts, what arrived last, and what is worth collecting."""

from __future__ import annotations

from thermal_assets.warehouse.columns import CLASS_NAME, CONTENT_HASH, IMAGE_KEY, LENS_ID, LEVEL
from thermal_assets.warehouse.schema import Table, column, required

AUDITS = (
    Table(
        "shortcut_audit",
        "One row per question (state of a pair, or class against all others) and feature that should not matter: can "
        "the answer be told from it alone?",
        (
            required("target", "VARCHAR", "'state': anomaly against normal of a pair; 'class': one class, all others"),
            required("subject", "VARCHAR", "The pair or the class"),
            required(
                "feature",
                "VARCHAR",
                "'mode and alpha', 'crop size', 'palette', 'brightness', 'distance', 'place' or 'date'",
            ),
            column(
                "auc",
                "DOUBLE",
                "AUC in held-out sessions (near copies where names have none); 0.5 = tells nothing; NULL = not measured",
            ),
            column("ci_low", "DOUBLE", "Lower 95 % bound, sessions resampled"),
            column("ci_high", "DOUBLE", "Upper 95 % bound, sessions resampled"),
            required("interval_note", "VARCHAR", "How the interval was made, or why there is none"),
            column("telling_value", "VARCHAR", "The value, or range of values, whose share differs most"),
            column("share_positive", "DOUBLE", "Its share of the anomaly (or the class), sessions counting the same"),
            column("share_negative", "DOUBLE", "Its share of the normal (or all other classes)"),
            required("n_positive", "BIGINT", "Images of the anomaly (or the class)"),
            required("n_negative", "BIGINT", "Images of the normal (or all other classes)"),
            required("sessions_positive", "INTEGER", "Their sessions; 0 without sessions"),
            required("sessions_negative", "INTEGER", "Their sessions; 0 without sessions"),
            required("folds", "INTEGER", "Folds, whole sessions in each; 1 = nothing could be held out"),
            required("method", "VARCHAR", "'exact': all images; 'sample': at most 5,000 of a class, by hash"),
            required("statement", "VARCHAR", "The result in words, or why there is none"),
        ),
        key=("target", "subject", "feature"),
        owner="shortcut_audit",
    ),
    Table(
        "domain_drift",
        "One row per class and month, stretch of time or place: can its pictures be told from its others, in sessions "
        "not seen before?",
        (
            CLASS_NAME,
            LEVEL,
            required(
                "kind",
                "VARCHAR",
                "'from' (the day from which on pictures differ most from the earlier ones; of many days 24 are tried), "
                "'period' (the stretch that differs most from what came before and after), 'month' or 'place'",
            ),
            required(
                "value",
                "VARCHAR",
                "The month (YYYY-MM), the place code, 'from YYYY-MM-DD on' or 'YYYY-MM-DD to YYYY-MM-DD' (first days of "
                "the first and last session)",
            ),
            required("image_count", "BIGINT", "Images with a session"),
            required("sessions", "INTEGER", "Their sessions"),
            required(
                "sessions_others",
                "INTEGER",
                "Sessions of all other months or places of the class, or outside the stretch of time",
            ),
            column("auc", "DOUBLE", "AUC of a classifier held out by session; 0.5 = no drift; NULL = not identifiable"),
            column("ci_low", "DOUBLE", "Lower 95 % bound, sessions resampled"),
            column("ci_high", "DOUBLE", "Upper 95 % bound, sessions resampled"),
            column("energy_distance", "DOUBLE", "Energy distance of its session means to those of all others"),
            column(
                "p_value",
                "DOUBLE",
                "Difference of the session means against permutations of whole sessions; of kinds 'from' and 'period' of "
                "whole days, the choice of the stretch included; NULL if it cannot be had",
            ),
            column("attainable_p", "DOUBLE", "The smallest p this many sessions could give"),
            column(
                "q_value",
                "DOUBLE",
                "Benjamini-Hochberg over all rows with a p of kinds 'from' and 'period', of 'month', or of 'place'",
            ),
            required("typical_ids", "VARCHAR[]", "Up to twelve images that show it most, one of a session in turn"),
            required("method", "VARCHAR", "'exact': all images; 'sample': at most 4,000 of a class, by hash"),
            required("statement", "VARCHAR", "What may be said, in words"),
            LENS_ID,
        ),
        key=("class_name", "level", "kind", "value"),
        owner="domain_drift",
    ),
    Table(
        "distance_groups",
        "One row per class and cut between two neighbouring distances: are these two kinds of picture? A side that has fewer "
        "than 20 images or two sessions takes in the distances behind it.",
        (
            CLASS_NAME,
            LEVEL,
            required("nearer_from_m", "DOUBLE", "Smallest distance of the nearer side, metres"),
            required("nearer_to_m", "DOUBLE", "Largest distance of the nearer side, metres: the cut lies behind it"),
            required("farther_from_m", "DOUBLE", "Smallest distance of the farther side, metres"),
            required("farther_to_m", "DOUBLE", "Largest distance of the farther side, metres"),
            required("images_nearer", "BIGINT", "Images of the nearer side"),
            required("images_farther", "BIGINT", "Images of the farther side"),
            required("sessions_nearer", "INTEGER", "Sessions of the nearer side; 0 without sessions"),
            required("sessions_farther", "INTEGER", "Sessions of the farther side; 0 without sessions"),
            required("sessions_both", "INTEGER", "Sessions that both sides hold"),
            required("n", "BIGINT", "Images of each side that were compared: equally many"),
            required(
                "identifiable",
                "BOOLEAN",
                "False: a side has fewer than two sessions, so distance and session are one thing, or too few images",
            ),
            column("auc", "DOUBLE", "AUC of a classifier held out by session; 0.5 = alike; NULL = not identifiable"),
            column("ci_low", "DOUBLE", "Lower 95 % bound, sessions resampled"),
            column("ci_high", "DOUBLE", "Upper 95 % bound, sessions resampled"),
            required("interval_note", "VARCHAR", "How the interval was made, or why there is none"),
            required("method", "VARCHAR", "'exact': all images; 'sample': equally many of both, drawn by hash"),
            required("statement", "VARCHAR", "What may be said, in words"),
            LENS_ID,
        ),
        key=("class_name", "level", "nearer_to_m"),
        owner="distance_groups",
    ),
    Table(
        "run_drift",
        "One row per class and measure: what is different from the diagnosis before. Of the images that arrived since "
        "then, how unlike the older ones they are; of every figure that moved, from where to where. Empty after a first "
        "diagnosis.",
        (
            required("class_name", "VARCHAR", "Class, or '*' for the whole data set"),
            required(
                "measure",
                "VARCHAR",
                "'pictures'; a feature ('palette', 'crop size', 'brightness', ...); or 'metric ' and its name",
            ),
            required("effect_name", "VARCHAR", "What effect measures"),
            column("effect", "DOUBLE", "How different; of pictures an AUC, 0.5 = as the older ones"),
            column("ci_low", "DOUBLE", "Lower 95 % bound of effect, sessions resampled; NULL below eight a side"),
            column("ci_high", "DOUBLE", "Upper 95 % bound of effect"),
            column("before", "DOUBLE", "Share or figure before"),
            column("now", "DOUBLE", "Share or figure now"),
            column("classifier_auc", "DOUBLE", "AUC of new against old pictures in sessions not seen before"),
            column("p_value", "DOUBLE", "Permutation of whole sessions between new and old; NULL if it cannot be had"),
            column("attainable_p", "DOUBLE", "The smallest p this many sessions could give"),
            required(
                "new_images",
                "BIGINT",
                "Images that no diagnosis before compared; files moved, renamed or copied are none",
            ),
            required("old_images", "BIGINT", "Images of the class that were there"),
            required("new_sessions", "INTEGER", "Sessions of the new images; 0 without sessions"),
            required("old_sessions", "INTEGER", "Sessions of the old images; 0 without sessions"),
            required("example_ids", "VARCHAR[]", "Up to twelve new images that show it most"),
            required("method", "VARCHAR", "'exact': all images; 'sample': at most 5,000 a side, by hash"),
            required("statement", "VARCHAR", "What may be said, in words"),
            LENS_ID,
        ),
        key=("class_name", "measure"),
        owner="run_drift",
    ),
    Table(
        "compared_images",
        "One row per image, by its bytes, that run_drift has compared: what is not here is new. Append-only.",
        (
            IMAGE_KEY,
            CONTENT_HASH,
            column(
                "arrived_at",
                "TIMESTAMPTZ",
                "When it was first compared with what was there before; NULL: there at the first measurement",
            ),
            required("run_id", "VARCHAR", "Dagster run that compared it"),
        ),
        key=("image_key", "content_hash"),
        owner="run_drift",
        append_only=True,
    ),
    Table(
        "collection_plan",
        "One row per object, state, distance and place where any state of the object was shot: what there is, how well it "
        "can be told, and what to shoot next.",
        (
            required("rank", "INTEGER", "1 = shoot this next"),
            required("object", "VARCHAR", "The object (the pair of its classes, or the class where it has none)"),
            required("state", "VARCHAR", "'normal', 'anomaly', or 'any' where the profile names no state"),
            column("distance_from_m", "DOUBLE", "Distance, metres (of a group: its smallest); NULL without distances"),
            column("distance_to_m", "DOUBLE", "Distance, metres (of a group: its largest); NULL without distances"),
            column("place", "VARCHAR", "Place code; NULL without places"),
            required(
                "need",
                "VARCHAR",
                "'the other state only': empty here while the other state is not; 'few sessions': fewer than eight; "
                "'sessions unknown': the names carry none; 'enough'",
            ),
            required("images", "BIGINT", "Images in the cell"),
            required("sessions", "INTEGER", "Their sessions: what counts as independent"),
            column(
                "missing_sessions", "INTEGER", "Sessions up to eight, from which on intervals can be had; NULL without"
            ),
            required("other_state_images", "BIGINT", "Images of the other states in the same cell"),
            column(
                "probe_error",
                "DOUBLE",
                "Share of its images that a probe, held out by session, takes for another class",
            ),
            required("probe_images", "BIGINT", "Images the probe was asked about"),
            column("object_error", "DOUBLE", "The same over all cells of the object and state"),
            column(
                "error_at_least",
                "DOUBLE",
                "Lower end of the 95 % Wilson interval of probe_error, or in an empty cell of object_error: what rank goes by",
            ),
            required("action", "VARCHAR", "What to do, one line"),
            LENS_ID,
        ),
        key=("object", "state", "distance_from_m", "place"),
        owner="collection_plan",
    ),
)
