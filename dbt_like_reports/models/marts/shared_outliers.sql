-- Least dense in their class at both levels. By chance alone most of them would be shared: see table outlier_persistence.
select
    outliers.image_id,
    outliers.class_name,
    outliers.l2_rank,
    outliers.l3_rank,
    images.session_id,
    images.distance_m,
    max(case when densities.level = 'L2' then densities.times_farther end) as times_farther_l2,
    max(case when densities.level = 'L3' then densities.times_farther end) as times_farther_l3,
    string_agg(distinct densities.basis, ', ' order by densities.basis) as basis
from {{ ref('stg_low_outliers') }} as outliers
inner join {{ ref('stg_images') }} as images on images.image_id = outliers.image_id
left join {{ ref('stg_judged_densities') }} as densities on densities.image_id = outliers.image_id
where outliers.at_both_levels
group by all
