"""What is wanted of every image's neighbours, found in lists of candidates: plain, and across sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from thermal_assets.neighbors.collected import CollectedLists
from thermal_assets.neighbors.exact import picks_for
from thermal_assets.neighbors.joined_search import Settled
from thermal_assets.neighbors.list_files import ListBlock, ListFiles
from thermal_assets.neighbors.scores import ScoreBlock
from thermal_assets.neighbors.search import Rule, Search
from thermal_assets.neighbors.selection import empty_lists

PICKS_PER_FRAME = 4  # a frame often shows several objects; more are asked for where this is too few

_Further = Callable[[Rule, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
Keep = Callable[[np.ndarray, ListBlock], None]
Across = Sequence[tuple[np.ndarray, Rule]]  # bool [n] which rows, and what counts for them


class GroupedLists:
    """Takes candidates of rows as a search delivers them, and keeps what is wanted of each row.

    others               how many candidates a row has at most
    across               rules of the lists across sessions
    lists, lists_across  take the results: k_plain, k_across entries are asked for
    files                keeps the exact beginnings of all lists as well; ``first_row`` is where row 0 stands in them
    """

    def __init__(
        self,
        others: int,
        across: Across,
        k_plain: int,
        k_across: int,
        lists: CollectedLists,
        lists_across: CollectedLists,
        files: ListFiles | None,
        first_row: int = 0,
    ) -> None:
        self.others, self.across_rules, self.files, self.first_row = others, across, files, first_row
        self.k_plain, self.k_across = k_plain, k_across
        self.lists, self.lists_across = lists, lists_across

    def emit(self, settled: Settled, across: Callable[[np.ndarray], Settled], keep: Keep | None = None) -> np.ndarray:
        """Rows of a join; returns bool [b]: what stays open. ``keep`` takes their lists instead of the files."""
        saved = self._new_block(len(settled.rows))

        def further(rule: Rule, short: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            if rule.query_group is None:
                return (*empty_lists(len(short), self.k_across), np.zeros(len(short), dtype=bool))
            found = across(settled.rows[short])
            if saved is not None:
                width = saved.across_columns.shape[1]
                saved.across_columns[short], saved.across_scores[short], all_of_it = found.exact_beginning(width)
                saved.everything[short, 1] = all_of_it
            return found.first(self.k_across, rule.key)

        if saved is not None:
            beginning = settled.exact_beginning(saved.columns.shape[1])
            saved.columns, saved.scores, saved.everything[:, 0] = beginning
        is_open = self._settle(settled.rows, *settled.first(self.k_plain), further)
        if saved is not None and self.files is not None:
            (keep or self.write)(settled.rows, saved)
        return is_open

    def work(self, search: Search, block: ScoreBlock, rows: np.ndarray) -> np.ndarray:
        """Rows of a row search, as ``run_search`` calls it."""
        saved = self._new_block(len(rows))
        picks = picks_for(PICKS_PER_FRAME * self.k_across)

        def further(rule: Rule, short: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            part = block.subset(short)
            rule.apply(part, rows[short])
            if saved is not None and rule.query_group is not None:
                width = saved.across_columns.shape[1]
                # Without keys: what is kept is the beginning of the row, of which a later search asks again.
                longer = search.settle(part, rows[short], width, picks_for(width), replace(rule, key=None))
                sure = np.flatnonzero(~longer[2])
                saved.across_columns[short[sure]], saved.across_scores[short[sure]] = longer[0][sure], longer[1][sure]
                saved.everything[short[sure], 1] = longer[0][sure, -1] < 0
            columns, scores, is_open = search.settle(part, rows[short], self.k_across, picks, rule)
            return columns, scores, ~is_open

        # As many as are kept: with less, the next image that goes would have the row searched once more.
        width = self.k_plain if saved is None else min(saved.columns.shape[1], self.others)
        columns, scores, is_open = search.settle(block, rows, width, picks_for(width), Rule())
        if saved is not None:
            saved.columns[:, :width], saved.scores[:, :width] = columns, scores
            saved.everything[:, 0] = width >= self.others
        is_open = self._settle(rows, columns, scores, ~is_open, further, min(self.k_plain, width))
        if saved is not None:
            self.write(rows, saved)
        return is_open

    def write(self, rows: np.ndarray, block: ListBlock) -> None:
        """Keep the lists of ``rows``."""
        if self.files is not None:
            self.files.write(rows + self.first_row, block)

    def stored(self, rows: np.ndarray, block: ListBlock, certain: np.ndarray) -> np.ndarray:
        """Rows whose exact beginnings are known, which are not written; returns bool [b]: where they do not suffice."""
        there = min(self.k_plain, block.columns.shape[1])
        enough = block.everything[:, 0] | (there == self.k_plain) & (block.columns[:, there - 1] >= 0)

        def further(rule: Rule, short: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            if rule.query_group is None:
                return (*empty_lists(len(short), self.k_across), np.zeros(len(short), dtype=bool))
            first = rule.first(rows[short], block.across_columns[short], block.across_scores[short], self.k_across)
            return (*first, block.everything[short, 1] | (first[0][:, -1] >= 0))

        return self._settle(rows, block.columns, block.scores, certain & enough, further, there)

    def _settle(
        self,
        rows: np.ndarray,
        columns: np.ndarray,
        scores: np.ndarray,
        certain: np.ndarray,
        further: _Further,
        width: int | None = None,
    ) -> np.ndarray:
        """``width``: of longer lists only so many entries are the plain list."""
        found_columns, found_scores = empty_lists(len(rows), self.k_across)
        for applies, rule in self.across_rules:
            mine = np.flatnonzero(applies[rows] & certain)
            # The plain list is the exact beginning of the row: where enough of it counts, it holds the answer.
            of_mine = slice(None) if len(mine) == len(rows) else mine
            found_columns[mine], found_scores[mine] = rule.first(
                rows[mine], columns[of_mine], scores[of_mine], self.k_across, width
            )
            complete = self.k_plain >= self.others
            short = mine[found_columns[mine, -1] < 0] if not complete else mine[:0]
            if len(short):
                found_columns[short], found_scores[short], certain[short] = further(rule, short)
        self.lists.put(rows, columns, scores, width)
        self.lists_across.put(rows, found_columns, found_scores)
        return ~certain

    def _new_block(self, rows: int) -> ListBlock | None:
        return None if self.files is None else ListBlock.empty(rows, self.files.width, self.files.width_across)
