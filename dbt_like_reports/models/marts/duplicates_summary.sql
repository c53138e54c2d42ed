-- Copies by class and kind. A copy is an image of a group that is not the one to keep.
select
    class_name,
    kind,
    count(distinct group_id) as groups,
    count(*) as images,
    count(*) filter (where not keeper) as copies,
    count(distinct group_id) filter (where not same_class) as groups_across_classes,
    count(distinct group_id) filter (where same_class and same_session) as groups_in_one_session,
    count(distinct group_id) filter (where same_class and not same_session) as groups_across_sessions,
    max(group_size) as largest_group,
    max(diameter) as largest_diameter
from {{ source('warehouse', 'duplicates') }}
group by class_name, kind
