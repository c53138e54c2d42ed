-- The numbers of a box chart. Description only: medians grow with the size of a class, so they do not compare classes.
with boxes as (
    select
        class_name,
        level,
        scope,
        count(*) as image_count,
        count(*) filter (where reliable) as reliable_count,
        min(judged_density) as minimum,
        quantile_cont(judged_density, 0.25) as lower_quartile,
        median(judged_density) as median_density,
        quantile_cont(judged_density, 0.75) as upper_quartile,
        max(judged_density) as maximum
    from {{ ref('stg_densities') }}
    group by class_name, level, scope
)

select
    class_name,
    level,
    scope,
    image_count,
    reliable_count,
    minimum,
    greatest(minimum, lower_quartile - 1.5 * (upper_quartile - lower_quartile)) as lower_whisker,
    lower_quartile,
    median_density,
    upper_quartile,
    least(maximum, upper_quartile + 1.5 * (upper_quartile - lower_quartile)) as upper_whisker,
    maximum
from boxes
