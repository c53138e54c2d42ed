-- Class sizes, and the weight that evens them out: images / (classes x images of the class).
with sized as (
    select class_name, state, pair, image_count
    from {{ ref('stg_classes') }}
    where image_count > 0
)

select
    class_name,
    state,
    pair,
    image_count,
    image_count / sum(image_count) over () as share,
    max(image_count) over () / image_count as times_smaller_than_largest,
    sum(image_count) over () / (count(*) over () * image_count) as class_weight
from sized
