{{ config(materialized='view') }}
-- Every file once: keep it, look at it, or leave it out. Nothing is deleted or moved by it.
select
    files.image_id,
    files.class_name,
    coalesce(listed.decision, 'keep') as decision,
    listed.rank,
    coalesce(listed.reasons, []) as reasons,
    listed.priority
from {{ source('warehouse', 'file_manifest') }} as files
left join {{ ref('review_list') }} as listed on listed.image_id = files.image_id
