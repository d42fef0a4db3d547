// What follows from a cell's options: which quantities it has, in which order and of which size.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "peephole.h"

// Which gate or candidate each block of `hidden` rows of the stacked weights makes.
inline std::vector<int64_t> blocks(const peephole_cell &cell) {
  if (cell.kind == PEEPHOLE_RNN) return {PEEPHOLE_HIDDEN};
  if (cell.kind == PEEPHOLE_GRU) return {PEEPHOLE_RESET_GATE, PEEPHOLE_UPDATE_GATE, PEEPHOLE_CANDIDATE};
  std::vector<int64_t> found;
  if (cell.input_gate) found.push_back(PEEPHOLE_INPUT_GATE);
  if (cell.forget_gate && !cell.coupled) found.push_back(PEEPHOLE_FORGET_GATE);
  found.push_back(PEEPHOLE_CANDIDATE);
  if (cell.output_gate) found.push_back(PEEPHOLE_OUTPUT_GATE);
  return found;
}

// Where the rows of a gate or the candidate begin, or −1.
inline int64_t first_row(const peephole_cell &cell, int64_t quantity) {
  const std::vector<int64_t> order = blocks(cell);
  const auto found = std::find(order.begin(), order.end(), quantity);
  return found == order.end() ? -1 : (found - order.begin()) * cell.hidden;
}

inline int64_t rows(const peephole_cell &cell) { return static_cast<int64_t>(blocks(cell).size()) * cell.hidden; }

// Rows of the peepholes: every gate's that has parameters.
inline int64_t gate_rows(const peephole_cell &cell) { return rows(cell) - cell.hidden; }

// Where a gate's peephole begins among them.
inline int64_t first_peephole(const peephole_cell &cell, int64_t gate) {
  const int64_t row = first_row(cell, gate);
  return row > first_row(cell, PEEPHOLE_CANDIDATE) ? row - cell.hidden : row;
}

inline bool projects(const peephole_cell &cell) { return cell.output < cell.hidden; }

inline bool keeps_candidate_product(const peephole_cell &cell) {
  return cell.kind == PEEPHOLE_GRU && cell.reset_after;
}

// Units of a quantity.
inline int64_t size_of(const peephole_cell &cell, int64_t quantity) {
  return quantity >= PEEPHOLE_HIDDEN_BEFORE_CLIP ? cell.output : cell.hidden;
}

// Every quantity that a step makes, in its order.
inline std::vector<int64_t> quantities(const peephole_cell &cell, bool cell_zoneout, bool hidden_zoneout) {
  std::vector<int64_t> found;
  if (cell.kind != PEEPHOLE_RNN) found = blocks(cell);
  if (cell.kind == PEEPHOLE_LSTM) {
    if (std::isfinite(cell.cell_clip)) found.push_back(PEEPHOLE_CELL_BEFORE_CLIP);
    if (cell_zoneout) found.push_back(PEEPHOLE_CELL_BEFORE_ZONEOUT);
    found.push_back(PEEPHOLE_CELL);
    if (projects(cell)) found.push_back(PEEPHOLE_HIDDEN_BEFORE_PROJECTION);
    if (std::isfinite(cell.proj_clip)) found.push_back(PEEPHOLE_HIDDEN_BEFORE_CLIP);
  }
  if (hidden_zoneout) found.push_back(PEEPHOLE_HIDDEN_BEFORE_ZONEOUT);
  found.push_back(PEEPHOLE_HIDDEN);
  return found;
}
