-- One line a pair, L2 beside L3, matched on distance where that was possible.
with ranked as (
    select
        separation.*,
        row_number() over (
            partition by separation.normal_class, separation.anomaly_class, separation.level
            order by separation.matched desc
        ) as preference
    from {{ source('warehouse', 'separation') }} as separation
    inner join {{ source('warehouse', 'lenses') }} as lenses
        on lenses.lens_id = separation.lens_id and lenses.in_force
    where separation.separability_auc is not null
)

select
    normal_class,
    anomaly_class,
    max(separability_auc) filter (where level = 'L2') as separability_l2,
    max(ci_low) filter (where level = 'L2') as ci_low_l2,
    max(ci_high) filter (where level = 'L2') as ci_high_l2,
    max(separability_auc) filter (where level = 'L3') as separability_l3,
    max(ci_low) filter (where level = 'L3') as ci_low_l3,
    max(ci_high) filter (where level = 'L3') as ci_high_l3,
    bool_and(matched) as matched_on_distance,
    max(m) as reference_images,
    max(interval_note) as interval_note
from ranked
where preference = 1
group by normal_class, anomaly_class
