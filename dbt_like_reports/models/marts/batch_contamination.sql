-- Batches whose names or pictures contradict their class. Only both together make a sure case.
select
    drift.class_name,
    drift.batch_id,
    case
        when drift.code_contradicts and drift.picture_contradicts then 'name and picture'
        when drift.code_contradicts then 'name'
        else 'picture'
    end as contradiction,
    case when drift.code_contradicts then drift.code_class else drift.nearest_class end as looks_like,
    drift.object_code,
    drift.image_count,
    drift.foreign_share,
    drift.base_rate,
    drift.effect,
    drift.q_value,
    drift.example_ids
from {{ source('warehouse', 'judged_batches') }} as drift
inner join {{ source('warehouse', 'lenses') }} as lenses
    on lenses.lens_id = drift.lens_id and lenses.in_force
where drift.code_contradicts or drift.picture_contradicts
