-- Which pixel modes each class holds; more than one row a class is a mix.
with counts as (
    select class_name, mode, bit_depth, channel_count, count(*) as image_count,
           count(*) filter (where alpha_constant) as constant_alpha
    from {{ ref('stg_images') }}
    group by class_name, mode, bit_depth, channel_count
)

select
    class_name,
    mode,
    bit_depth,
    channel_count,
    image_count,
    constant_alpha,
    image_count / sum(image_count) over (partition by class_name) as share_of_class
from counts
