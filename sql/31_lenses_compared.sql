-- What is each lens worth on this data set, on images it was not fitted on?
-- Runs on published.duckdb and on warehouse.duckdb. Logistic regression on L2 is the bar to clear.
SELECT lens, round(separability_auc, 3) AS separability_auc, round(1 - separability_auc, 3) AS error,
       round(macro_f1, 3) AS macro_f1, round(left_out_auc, 3) AS left_out_auc,
       round(left_out_lowest, 3) AS left_out_lowest, left_out_class, round(outlier_ranks_kept, 2) AS outlier_ranks_kept,
       round(intrinsic_dimension, 1) AS intrinsic_dimension, dimensions, round(fit_seconds, 1) AS fit_seconds,
       images_fitted, images_judged, method, fold_unit
FROM lens_evaluation
ORDER BY separability_auc DESC NULLS LAST, lens;
