-- What is different from the diagnosis before: findings, metrics, and images added, edited or removed in between.
with runs as (
    select
        run_id,
        max(measured_at) as measured_at,
        row_number() over (order by max(measured_at) desc) as age
    from {{ source('warehouse', 'metric_history') }}
    -- The scorecard adds its figures to a diagnosis; judged by itself it is none.
    where not starts_with(metric, 'scorecard_')
    group by run_id
),

latest as (
    select * from {{ source('warehouse', 'metric_history') }}
    where run_id in (select run_id from runs where age = 1)
),

previous as (
    select * from {{ source('warehouse', 'metric_history') }}
    where run_id in (select run_id from runs where age = 2)
),

metrics as (
    select
        'metric' as kind,
        coalesce(latest.metric, previous.metric) as name,
        coalesce(latest.class_name, previous.class_name) as class_name,
        previous.value as before,
        latest.value as after
    from latest
    full join previous on previous.metric = latest.metric and previous.class_name = latest.class_name
),

changes as (
    select
        'images' as kind,
        changed.change as name,
        changed.class_name,
        null::double as before,
        count(distinct changed.image_id)::double as after
    from {{ source('warehouse', 'image_changes') }} as changed
    where changed.seen_at > coalesce((select measured_at from runs where age = 2), '-infinity'::timestamptz)
    group by changed.change, changed.class_name
)

select kind, name, class_name, before, after, after - coalesce(before, 0) as difference
from metrics
where before is distinct from after and not (after is null and starts_with(name, 'scorecard_'))
union all
select kind, name, class_name, before, after, after as difference
from changes
union all
select
    'finding' as kind,
    finding_id as name,
    coalesce(class_name, '*') as class_name,
    affected_before::double as before,
    affected_images::double as after,
    affected_images::double - coalesce(affected_before, 0) as difference
from {{ source('warehouse', 'finding_changes') }}
where change <> 'unchanged'
