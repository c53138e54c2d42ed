-- The thresholds that decide who is on the review list, in one row; NULL before anything was judged.
select
    max(value) filter (where name = 'quality_z') as quality_z,
    max(value) filter (where name = 'code_purity') as code_purity
from {{ source('warehouse', 'thresholds') }}
