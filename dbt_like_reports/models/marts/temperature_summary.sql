-- Temperatures of a class by where they come from: never averaged over sources, which are not comparable.
with broken as (
    select class_name, source, count(distinct image_id) as images
    from {{ source('warehouse', 'temperature_violations') }}
    where coalesce(beyond_error, true)
    group by class_name, source
)

select
    temperatures.class_name,
    temperatures.source,
    count(*) as image_count,
    min(temperatures.min_c) as coldest_c,
    median(temperatures.mean_c) as median_mean_c,
    median(temperatures.hot_spot_c) as median_hot_spot_c,
    max(temperatures.max_c) as hottest_c,
    median(temperatures.contrast_k) as median_contrast_k,
    quantile_cont(temperatures.contrast_k, 0.95) as high_contrast_k,
    median(temperatures.error_k) as median_error_k,
    count(*) filter (where temperatures.max_at_range_end) as images_at_range_end,
    coalesce(max(broken.images), 0)::bigint as images_beyond_a_limit
from {{ source('warehouse', 'temperatures') }} as temperatures
left join broken on broken.class_name = temperatures.class_name and broken.source = temperatures.source
group by temperatures.class_name, temperatures.source
