-- How each class changes from month to month, one line a month.
select
    drift.class_name,
    drift.level,
    drift.period,
    drift.image_count,
    drift.sessions,
    drift.median_density,
    drift.energy_distance,
    drift.p_value,
    drift.attainable_p,
    drift.statement
from {{ source('warehouse', 'time_drift') }} as drift
inner join {{ source('warehouse', 'lenses') }} as lenses
    on lenses.lens_id = drift.lens_id and lenses.in_force
