-- How each class changes with the distance of the camera, one line a distance.
select
    drift.class_name,
    drift.level,
    drift.distance_m,
    drift.image_count,
    drift.sessions,
    drift.median_density,
    drift.ci_low,
    drift.ci_high,
    drift.interval_note,
    drift.eta_squared,
    drift.spearman,
    drift.p_value,
    drift.attainable_p,
    drift.statement
from {{ source('warehouse', 'distance_drift') }} as drift
inner join {{ source('warehouse', 'lenses') }} as lenses
    on lenses.lens_id = drift.lens_id and lenses.in_force
