// The forward pass of one part of a lane: time, blocks of units, tiles of sequences.
//
// At each step and for each block of units the sums of all its gates are made in registers (bias, then W x, then R h),
// and while they are at hand the gates are opened and the state goes on. Small batches, whose tiles would be nearly
// empty, have W x made for several steps at once beforehand.
//
// Cells in which a step needs a whole row of numbers in its midst go another way, see forward_rows.h.
#pragma once

#include "gru.h"
#include "lstm.h"
#include "part.h"

namespace peephole::PEEPHOLE_SET {

// Sequences × steps for which W x is made at once, where there are fewer sequences than FEW.
constexpr int AHEAD = 24, FEW = 5;

template <class T, class W, int KIND, bool PLAIN> class Forward {
 public:
  // `shared` is room that all parts of the lane see, shared_numbers of them.
  Forward(const Lane<T> &lane, const Part &part, T *shared, Arena &arena)
      : l(lane),
        e(lane.cell),
        part(part),
        blocks(gates_of(e), e.hidden),
        places(e, PEEPHOLE_FORWARD),
        few(parts(lane.batch, part.stride) < FEW && !e.layer_norm),  // the same for all parts
        shared(shared) {
    hidden = arena.take<const T *>(part.count);
    entering = arena.take<const T *>(part.count);
    if (few) ahead = arena.take<T>(most<int64_t>(AHEAD, part.count) * blocks.numbers(1));
    if (projected(e)) below = arena.take<T>(part.count * e.hidden);
    if (e.layer_norm) product = arena.take<T>(part.count * gates_of(e) * e.hidden);
    if (e.layer_norm && KIND == PEEPHOLE_LSTM) cell_row = arena.take<T>(padded()), gate_row = arena.take<T>(padded());
    if (in_two_products(e)) {
      update = arena.take<T>(part.count * padded());
      candidate = arena.take<T>(part.count * padded());
      reset = arena.take<T>(part.count * e.hidden);
      reset_rows = arena.take<const T *>(part.count);
    }
  }

  static int64_t shared_numbers(const Lane<T> &lane) {
    return lane.hidden_mask ? 2 * lane.batch * lane.cell.output : 0;
  }

  void run() {
    begin();
    Alive<T> alive(l, part, !l.reverse);
    int64_t made = 0;  // number of steps until which W x is there
    for (int64_t i = 0; i < l.time; ++i) {
      const int64_t t = l.time_of(i), count = alive.at(t);
      clamped = l.clamp_count && l.is_clamped(t);
      if (l.hidden_mask)
        for (int64_t r = 0; r < count; ++r) entering[r] = masked_hidden(r, turn ^ 1);
      if (few && i == made) made = look_ahead(i);
      if (e.layer_norm)
        in_two_products(e) ? two_normed_products(t, count) : normed(t, count);
      else
        in_two_products(e) ? two_products(t, count) : step(t, count);
      if (projected(e)) project(t, count);
      for (int64_t r = 0; r < count; ++r) {
        hidden[r] = l.record[PEEPHOLE_HIDDEN].at(t, part.sequence(r));
        if (!l.hidden_mask) entering[r] = hidden[r];
      }
      turn ^= 1;
      part.barrier->wait();
    }
    end();
  }

 private:
  static constexpr int64_t STRIDE = MOST_VECTORS * N<T>;  // between the rows of a tile

  const Lane<T> &l;
  const peephole_cell &e;
  const Part part;
  const Blocks<T> blocks;
  const Packing<T> places;
  const bool few;
  T *const shared;
  bool clamped = false;
  int turn = 0;  // which half of the masked hidden states is written at this step

  // By the part's number of a sequence: h_{t−1}, and where R reads it.
  const T **hidden, **entering;
  // W x + b of the steps from ahead_from on; where each step's rows begin.
  T *ahead = nullptr;
  int64_t ahead_from = 0;
  int ahead_rows[AHEAD];
  // Rows, by the part's number of a sequence: what the projection reads; R h where nobody keeps it; of a GRU with two
  // products the update gate, the sum of the candidate so far, r∘h.
  T *below = nullptr, *product = nullptr, *update = nullptr, *candidate = nullptr, *reset = nullptr;
  const T **reset_rows = nullptr;  // r∘h of each sequence
  // One row: of an LSTM with layer_norm the cell that the norm reads, and the output gate.
  T *cell_row = nullptr, *gate_row = nullptr;

  int64_t padded() const { return blocks.vectors * N<T>; }
  const W *panels(int64_t place) const { return (const W *)(l.packed + place); }
  const T *bias(int64_t block) const { return (const T *)(l.packed + places.bias) + blocks.offset(block, 1); }
  Step<T> at(int64_t t, int64_t r) const { return {l, t, part.sequence(r), clamped}; }
  T *masked_hidden(int64_t r, int half) const { return shared + (half * l.batch + part.sequence(r)) * e.output; }
  T *entering_next(int64_t r) const { return l.hidden_mask ? masked_hidden(r, turn) : nullptr; }
  int most_rows_of(int64_t block) const { return most_rows(blocks.gates * blocks.width(block)); }
  T *running_cell(int64_t r) const { return l.final[1] + part.sequence(r) * e.hidden; }

  // The part's own units, and those of the hidden state (a part of a lane with a projection has them all).
  int64_t first_unit() const { return blocks.first(part.begin(blocks.count)) * N<T>; }
  int64_t last_unit() const { return least(e.hidden, blocks.first(part.end(blocks.count)) * N<T>); }
  int64_t last_output() const { return projected(e) ? e.output : last_unit(); }

  void begin() {
    for (int64_t r = 0; r < part.count; ++r) {
      const int64_t b = part.sequence(r);
      hidden[r] = entering[r] = l.initial[0] + b * e.output;
      if (l.hidden_mask) {
        // In both halves, since a sequence that starts late does so at any turn.
        T *to = shared + b * e.output, *other = to + l.batch * e.output;
        for (int64_t u = first_unit(); u < last_output(); ++u)
          to[u] = other[u] = hidden[r][u] * l.hidden_mask.at(0, b)[u];
      }
      if (in_two_products(e)) reset_rows[r] = reset + r * e.hidden;
      if (KIND == PEEPHOLE_LSTM)
        for (int64_t u = first_unit(); u < last_unit(); ++u) running_cell(r)[u] = l.initial[1][b * e.hidden + u];
    }
    part.barrier->wait();
  }

  void end() {
    for (int64_t r = 0; r < part.count; ++r) {
      T *to = l.final[0] + part.sequence(r) * e.output;
      for (int64_t u = first_unit(); u < last_output(); ++u) to[u] = hidden[r][u];
    }
  }

  // Makes W x + b for as many steps from number i on as there is room for; returns the number of the step after them.
  int64_t look_ahead(int64_t i) {
    const T *x[AHEAD];
    const int64_t steps = most<int64_t>(1, AHEAD / most<int64_t>(1, part.count));
    int made = 0;
    ahead_from = i;
    for (int64_t s = 0; s < steps && i + s < l.time; ++s) {
      const int64_t t = l.time_of(i + s);
      ahead_rows[s] = made;
      for (int64_t r = 0; r < part.count && l.length(part.sequence(r)) > t; ++r)
        x[made++] = l.x.at(t, part.sequence(r));
    }
    for (int64_t block = part.begin(blocks.count); block < part.end(blocks.count); ++block) {
      const int vectors = blocks.gates * blocks.width(block);
      const W *panel = panels(places.input) + blocks.offset(block, e.input);
      in_tiles(made, most_rows(vectors), [&](int64_t first, int rows) {
        T *out = ahead + first * blocks.numbers(1) + blocks.offset(block, 1);
        multiply(rows, vectors, x + first, e.input, panel, bias(block), 0, out, blocks.numbers(1));
      });
    }
    return least(l.time, i + steps);
  }

  // The first row of what was made ahead for one tile of a block; the next ones are blocks.numbers(1) apart.
  const T *made_ahead(int64_t t, int64_t block, int64_t first) const {
    const int64_t row = ahead_rows[l.time_of(t) - ahead_from] + first;
    return ahead + row * blocks.numbers(1) + blocks.offset(block, 1);
  }

  // bias + W x of one tile of a block, or what was made ahead, into `out`.
  void from_input(int64_t t, int64_t block, int64_t first, int rows, T *out, int64_t soon) {
    const int vectors = blocks.gates * blocks.width(block);
    if (few) {
      const T *from = made_ahead(t, block, first);
      for (int r = 0; r < rows; ++r)
        for (int c = 0; c < vectors; ++c)
          store(out + r * STRIDE + c * N<T>, load(from + r * blocks.numbers(1) + c * N<T>));
      return;
    }
    const T *x[MOST_ROWS_OF_ANY];
    for (int r = 0; r < rows; ++r) x[r] = l.x.at(t, part.sequence(first + r));
    const W *panel = panels(places.input) + blocks.offset(block, e.input);
    multiply(rows, vectors, x, e.input, panel, bias(block), 0, out, STRIDE,
             panels(places.input) + blocks.offset(soon, e.input));
  }

  // One step of all sequences that have one: block by block, or where tiles have few rows several blocks at a time, so that
  // a gate does not have to wait for the one before it. With few sequences every other step goes through the blocks from
  // the last to the first: what a step read last is still near when the next begins with it.
  void step(int64_t t, int64_t count) {
    alignas(64) T sums[MOST_ROWS_OF_ANY * STRIDE];
    Soon<T> written;
    for (const Plane<T> &plane : l.record) written.add(plane, t);
    written.add(l.candidate_product, t);
    const int64_t begin = part.begin(blocks.count), own = part.end(blocks.count) - begin;
    const int64_t group = most<int64_t>(1, MOST_ROWS_OF_ANY / most<int64_t>(1, count));
    auto block = [&](int64_t number) { return begin + (few && turn ? own - 1 - number : number); };
    for (int64_t from = 0; from < own; from += group) {
      const int64_t next = least(own, from + group);
      const int most = least(most_rows_of(block(from)), most_rows_of(block(next - 1)));
      in_tiles(count, most, [&](int64_t first, int rows) {
        for (int64_t i = from; i < next; ++i) {
          const bool last = first + rows == count && i + 1 < own;
          make_sums(t, block(i), first, rows, last ? block(i + 1) : block(i), written, sums + (i - from) * rows * STRIDE);
        }
        for (int64_t i = from; i < next; ++i) open_block(t, block(i), first, rows, sums + (i - from) * rows * STRIDE);
      });
    }
  }

  // All sums of one tile; the panels of the block `soon` are brought nearer.
  void make_sums(int64_t t, int64_t block, int64_t first, int rows, int64_t soon, const Soon<T> &written, T *sums) {
    const int width = blocks.width(block);
    for (int r = 0; r < rows; ++r)
      for (int v = 0; v < width; ++v) written.ask(part.sequence(first + r), (blocks.first(block) + v) * N<T>);
    const T *start = sums;
    int64_t apart = STRIDE;
    if (KIND != PEEPHOLE_GRU && few) {
      start = made_ahead(t, block, first), apart = blocks.numbers(1);
    } else {
      from_input(t, block, first, rows, sums, soon);
      if (KIND == PEEPHOLE_GRU) set_candidate_apart(rows, block, sums);
    }
    const W *panel = panels(places.recurrent);
    multiply(rows, blocks.gates * width, entering + first, e.output, panel + blocks.offset(block, e.output), start, apart,
             sums, STRIDE, panel + blocks.offset(soon, e.output));
  }

  void open_block(int64_t t, int64_t block, int64_t first, int rows, const T *sums) {
    const int width = blocks.width(block);
    for (int r = 0; r < rows; ++r)
      for (int v = 0; v < width; ++v) {
        const int64_t vector = blocks.first(block) + v;
        if_full<T>(blocks.units(vector), [&](int n) PEEPHOLE_INLINED {
          open(at(t, first + r), first + r, vector * N<T>, n, sums + r * STRIDE + v * N<T>, width * N<T>);
        });
      }
  }

  // R_n h begins from its own bias, so that the reset gate reaches it alone; W_n x moves behind it.
  void set_candidate_apart(int rows, int64_t block, T *sums) {
    const V<T> own = load((const T *)(l.packed + places.candidate_bias) + block * N<T>);
    for (int r = 0; r < rows; ++r) {
      T *row = sums + r * STRIDE;
      store(row + 3 * N<T>, load(row + GRU_CANDIDATE * N<T>));
      store(row + GRU_CANDIDATE * N<T>, own);
    }
  }

  // From the sums of one vector of units to its new state.
  PEEPHOLE_INLINE void open(const Step<T> &s, int64_t r, int64_t unit, int n, const T *sums, int64_t apart) {
    V<T> h;
    if constexpr (KIND == PEEPHOLE_LSTM) {
      const auto [cell, gate] = lstm_cell<T, PLAIN>(s, unit, n, sums, apart, running_cell(r));
      h = gate * output_function<T, PLAIN>(e, cell);
      if (projected(e)) return deliver_below(s, r, unit, n, h);
    } else if constexpr (KIND == PEEPHOLE_GRU) {
      const V<T> reset_gate = gru_gate<T, PLAIN>(s, GRU_RESET, unit, n, load(sums));
      const V<T> z = gru_gate<T, PLAIN>(s, GRU_UPDATE, unit, n, load(sums + apart));
      const V<T> own = load(sums + 2 * apart);
      if (l.candidate_product) store(s.at(l.candidate_product, unit), own, n);
      const V<T> sum = load(sums + 3 * apart) + reset_gate * own;
      h = gru_hidden<T, PLAIN>(s, unit, n, sum, z, load(hidden[r] + unit, n));
    } else {
      h = input_function<T, PLAIN>(e, ready<T, PLAIN>(s, 0, unit, n, load(sums)));
    }
    finish_hidden<T, PLAIN>(s, unit, n, h, hidden[r], entering_next(r));
  }

  void deliver_below(const Step<T> &s, int64_t r, int64_t unit, int n, V<T> h) {
    store(below + r * e.hidden + unit, s.tap(PEEPHOLE_HIDDEN_BEFORE_PROJECTION, unit, n, h), n);
  }

  // forward_rows.h
  void project(int64_t t, int64_t count);
  void keep_products(int64_t t, int64_t count, const Blocks<T> &of, int64_t place, const T *const *from, int64_t row);
  void normed(int64_t t, int64_t count);
  void norm_row(const Step<T> &s, int64_t r);
  void two_products(int64_t t, int64_t count);
  void two_normed_products(int64_t t, int64_t count);
  void open_gates(const Step<T> &s, int64_t r, int64_t unit, int n, V<T> sum_r, V<T> sum_z, V<T> from_x);
  void open_candidate(const Step<T> &s, int64_t r, int64_t unit, int n, V<T> sum);
  T *product_row(int64_t t, int64_t r) const {
    return l.product ? l.product.at(t, part.sequence(r)) : product + r * gates_of(e) * e.hidden;
  }
};

}  // namespace peephole::PEEPHOLE_SET
