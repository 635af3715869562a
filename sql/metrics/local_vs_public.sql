-- One row per board of your own, public board and model on both: where the two orders disagree (overall).
--
-- local_board   your board, in its latest state
-- public_board  the other board, in its latest state, with at least three models in common
-- model         a model on both
-- local_rank    its 1224 rank on your board among the models in common
-- public_rank   its rank on the other board among the same models
-- difference    local_rank - public_rank: above zero where it does worse on your test
-- n_common      models in common
-- kendall_tau   tau-b of the two orders; null where one of them is all ties
-- public_as_of  the date of the other board
--
-- key: local_board, public_board, model
-- never null: local_rank, public_rank, difference, n_common, public_as_of
-- always: n_common >= 3
-- always: kendall_tau between -1.0000001 and 1.0000001
with dates as (
    select
        board,
        arg_max(snapshot_id, as_of) as snapshot_id,
        max(as_of) as as_of
    from metrics.gap_history
    where task = 'overall'
    group by board
),

latest as (
    select
        dates.board,
        dates.as_of,
        entries.model,
        entries.rank,
        boards.source
    from dates
    join core.entries as entries using (snapshot_id)
    join core.boards as boards on boards.board = dates.board
    where
        entries.task = 'overall'
        and entries.position is not null
        and exists (from core.boards as own where own.source = 'local')
),

shared as (
    select
        mine.board as local_board,
        public.board as public_board,
        model,
        public.as_of as public_as_of,
        rank() over (partition by mine.board, public.board order by mine.rank) as local_rank,
        rank() over (partition by mine.board, public.board order by public.rank) as public_rank,
        count(*) over (partition by mine.board, public.board) as n_common
    from latest as mine
    join latest as public using (model)
    where mine.source = 'local' and public.source <> 'local'
    qualify n_common >= 3
),

-- Kendall 1945, "The treatment of ties in ranking problems": pairs in the same order less pairs turned round,
-- over the geometric mean of the pairs that each order does not tie.
agreement as (
    select
        local_board,
        public_board,
        sum(sign(one.local_rank - two.local_rank) * sign(one.public_rank - two.public_rank))
            / nullif(sqrt(
                count(*) filter (where one.local_rank <> two.local_rank)
                * count(*) filter (where one.public_rank <> two.public_rank)
            ), 0) as kendall_tau
    from shared as one
    join shared as two using (local_board, public_board)
    where one.model < two.model
    group by local_board, public_board
)
select
    local_board,
    public_board,
    model,
    local_rank,
    public_rank,
    local_rank - public_rank as difference,
    n_common,
    agreement.kendall_tau,
    public_as_of
from shared
join agreement using (local_board, public_board)
