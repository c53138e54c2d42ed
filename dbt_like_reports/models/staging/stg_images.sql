with pictures as (
    select * from {{ source('warehouse', 'channel_stats') }}
),

names as (
    select image_key, distance_m, session_id, batch_id, captured_on
    from {{ source('warehouse', 'file_manifest') }}
)

select
    pictures.image_id,
    pictures.class_name,
    pictures.width,
    pictures.height,
    pictures.mode,
    pictures.bit_depth,
    pictures.channel_count,
    pictures.alpha_constant,
    -- One colour of a palette has three levels: the range over all channels alone would miss it.
    (
        coalesce(pictures.minimum = pictures.maximum, false)
        or coalesce(greatest(pictures.std_r, pictures.std_g, pictures.std_b), 1) = 0
    ) as is_blank,
    pictures.entropy,
    pictures.sharpness,
    pictures.relative_sharpness,
    names.distance_m,
    names.session_id,
    names.batch_id,
    names.captured_on
from pictures
left join names on names.image_key = pictures.image_key
