// One step of the GRU for one sequence and one vector of units, forward and back. The equations are those of
// src/peephole/nn/gru.py.
#pragma once

#include "pieces.h"

namespace peephole::PEEPHOLE_SET {

enum { GRU_RESET, GRU_UPDATE, GRU_CANDIDATE };  // the blocks of rows

template <class T, bool PLAIN>
PEEPHOLE_INLINE V<T> gru_gate(const Step<T> &s, int row, int64_t unit, int n, V<T> sum) {
  const int quantity = row == GRU_RESET ? PEEPHOLE_RESET_GATE : PEEPHOLE_UPDATE_GATE;
  return s.tap(quantity, unit, n, gate_function<T, PLAIN>(s.lane.cell, ready<T, PLAIN>(s, row, unit, n, sum)));
}

// The candidate from its sum, and the new hidden state (before clip and zoneout).
template <class T, bool PLAIN>
PEEPHOLE_INLINE V<T> gru_hidden(const Step<T> &s, int64_t unit, int n, V<T> sum, V<T> z, V<T> before) {
  V<T> a = ready<T, PLAIN>(s, GRU_CANDIDATE, unit, n, sum);
  V<T> candidate = s.tap(PEEPHOLE_CANDIDATE, unit, n, input_function<T, PLAIN>(s.lane.cell, a));
  if (!PLAIN && s.lane.candidate_mask) candidate *= load(s.at(s.lane.candidate_mask, unit), n);
  return (T(1) - z) * candidate + z * before;
}

// From the gradient of the new hidden state to those of the candidate's and the update gate's sums; `kept` gains what
// goes straight to the previous hidden state.
template <class T> struct GruSums {
  V<T> candidate, update;
};

template <class T, bool PLAIN>
PEEPHOLE_INLINE GruSums<T> gru_hidden_back(const Step<T> &s, int64_t unit, int n, V<T> dh, V<T> before, V<T> &kept,
                                  const Plane<const T> *incoming) {
  const Lane<T> &l = s.lane;
  const peephole_cell &e = l.cell;
  const V<T> one = splat<T>(1);
  V<T> z = load(s.at(l.record[PEEPHOLE_UPDATE_GATE], unit), n);
  V<T> candidate = load(s.at(l.record[PEEPHOLE_CANDIDATE], unit), n);
  V<T> mask = !PLAIN && l.candidate_mask ? load(s.at(l.candidate_mask, unit), n) : one;
  kept += dh * z;
  V<T> dn = s.untap(PEEPHOLE_CANDIDATE, unit, n, dh * (one - z) * mask, incoming);
  V<T> dz = s.untap(PEEPHOLE_UPDATE_GATE, unit, n, dh * (before - candidate * mask), incoming);
  return {unready<T, PLAIN>(s, e.input_activation, GRU_CANDIDATE, unit, n, candidate, dn),
          unready<T, PLAIN>(s, e.gate_activation, GRU_UPDATE, unit, n, z, dz)};
}

template <class T, bool PLAIN>
PEEPHOLE_INLINE V<T> gru_reset_back(const Step<T> &s, int64_t unit, int n, V<T> dr, const Plane<const T> *incoming) {
  V<T> r = load(s.at(s.lane.record[PEEPHOLE_RESET_GATE], unit), n);
  dr = s.untap(PEEPHOLE_RESET_GATE, unit, n, dr, incoming);
  return unready<T, PLAIN>(s, s.lane.cell.gate_activation, GRU_RESET, unit, n, r, dr);
}

}  // namespace peephole::PEEPHOLE_SET
