-- Every reason of every image that the rules set aside; one place, from which all lists are made.
-- Limits are those of the findings, as the profile has them.
with tokens as (
    select files.state_code, classes.state, count(*) as files
    from {{ source('warehouse', 'file_manifest') }} as files
    inner join {{ ref('stg_classes') }} as classes on classes.class_name = files.class_name
    where files.state_code is not null and classes.state is not null
    group by files.state_code, classes.state
),

states as (
    select state_code, arg_max(state, files) as usual_state
    from tokens
    group by state_code
    having max(files) / sum(files) >= (select code_purity from {{ ref('stg_thresholds') }})
),

found as (
    select files.image_id, 'cannot be read' as reason, 0.0 as strength
    from {{ source('warehouse', 'file_manifest') }} as files
    left join {{ source('warehouse', 'channel_stats') }} as pictures on pictures.image_id = files.image_id
    where pictures.image_id is null

    union all

    select image_id, 'blank picture', 0.0
    from {{ ref('stg_images') }}
    where is_blank

    union all

    select image_id, 'copy of a picture of its class', 0.0
    from {{ source('warehouse', 'duplicates') }}
    where kind in ('file', 'pixels') and same_class and not keeper

    union all

    select image_id, 'one picture under two labels', 0.0
    from {{ source('warehouse', 'duplicates') }}
    where kind in ('file', 'pixels') and not same_class

    union all

    select images.image_id, 'batch of another class by name and picture', coalesce(batches.effect, 0.0)
    from {{ ref('batch_contamination') }} as batches
    inner join {{ ref('stg_images') }} as images
        on images.class_name = batches.class_name and images.batch_id = batches.batch_id
    where batches.contradiction = 'name and picture'

    union all

    select files.image_id, 'name says another state than the folder', 0.0
    from {{ source('warehouse', 'file_manifest') }} as files
    inner join {{ ref('stg_classes') }} as classes on classes.class_name = files.class_name
    inner join states on states.state_code = files.state_code
    where classes.state <> states.usual_state

    union all

    select image_id, 'annotation names another class', 0.0
    from {{ source('warehouse', 'annotation_problems') }}
    where code in ('category_contradicts_class', 'category_contradicts_name') and image_id is not null

    union all

    select image_id, 'nearly one picture under two labels', -diameter
    from {{ source('warehouse', 'duplicates') }}
    where kind = 'near' and not same_class

    union all

    select image_id, 'lies among images of another class', log_odds
    from {{ source('warehouse', 'suspect_labels') }}

    union all

    select image_id, 'temperature outside its limits', exceeds_by
    from {{ source('warehouse', 'temperature_violations') }}
    where coalesce(beyond_error, true)

    union all

    select image_id, 'annotation contradicts name or picture', 0.0
    from {{ source('warehouse', 'annotation_problems') }}
    where
        image_id is not null
        and code in (
            'distance_differs', 'date_differs', 'image_name_differs', 'bbox_outside_frame', 'bbox_without_area',
            'bbox_size_differs', 'same_box_twice', 'frame_size_differs'
        )

    union all

    select image_id, 'picture unlike its class at its distance', abs(robust_z)
    from {{ source('warehouse', 'image_quality') }}
    where abs(robust_z) >= (select quality_z from {{ ref('stg_thresholds') }})

    union all

    select image_id, 'lies alone at both levels', -(l2_rank + l3_rank)::double
    from {{ ref('stg_low_outliers') }}
    where at_both_levels
)

select
    found.image_id,
    rules.priority,
    rules.decision,
    found.reason,
    max(found.strength) as strength
from found
inner join {{ ref('review_rules') }} as rules on rules.reason = found.reason
-- An annotation may speak of a file that is gone.
semi join {{ source('warehouse', 'file_manifest') }} as files on files.image_id = found.image_id
group by found.image_id, rules.priority, rules.decision, found.reason
