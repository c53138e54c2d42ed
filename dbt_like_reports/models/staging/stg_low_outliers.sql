select
    image_id,
    class_name,
    min(rank) filter (where level = 'L2') as l2_rank,
    min(rank) filter (where level = 'L3') as l3_rank,
    count(distinct level) = 2 as at_both_levels
from {{ source('warehouse', 'outliers') }}
where scope = 'class' and side = 'low'
group by image_id, class_name
