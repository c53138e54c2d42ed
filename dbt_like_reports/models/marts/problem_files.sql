-- Every file with a problem, whether the picture could be read in spite of it or not.
select
    problems.image_id,
    problems.class_name,
    problems.stage,
    problems.code,
    problems.message,
    pictures.image_id is not null as readable
from {{ source('warehouse', 'image_problems') }} as problems
left join {{ source('warehouse', 'channel_stats') }} as pictures on pictures.image_key = problems.image_key
