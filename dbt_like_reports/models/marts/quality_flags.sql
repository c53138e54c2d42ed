-- Pictures unlike their class at their distance, counted by class and measure.
select
    flags.class_name,
    flags.measure,
    flags.direction,
    count(*) as image_count,
    count(*) / max(classes.image_count) as share_of_class,
    max(abs(flags.robust_z)) as largest_robust_z,
    arg_max(flags.image_id, abs(flags.robust_z)) as worst_image_id
from {{ source('warehouse', 'image_quality') }} as flags
inner join {{ ref('stg_classes') }} as classes on classes.class_name = flags.class_name
group by flags.class_name, flags.measure, flags.direction
