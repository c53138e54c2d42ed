-- Fails with the classes, levels and scopes that come more than once.
select class_name, level, scope
from {{ ref('density_summary') }}
group by class_name, level, scope
having count(*) > 1
