// One case as the library is given it: through the C contract, in memory of its own.
#pragma once

#include <deque>

#include "arena.h"
#include "cases.h"

// Whether to keep everything that a backward pass needs, or the output and some of the rest.
enum class Record { everything, some };

template <class T>
class Library {
 public:
  Arena<T> arena;
  Vector<peephole_lane> lanes;
  Vector<peephole_gradient> gradients;

  // The same layout number gives the same layout.
  Library(const Case &given, uint64_t layout, Record record) : arena(layout), given(given), random(layout, 2) {
    if (given.ragged) lengths = given.lanes.front().lengths;
    place_hidden();
    for (size_t n = 0; n < given.lanes.size(); ++n) place_lane(given.lanes[n], lanes[n], record);
  }

  void forward(int64_t threads) { forward_again(threads, forward_workspace(threads)); }

  void *forward_workspace(int64_t threads) {
    return arena.bytes(peephole_forward_workspace(lanes.data(), static_cast<int64_t>(lanes.size()), threads));
  }

  // In the same memory, and without asking for more.
  void forward_again(int64_t threads, void *workspace) {
    peephole_forward(lanes.data(), static_cast<int64_t>(lanes.size()), threads, workspace);
  }

  void backward(int64_t threads) {
    for (size_t n = 0; n < lanes.size(); ++n) place_gradient(given.lanes[n], given.losses[n], lanes[n]);
    const int64_t count = static_cast<int64_t>(gradients.size());
    void *workspace = arena.bytes(peephole_backward_workspace(gradients.data(), count, threads));
    peephole_backward(gradients.data(), count, threads, workspace);
  }

 private:
  const Case &given;
  Random random;
  Vector<int64_t> lengths;  // empty: the library is given none
  std::deque<peephole_weights> weights;
  std::deque<Vector<peephole_clamp>> clamps;
  std::deque<peephole_lane> for_backward;

  const Vector<int64_t> &steps() const { return given.lanes.front().lengths; }

  peephole_plane room(int64_t width) { return arena.room(given.time, steps(), width); }

  // The outputs of two lanes stand side by side, as a bidirectional layer's do, or apart.
  void place_hidden() {
    const size_t count = given.lanes.size();
    lanes.resize(count);
    const Vector<int64_t> widths(count, given.cell.output);
    const Vector<peephole_plane> beside = random.chance(0.6) ? arena.rooms(given.time, steps(), widths)
                                                             : Vector<peephole_plane>();
    for (size_t n = 0; n < count; ++n)
      lanes[n].record[PEEPHOLE_HIDDEN] = beside.empty() ? room(given.cell.output) : beside[n];
  }

  void place_lane(const Lane<double> &from, peephole_lane &lane, Record record) {
    lane.cell = &given.cell;
    lane.time = given.time, lane.batch = given.batch, lane.reverse = from.reverse;
    lane.lengths = given.ragged ? lengths.data() : nullptr;
    place_weights(from.weights, lane);
    lane.x = arena.put(from.x, steps()), lane.sums = arena.put(from.sums, steps());
    for (size_t n = 0; n < 2; ++n) {
      lane.initial[n] = arena.put(from.initial[n]);
      lane.final[n] = from.initial[n].empty() ? nullptr : arena.room(static_cast<int64_t>(from.initial[n].size()));
    }
    lane.candidate_mask = arena.put(from.masks.candidate, steps());
    lane.cell_zoneout_mask = arena.put(from.masks.cell_zoneout, steps());
    lane.hidden_zoneout_mask = arena.put(from.masks.hidden_zoneout, steps());
    lane.hidden_mask = arena.put_once(from.masks.hidden);
    place_clamps(from.clamps, lane);
    place_record(from, lane, record);
  }

  void place_weights(const Weights<double> &w, peephole_lane &lane) {
    weights.push_back({arena.put(w.ih), arena.put(w.hh), arena.put(w.bias_ih), arena.put(w.bias_hh), arena.put(w.hr),
                       arena.put(w.peephole), arena.put(w.norm), arena.put(w.norm_bias), arena.put(w.norm_cell),
                       arena.put(w.norm_cell_bias)});
    lane.weights = &weights.back();
    lane.packed = packed(lane, PEEPHOLE_FORWARD);
  }

  const void *packed(const peephole_lane &lane, int64_t purpose) {
    void *data = arena.bytes(peephole_packed_size(&given.cell, purpose));
    peephole_pack(&given.cell, lane.weights, purpose, data);
    return data;
  }

  void place_clamps(const Vector<Clamp> &from, peephole_lane &lane) {
    clamps.emplace_back();
    for (const Clamp &clamp : from)
      clamps.back().push_back({clamp.quantity, clamp.unit, arena.put(clamp.values), clamp.each,
                               clamp.steps.empty() ? nullptr : clamp.steps.data()});
    lane.clamps = clamps.back().data();
    lane.clamp_count = static_cast<int64_t>(clamps.back().size());
  }

  void place_record(const Lane<double> &from, peephole_lane &lane, Record record) {
    const peephole_cell &cell = given.cell;
    const double share = record == Record::everything ? 1 : random.whole(0, 2) * 0.4;
    place_gates(lane, share);
    for (int64_t q : quantities(cell, from.masks.cell_zoneout.is_there(), from.masks.hidden_zoneout.is_there()))
      if (!lane.record[q].data && random.chance(share)) lane.record[q] = room(size_of(cell, q));
    if (peephole_keeps_before_activation(&cell) && random.chance(share)) lane.before_activation = room(rows(cell));
    if (cell.layer_norm && random.chance(share)) lane.product = room(rows(cell));
    if (keeps_candidate_product(cell) && random.chance(share)) lane.candidate_product = room(cell.hidden);
  }

  // All gates in one array, or each in its own.
  void place_gates(peephole_lane &lane, double share) {
    if (given.cell.kind == PEEPHOLE_RNN || !random.chance(share * 0.7)) return;
    const Vector<int64_t> gates = blocks(given.cell);
    const Vector<peephole_plane> beside =
        arena.rooms(given.time, steps(), Vector<int64_t>(gates.size(), given.cell.hidden));
    for (size_t n = 0; n < gates.size(); ++n) lane.record[gates[n]] = beside[n];
  }

  void place_gradient(const Lane<double> &from, const Loss &loss, const peephole_lane &lane) {
    const peephole_cell &cell = given.cell;
    peephole_gradient g{};
    g.lane = &with_what_is_read(lane);
    for (size_t q = 0; q < PEEPHOLE_QUANTITIES; ++q) g.record[q] = arena.put(loss.record[q], steps());
    for (size_t n = 0; n < 2; ++n) {
      g.final[n] = arena.put(loss.final[n]);
      g.initial[n] = from.initial[n].empty() ? nullptr : arena.room(static_cast<int64_t>(from.initial[n].size()));
    }
    g.sums = room(rows(cell));
    if (keeps_candidate_product(cell)) g.candidate_product = room(cell.hidden);
    if (cell.layer_norm) g.product = room(rows(cell));
    if (projects(cell)) g.projected = room(cell.output);
    if (cell.layer_norm && cell.kind == PEEPHOLE_LSTM) g.normalised_cell = room(cell.hidden);
    place_sums(g, lane);
    gradients.push_back(g);
  }

  // A lane without what a backward pass does not read.
  const peephole_lane &with_what_is_read(peephole_lane lane) {
    lane.packed = nullptr, lane.sums = {};
    lane.final[0] = lane.final[1] = nullptr;
    for_backward.push_back(lane);
    return for_backward.back();
  }

  // The gradients that are sums over the others, each of which may not be wanted.
  void place_sums(peephole_gradient &g, const peephole_lane &lane) {
    const peephole_cell &cell = given.cell;
    const auto room_or_none = [&](int64_t count) { return random.chance(0.8) ? arena.room(count) : nullptr; };
    if (!cell.layer_norm && random.chance(0.8)) g.x = room(cell.input);
    if (!cell.layer_norm) g.ih = room_or_none(rows(cell) * cell.input);
    g.hh = room_or_none(rows(cell) * cell.output);
    if (projects(cell)) g.hr = room_or_none(cell.output * cell.hidden);
    g.packed = packed(lane, g.x.data ? PEEPHOLE_BACKWARD_TO_INPUT : PEEPHOLE_BACKWARD);
    g.bias = room_or_none(rows(cell));
    if (keeps_candidate_product(cell)) g.candidate_bias = room_or_none(cell.hidden);
    if (cell.peephole) g.peephole = room_or_none(gate_rows(cell));
  }
};
