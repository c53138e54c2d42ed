-- The scorecard by characteristic: the same points and weights that make the composite.
select
    characteristic,
    count(*) as measures,
    count(value) as with_a_value,
    sum(weight * points) / nullif(sum(weight) filter (where points is not null), 0) as points,
    count(*) filter (where verdict = 'bad') as bad,
    list(title order by place) filter (where verdict = 'bad') as bad_measures
from {{ source('warehouse', 'scorecard') }}
where measure <> 'composite'
group by characteristic
