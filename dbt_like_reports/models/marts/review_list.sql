-- Files worth a look before training, surest reason first; the head of the list is what to throw out.
with images as (
    select
        image_id,
        min(priority) as priority,
        arg_min(decision, priority) as decision,
        list(reason order by priority) as reasons,
        arg_min(strength, priority) as strength
    from {{ ref('review_reasons') }}
    group by image_id
)

select
    row_number() over (
        order by images.priority, len(images.reasons) desc, images.strength desc, images.image_id
    ) as rank,
    images.image_id,
    files.class_name,
    images.decision,
    images.reasons,
    images.priority,
    images.strength,
    files.session_id,
    files.distance_m
from images
inner join {{ source('warehouse', 'file_manifest') }} as files on files.image_id = images.image_id
