-- Everything about a class in one line: size, problems, spread, findings.
with problems as (
    select class_name, count(distinct image_id) as problem_files
    from {{ ref('problem_files') }}
    group by class_name
),

copies as (
    select class_name, sum(copies) as copies
    from {{ ref('duplicates_summary') }}
    where kind in ('file', 'pixels')
    group by class_name
),

densities as (
    select
        class_name,
        max(median_density) filter (where level = 'L2') as median_density_l2,
        max(median_density) filter (where level = 'L3') as median_density_l3
    from {{ ref('density_summary') }}
    where scope = 'class'
    group by class_name
),

findings as (
    select
        class_name,
        count(*) as open_findings,
        count(*) filter (where severity = 'HIGH') as open_high_findings
    from {{ source('warehouse', 'findings') }}
    where status = 'open' and class_name is not null
    group by class_name
)

select
    classes.class_name,
    classes.object_code,
    classes.state,
    classes.pair,
    classes.file_count,
    classes.image_count,
    coalesce(problems.problem_files, 0) as problem_files,
    coalesce(copies.copies, 0)::bigint as copies,
    densities.median_density_l2,
    densities.median_density_l3,
    coalesce(findings.open_findings, 0) as open_findings,
    coalesce(findings.open_high_findings, 0) as open_high_findings
from {{ ref('stg_classes') }} as classes
left join problems on problems.class_name = classes.class_name
left join copies on copies.class_name = classes.class_name
left join densities on densities.class_name = classes.class_name
left join findings on findings.class_name = classes.class_name
