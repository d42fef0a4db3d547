#include "cases.h"

#include <algorithm>
#include <sstream>

#include "random.h"

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Draws numbers that the cell's dtype has.
class Numbers {
 public:
  Numbers(Random &random, const peephole_cell &cell) : random(random), single(cell.dtype == PEEPHOLE_FLOAT32) {}

  double fit(double value) const { return single ? static_cast<double>(static_cast<float>(value)) : value; }

  double one(double low, double high) { return fit(random.uniform(low, high)); }

  Vector<double> vector(int64_t count, double scale, double centre = 0) {
    return each(count, [&](int64_t) { return one(centre - scale, centre + scale); });
  }

  Array<double> array(int64_t time, int64_t batch, int64_t width, double scale, double centre = 0) {
    Array<double> made(time, batch, width);
    made.data = vector(time * batch * width, scale, centre);
    return made;
  }

 private:
  Random &random;
  const bool single;
};

// Sizes

// At and beside the widths of vectors and tiles, or anything.
int64_t edgy(Random &random, int64_t most) {
  const int64_t edge = random.one_of({1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64}) + random.whole(-1, 1);
  return std::clamp<int64_t>(random.chance(0.6) ? edge : random.whole(1, most), 1, most);
}

// Large cases take the reference too long: their batch and time are cut. Wide layers, whose units are divided among
// threads, are few and short.
void draw_sizes(Random &random, Case &made) {
  peephole_cell &cell = made.cell;
  const bool wide = random.chance(0.05);
  cell.hidden = wide ? random.whole(192, 230) : edgy(random, 70);
  cell.input = edgy(random, 40);
  made.batch = random.chance(0.05) ? 0 : edgy(random, wide ? 8 : 40);
  made.time = random.whole(1, wide ? 4 : 12);
  const auto work = [&] { return made.time * made.batch * cell.hidden * (cell.hidden + cell.input); };
  while (work() > 500'000 && made.time > 3) --made.time;
  while (work() > 500'000 && made.batch > 7) --made.batch;
}

Vector<int64_t> draw_lengths(Random &random, const Case &made) {
  return each(made.batch, [&](int64_t) {
    if (!made.ragged || random.chance(0.2)) return made.time;
    return random.chance(0.1) ? 0 : random.whole(0, made.time);
  });
}

// The cell

bool is_bounded(const peephole_activation &f) {
  switch (f.kind) {
    case PEEPHOLE_SIGMOID:
    case PEEPHOLE_TANH:
    case PEEPHOLE_HARD_SIGMOID:
    case PEEPHOLE_HARD_SIGMOID_6:
    case PEEPHOLE_HARD_TANH:
    case PEEPHOLE_SOFTSIGN:
    case PEEPHOLE_SCALED_TANH: return true;
    default: return false;
  }
}

void draw_parameters(Random &random, peephole_activation &f) {
  const auto draw = [&](double low, double high) {
    const double sign = random.chance(0.1) ? -1 : 1;
    return random.chance(0.05) ? 0.0 : sign * static_cast<double>(static_cast<float>(random.uniform(low, high)));
  };
  f.alpha = draw(0.1, 0.5), f.beta = draw(0.2, 0.8);
  if (f.kind == PEEPHOLE_SCALED_TANH) f.alpha = draw(0.5, 1.8), f.beta = draw(0.3, 1.2);
  if (f.kind == PEEPHOLE_ELU) f.alpha = draw(0.5, 1.5);
}

peephole_activation random_activation(Random &random) {
  peephole_activation f{random.whole(0, PEEPHOLE_ACTIVATIONS - 1), 0, 0};
  draw_parameters(random, f);
  return f;
}

// What can grow without end grows beyond every number where a gate multiplies it with itself: such a gate is clipped.
void draw_functions(Random &random, peephole_cell &cell) {
  cell.gate_activation = {PEEPHOLE_SIGMOID, 0, 0};
  cell.input_activation = cell.output_activation = {PEEPHOLE_TANH, 0, 0};
  if (random.chance(0.5)) {
    if (random.chance(0.7)) cell.gate_activation = random_activation(random);
    if (random.chance(0.7)) cell.input_activation = random_activation(random);
    if (random.chance(0.7)) cell.output_activation = random_activation(random);
  }
  const auto limit = [&](double low, double high) {
    return static_cast<double>(static_cast<float>(random.uniform(low, high)));
  };
  const bool must = cell.kind != PEEPHOLE_RNN && !is_bounded(cell.gate_activation);
  cell.gate_clip = must ? limit(0.4, 1) : random.chance(0.15) ? limit(0.4, 2) : kInfinity;
  cell.cell_clip = cell.proj_clip = kInfinity;
  if (cell.kind != PEEPHOLE_LSTM) return;
  if (random.chance(0.15)) cell.cell_clip = limit(0.2, 1);
  if (projects(cell) && random.chance(0.3)) cell.proj_clip = limit(0.1, 0.5);
}

void draw_gates(Random &random, peephole_cell &cell) {
  cell.input_gate = cell.forget_gate = cell.output_gate = 1;
  cell.coupled = cell.peephole = 0;
  cell.reset_after = random.whole(0, 1);
  if (cell.kind != PEEPHOLE_LSTM) return;
  if (random.chance(0.2)) {
    cell.coupled = 1;
    cell.forget_gate = random.whole(0, 1);  // which is not looked at
  } else if (random.chance(0.3)) {
    cell.input_gate = random.whole(0, 1);
    cell.forget_gate = random.whole(0, 1);
  }
  if (random.chance(0.15)) cell.output_gate = 0;
  cell.peephole = gate_rows(cell) > 0 && random.chance(0.4);
}

void draw_cell(Random &random, Case &made) {
  peephole_cell &cell = made.cell;
  cell.kind = random.one_of({PEEPHOLE_LSTM, PEEPHOLE_LSTM, PEEPHOLE_GRU, PEEPHOLE_RNN});
  cell.dtype = random.one_of({PEEPHOLE_FLOAT32, PEEPHOLE_FLOAT64});
  cell.bfloat16 = cell.dtype == PEEPHOLE_FLOAT32 && random.chance(0.1);
  draw_sizes(random, made);
  cell.output = cell.hidden;
  if (cell.kind == PEEPHOLE_LSTM && cell.hidden > 1 && random.chance(0.25))
    cell.output = random.whole(1, cell.hidden - 1);
  cell.layer_norm = random.chance(0.2);
  draw_gates(random, cell);
  draw_functions(random, cell);
}

// The numbers

void draw_weights(Numbers &numbers, Random &random, const peephole_cell &cell, Weights<double> &w) {
  const int64_t all = rows(cell);
  const auto matrix = [&](int64_t height, int64_t width) {
    return numbers.vector(height * width, 1.5 / std::sqrt(static_cast<double>(width)));
  };
  if (!cell.layer_norm) w.ih = matrix(all, cell.input);
  w.hh = matrix(all, cell.output);
  if (random.chance(0.8)) w.bias_ih = numbers.vector(all, 0.5), w.bias_hh = numbers.vector(all, 0.5);
  if (projects(cell)) w.hr = matrix(cell.output, cell.hidden);
  if (cell.peephole) w.peephole = numbers.vector(gate_rows(cell), 0.7);
  if (!cell.layer_norm) return;
  w.norm = numbers.vector(all, 0.4, 0.8), w.norm_bias = numbers.vector(all, 0.3);
  if (cell.kind == PEEPHOLE_LSTM)
    w.norm_cell = numbers.vector(cell.hidden, 0.4, 0.8), w.norm_cell_bias = numbers.vector(cell.hidden, 0.3);
}

// 0 or 1 at random, or anything between; or the same at every step, as a zoneout's expectation is.
Array<double> zoneout_mask(Numbers &numbers, Random &random, const Case &made, int64_t width) {
  Array<double> mask = numbers.array(made.time, made.batch, width, 0.5, 0.5);
  const bool binary = random.chance(0.5), everywhere = !binary && random.chance(0.5);
  const double expected = numbers.one(0, 1);
  for (double &value : mask.data) value = binary ? std::round(value) : everywhere ? expected : value;
  return mask;
}

Array<double> dropout_mask(Numbers &numbers, Random &random, int64_t time, int64_t batch, int64_t width) {
  Array<double> mask(time, batch, width);
  for (double &value : mask.data) value = random.chance(0.3) ? 0 : numbers.fit(1 / 0.7);
  return mask;
}

void draw_masks(Numbers &numbers, Random &random, const Case &made, Masks &masks) {
  const peephole_cell &cell = made.cell;
  if (cell.kind != PEEPHOLE_RNN && random.chance(0.15))
    masks.candidate = dropout_mask(numbers, random, made.time, made.batch, cell.hidden);
  if (random.chance(0.15)) masks.hidden = dropout_mask(numbers, random, 1, made.batch, cell.output);
  if (random.chance(0.15)) masks.hidden_zoneout = zoneout_mask(numbers, random, made, cell.output);
  if (cell.kind == PEEPHOLE_LSTM && random.chance(0.15))
    masks.cell_zoneout = zoneout_mask(numbers, random, made, cell.hidden);
}

Clamp draw_clamp(Numbers &numbers, Random &random, const Lane<double> &lane) {
  const Vector<int64_t> all =
      quantities(lane.cell, lane.masks.cell_zoneout.is_there(), lane.masks.hidden_zoneout.is_there());
  Clamp clamp;
  clamp.quantity = all[static_cast<size_t>(random.whole(0, static_cast<int64_t>(all.size()) - 1))];
  clamp.unit = random.chance(0.2) ? -1 : random.whole(0, size_of(lane.cell, clamp.quantity) - 1);
  clamp.each = random.chance(0.4);
  clamp.values = numbers.vector(clamp.each ? lane.batch : 1, 1);
  if (clamp.each)
    for (double &value : clamp.values) value = random.chance(0.3) ? kNaN : value;
  if (random.chance(0.6))
    clamp.steps = each(lane.time, [&](int64_t) { return static_cast<uint8_t>(random.whole(0, 1)); });
  return clamp;
}

Lane<double> draw_lane(Random &random, const Case &made, const Vector<int64_t> &lengths, int64_t reverse) {
  Numbers numbers(random, made.cell);
  Lane<double> lane;
  lane.cell = made.cell, lane.time = made.time, lane.batch = made.batch, lane.reverse = reverse;
  lane.lengths = lengths;
  draw_weights(numbers, random, made.cell, lane.weights);
  if (made.cell.layer_norm)
    lane.sums = numbers.array(made.time, made.batch, rows(made.cell), 2);
  else
    lane.x = numbers.array(made.time, made.batch, made.cell.input, 1.5);
  const double scale = random.chance(0.8) ? 1 : 0;
  lane.initial[0] = numbers.vector(made.batch * made.cell.output, scale);
  if (made.cell.kind == PEEPHOLE_LSTM) lane.initial[1] = numbers.vector(made.batch * made.cell.hidden, scale);
  draw_masks(numbers, random, made, lane.masks);
  if (random.chance(0.25))
    for (int64_t n = random.whole(1, 3); n > 0; --n) lane.clamps.push_back(draw_clamp(numbers, random, lane));
  return lane;
}

Loss draw_loss(Random &random, const Lane<double> &lane) {
  Numbers numbers(random, lane.cell);
  Loss loss;
  const double share = random.chance(0.5) ? 1 : 0.3;
  for (int64_t quantity :
       quantities(lane.cell, lane.masks.cell_zoneout.is_there(), lane.masks.hidden_zoneout.is_there())) {
    if (!random.chance(quantity == PEEPHOLE_HIDDEN ? 0.8 : share)) continue;
    Array<double> slopes = numbers.array(lane.time, lane.batch, size_of(lane.cell, quantity), 1);
    if (random.chance(0.1)) std::fill(slopes.data.begin(), slopes.data.end(), 1.0);
    loss.record[static_cast<size_t>(quantity)] = slopes;
  }
  for (size_t which = 0; which < 2; ++which)
    if (random.chance(0.6)) loss.final[which] = numbers.vector(static_cast<int64_t>(lane.initial[which].size()), 1);
  return loss;
}

const char *const kCells[] = {"rnn", "lstm", "gru"};
const char *const kFunctions[] = {"sigmoid",   "tanh",     "relu",       "identity",         "hard_sigmoid", "hard_sigmoid_6",
                                  "hard_tanh", "softsign", "softplus",   "leaky_relu",       "thresholded_relu", "elu",
                                  "selu",      "gelu",     "silu",       "scaled_tanh",      "affine"};

std::string told_of(const peephole_activation &f) {
  std::ostringstream out;
  out << kFunctions[f.kind] << "(" << f.alpha << "," << f.beta << ")";
  return out.str();
}

std::string told_of(const Lane<double> &lane) {
  std::ostringstream out;
  out << (lane.reverse ? " [reverse" : " [forward") << (lane.masks.candidate.is_there() ? " candidate_mask" : "")
      << (lane.masks.cell_zoneout.is_there() ? " cell_zoneout_mask" : "")
      << (lane.masks.hidden_zoneout.is_there() ? " hidden_zoneout_mask" : "")
      << (lane.masks.hidden.is_there() ? " hidden_mask" : "");
  for (const Clamp &clamp : lane.clamps) out << " clamp " << clamp.quantity << "." << clamp.unit;
  out << "]";
  return out.str();
}

}  // namespace

Case random_case(uint64_t seed, uint64_t number) {
  Random random(seed, number);
  Case made{};
  made.seed = seed, made.number = number;
  draw_cell(random, made);
  made.ragged = random.chance(0.4);
  made.threads = random.whole(2, 4);
  const Vector<int64_t> lengths = draw_lengths(random, made);
  const int64_t first = random.whole(0, 1), lanes = random.chance(0.35) ? 2 : 1;
  for (int64_t n = 0; n < lanes; ++n) {
    made.lanes.push_back(draw_lane(random, made, lengths, n == 0 ? first : 1 - first));
    made.losses.push_back(draw_loss(random, made.lanes.back()));
  }
  return made;
}

void spoil(Case &spoiled) {
  Random random(spoiled.seed, ~spoiled.number);
  const double odd[] = {kNaN, kInfinity, -kInfinity};
  const auto put = [&](Vector<double> &values) {
    if (values.empty()) return;
    values[static_cast<size_t>(random.whole(0, static_cast<int64_t>(values.size()) - 1))] = odd[random.whole(0, 2)];
  };
  for (Lane<double> &lane : spoiled.lanes) {
    for (int64_t n = random.whole(1, 3); n > 0; --n) put(lane.x.is_there() ? lane.x.data : lane.sums.data);
    if (random.chance(0.3)) put(lane.initial[0]);
    if (random.chance(0.3)) put(lane.initial[1]);
    if (random.chance(0.1)) put(lane.weights.hh);
  }
}

std::string Case::told() const {
  const peephole_cell &c = cell;
  std::ostringstream out;
  out << "seed " << seed << " case " << number << ": " << kCells[c.kind] << (c.dtype ? " float64" : " float32") << " time "
      << time << " batch " << batch << " input " << c.input << " hidden " << c.hidden << " output " << c.output
      << (ragged ? " ragged" : "") << (c.bfloat16 ? " bfloat16" : "") << (c.layer_norm ? " layer_norm" : "");
  if (c.kind == PEEPHOLE_LSTM)
    out << " gates " << c.input_gate << c.forget_gate << c.output_gate << (c.coupled ? " coupled" : "")
        << (c.peephole ? " peephole" : "");
  if (c.kind == PEEPHOLE_GRU) out << (c.reset_after ? " reset_after" : " reset_before");
  out << " " << told_of(c.gate_activation) << " " << told_of(c.input_activation) << " " << told_of(c.output_activation)
      << " clips " << c.gate_clip << " " << c.cell_clip << " " << c.proj_clip;
  for (const Lane<double> &lane : lanes) out << told_of(lane);
  out << " threads " << threads;
  return out.str();
}
