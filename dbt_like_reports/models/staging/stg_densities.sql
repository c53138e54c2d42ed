select
    image_id,
    class_name,
    level,
    scope,
    density,
    density_xs,
    coalesce(density_xs, density) as judged_density,
    reliable
from {{ source('warehouse', 'densities') }}
