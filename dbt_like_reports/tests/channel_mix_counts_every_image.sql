-- Fails with the classes whose pixel modes do not add up to their images.
select mix.class_name
from {{ ref('channel_mix') }} as mix
inner join {{ ref('stg_classes') }} as classes on classes.class_name = mix.class_name
group by mix.class_name, classes.image_count
having sum(mix.image_count) <> classes.image_count
