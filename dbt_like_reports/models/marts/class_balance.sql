-- Class sizes, and the weights that even them out; the formulas are those of view class_weights.
with sized as (
    select class_name, state, pair, image_count
    from {{ ref('stg_classes') }}
)

select
    s.class_name,
    s.state,
    s.pair,
    s.image_count,
    w.session_count,
    w.share,
    w.times_smaller_than_largest,
    w.inverse_frequency_weight as class_weight,
    w.effective_number_weight,
    w.session_weight
from {{ source('warehouse', 'class_weights') }} as w
inner join sized as s using (class_name)
