-- How uneven are the classes, and which weights even them out? Give one of the weights to the loss of the training.
-- inverse: images / (classes x images of the class). effective: Cui et al. 2019, gentler for large classes.
-- by_session: as inverse, counting sessions, because frames of one session are not independent.
-- The last columns say the same of the whole set: entropy 1 and Gini 0 where all classes are equal.
-- Runs on published.duckdb and on warehouse.duckdb.
SELECT w.class_name, w.state, w.image_count, w.session_count, round(w.share, 4) AS share,
       round(w.times_smaller_than_largest, 1) AS times_smaller_than_largest,
       round(w.inverse_frequency_weight, 4) AS inverse, round(w.effective_number_weight, 4) AS effective,
       round(w.session_weight, 4) AS by_session,
       round(b.max_min_ratio, 2) AS max_over_min, round(b.normalised_entropy, 4) AS entropy, round(b.gini, 4) AS gini
FROM class_weights w CROSS JOIN class_balance_summary b
ORDER BY w.image_count DESC, w.class_name;
