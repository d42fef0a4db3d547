#include "derivatives.h"

#include "random.h"

namespace {

using Number = Dual<DIRECTIONS>;

// Numbers whose derivative along one direction points where `to` says.
Vector<Number> pointing(const Vector<double> &values, const Vector<double> &to, Direction direction) {
  Vector<Number> made = converted<Number>(values);
  for (size_t n = 0; n < to.size(); ++n) made[n].slope[direction] = to[n];
  return made;
}

Array<Number> pointing(const Array<double> &values, const Array<double> &to, Direction direction) {
  Array<Number> made(values.time, values.batch, values.width);
  made.data = pointing(values.data, to.data, direction);
  return made;
}

// Zeros that point.
Array<Number> pointing(const Array<double> &to, Direction direction) {
  return pointing(Array<double>(to.time, to.batch, to.width), to, direction);
}

Weights<Number> pointing(const Weights<double> &w, const Directions &to) {
  return {pointing(w.ih, to.ih, OF_INPUT_WEIGHTS),
          pointing(w.hh, to.hh, OF_RECURRENT_WEIGHTS),
          converted<Number>(w.bias_ih),
          converted<Number>(w.bias_hh),
          pointing(w.hr, to.hr, OF_PROJECTION),
          pointing(w.peephole, to.peephole, OF_PEEPHOLE),
          converted<Number>(w.norm),
          converted<Number>(w.norm_bias),
          converted<Number>(w.norm_cell),
          converted<Number>(w.norm_cell_bias)};
}

Lane<Number> pointing(const Lane<double> &lane, const Directions &to) {
  return {lane.cell,
          lane.time,
          lane.batch,
          lane.reverse,
          lane.lengths,
          pointing(lane.weights, to),
          pointing(lane.x, to.x, OF_INPUT),
          converted<Number>(lane.sums),
          {pointing(lane.initial[0], to.initial[0], OF_INITIAL_HIDDEN),
           pointing(lane.initial[1], to.initial[1], OF_INITIAL_CELL)},
          lane.masks,
          lane.clamps,
          {pointing(to.nudges.sums, OF_SUMS), pointing(to.nudges.product, OF_PRODUCT),
           pointing(to.nudges.candidate_product, OF_CANDIDATE_PRODUCT), pointing(to.nudges.projected, OF_PROJECTED),
           pointing(to.nudges.normalised_cell, OF_NORMALISED_CELL)}};
}

void add(Slopes &sum, const Vector<Number> &values, const Vector<double> &weights) {
  for (size_t n = 0; n < weights.size(); ++n)
    for (size_t k = 0; k < DIRECTIONS; ++k) sum[k] += weights[n] * values[n].slope[k];
}

}  // namespace

Directions random_directions(const Lane<double> &lane, uint64_t seed) {
  Random random(seed, 3);
  const peephole_cell &cell = lane.cell;
  const auto along = [&](size_t count) {
    return each(static_cast<int64_t>(count), [&](int64_t) { return random.uniform(-1, 1); });
  };
  const auto over = [&](int64_t width) {
    Array<double> made(lane.time, lane.batch, width);
    made.data = along(made.data.size());
    return made;
  };
  Directions to;
  to.nudges.sums = over(rows(cell));
  if (cell.layer_norm) to.nudges.product = over(rows(cell));
  if (keeps_candidate_product(cell)) to.nudges.candidate_product = over(cell.hidden);
  if (projects(cell)) to.nudges.projected = over(cell.output);
  if (cell.layer_norm && cell.kind == PEEPHOLE_LSTM) to.nudges.normalised_cell = over(cell.hidden);
  if (lane.x.is_there()) to.x = over(cell.input);
  to.initial = {along(lane.initial[0].size()), along(lane.initial[1].size())};
  const Weights<double> &w = lane.weights;
  to.peephole = along(w.peephole.size());
  to.ih = along(w.ih.size()), to.hh = along(w.hh.size()), to.hr = along(w.hr.size());
  return to;
}

Slopes slopes(const Lane<double> &lane, const Loss &loss, const Directions &directions) {
  const Run<Number> run = naive_run(pointing(lane, directions));
  Slopes sum{};
  // Slots past a sequence's end hold zeros, slopes included.
  for (size_t q = 0; q < PEEPHOLE_QUANTITIES; ++q) add(sum, run.record[q].data, loss.record[q].data);
  for (size_t n = 0; n < 2; ++n) add(sum, run.final[n], loss.final[n]);
  return sum;
}
