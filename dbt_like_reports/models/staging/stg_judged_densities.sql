select
    image_id,
    class_name,
    level,
    basis,
    times_farther
from {{ source('warehouse', 'judged_densities') }}
