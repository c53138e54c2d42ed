-- Images worth a look before training, surest reason first; the head of the list is what to throw out.
with reasons as (
    select image_id, 1 as priority, 'one picture under two labels' as reason, 0.0 as strength
    from {{ source('warehouse', 'duplicates') }}
    where kind in ('file', 'pixels') and not same_class

    union all

    select image_id, 2, 'blank picture', 0.0
    from {{ ref('stg_images') }}
    where is_blank

    union all

    select images.image_id, 3, 'batch of another class by name and picture', coalesce(batches.effect, 0.0)
    from {{ ref('batch_contamination') }} as batches
    inner join {{ ref('stg_images') }} as images
        on images.class_name = batches.class_name and images.batch_id = batches.batch_id
    where batches.contradiction = 'name and picture'

    union all

    select image_id, 4, 'copy of a picture of its class', 0.0
    from {{ source('warehouse', 'duplicates') }}
    where kind in ('file', 'pixels') and same_class and not keeper

    union all

    select image_id, 5, 'lies among images of another class', score
    from {{ source('warehouse', 'label_conflicts') }}
    where score >= 0.8

    union all

    select image_id, 6, 'lies alone at both levels', -(l2_rank + l3_rank)::double
    from {{ ref('stg_low_outliers') }}
    where at_both_levels
),

images as (
    select
        reasons.image_id,
        min(reasons.priority) as priority,
        list(distinct reasons.reason order by reasons.reason) as reasons,
        max_by(reasons.strength, (-reasons.priority, reasons.strength)) as strength
    from reasons
    group by reasons.image_id
)

select
    row_number() over (
        order by images.priority, len(images.reasons) desc, images.strength desc, images.image_id
    ) as rank,
    images.image_id,
    named.class_name,
    images.reasons,
    images.priority,
    images.strength,
    named.session_id,
    named.distance_m
from images
inner join {{ ref('stg_images') }} as named on named.image_id = images.image_id
