// The kernels for one instruction set: this file is compiled once for each, with PEEPHOLE_SET its name.
#include "kernels.h"

#include "products.h"

namespace peephole::PEEPHOLE_SET {
namespace {

// f.template operator()<T, W, KIND, PLAIN>() for what a cell asks for; W is the type of its packed matrices.
template <class T, class W, class F> void of_kind(const peephole_cell &c, bool plain, F f) {
  switch (c.kind) {
    case PEEPHOLE_RNN:
      return plain ? f.template operator()<T, W, PEEPHOLE_RNN, true>() : f.template operator()<T, W, PEEPHOLE_RNN, false>();
    case PEEPHOLE_LSTM:
      return plain ? f.template operator()<T, W, PEEPHOLE_LSTM, true>()
                   : f.template operator()<T, W, PEEPHOLE_LSTM, false>();
    default:
      return plain ? f.template operator()<T, W, PEEPHOLE_GRU, true>() : f.template operator()<T, W, PEEPHOLE_GRU, false>();
  }
}

template <class F> void of_cell(const peephole_cell &c, bool plain, bool forward, F f) {
  if (c.dtype == PEEPHOLE_FLOAT64) return of_kind<double, double>(c, plain, f);
  if (c.bfloat16 && forward) return of_kind<float, bfloat16>(c, plain, f);
  of_kind<float, float>(c, plain, f);
}

// How one call is divided: two lanes side by side where there are threads for both, else one after the other.
struct Plan {
  int64_t lanes, threads, at_once;
  Division each;

  Plan(const peephole_lane &first, int64_t lanes, int64_t threads)
      : lanes(lanes),
        threads(most<int64_t>(1, threads)),
        at_once(threads > 1 ? lanes : 1),
        each(division(*first.cell, first.batch, threads / at_once)) {}
  int64_t parts() const { return at_once * each.count(); }
};

// What the parts of one lane share.
struct Shared {
  int32_t *order;
  char *barriers;

  Shared(const peephole_lane &l, const Plan &plan, Arena &arena)
      : order(arena.take<int32_t>(2 * l.batch)), barriers(arena.take<char>(plan.each.sequences * sizeof(Barrier))) {}

  void begin(const peephole_lane &l, const Plan &plan) const {
    longest_first(l.lengths, l.batch, order);
    for (int64_t i = 0; i < plan.each.sequences; ++i) Barrier::make(barriers + i * sizeof(Barrier), plan.each.units);
  }

  Part part(const peephole_lane &l, const Plan &plan, int64_t number) const {
    const int64_t groups = plan.each.sequences, group = number % groups;
    return {order, group, groups, (l.batch - group + groups - 1) / groups, number / groups, plan.each.units,
            (Barrier *)(barriers + group * sizeof(Barrier))};
  }
};

// f(lane, part, number among those at once) for every part of every lane, at the same time where the plan says so.
template <class F> void on_all_parts(const Plan &plan, Threads &threads, F f) {
  struct Context {
    const Plan &plan;
    F &f;
    int64_t first;
  };
  for (int64_t first = 0; first < plan.lanes; first += plan.at_once) {
    Context context{plan, f, first};
    threads.run(
        [](void *pointer, int64_t number) {
          const Context &c = *(const Context *)pointer;
          const int64_t parts = c.plan.each.count();
          c.f(c.first + number / parts, number % parts, number);
        },
        &context, plan.parts(), plan.each.units > 1);
  }
}

// f(number) for as many numbers as there are threads.
template <class F> void on_all_threads(Threads &threads, F f) {
  threads.run([](void *function, int64_t number) { (*(F *)function)(number); }, &f, threads.count(), false);
}

// One call. Without threads it does nothing but tell how many bytes of workspace it needs.
template <class T, class W, int KIND, bool PLAIN>
int64_t forward(const peephole_lane *lanes, const Plan &plan, Threads *threads, void *workspace) {
  using Pass = Forward<T, W, KIND, PLAIN>;
  Arena arena(workspace);
  const Shared shared[] = {{lanes[0], plan, arena}, {lanes[plan.lanes - 1], plan, arena}};
  T *masked[2];
  for (int64_t i = 0; i < plan.lanes; ++i) masked[i] = arena.take<T>(Pass::shared_numbers(Lane<T>(lanes[i])));
  Arena counted(nullptr);
  Pass(Lane<T>(lanes[0]), shared[0].part(lanes[0], plan, 0), nullptr, counted);  // none needs more than the first part
  char *own = arena.take<char>(counted.used() * plan.parts());
  if (!threads) return arena.used();
  for (int64_t i = 0; i < plan.lanes; ++i) shared[i].begin(lanes[i], plan);
  on_all_parts(plan, *threads, [&](int64_t lane, int64_t part, int64_t number) {
    const Lane<T> l(lanes[lane]);
    Arena mine(own + number * counted.used());
    Pass(l, shared[lane].part(lanes[lane], plan, part), masked[lane], mine).run();
  });
  return 0;
}

// Adds up each sequence's sums over time, in the order of the batch: (batch, rows, padded) into (rows, size).
template <class T> void add_up(const T *each, int64_t batch, int64_t rows, int64_t size, void *to) {
  const Blocks<T> units(1, size);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t v = 0; v < units.vectors; ++v) {
      V<T> total = {};
      for (int64_t b = 0; b < batch; ++b) total += load(each + ((b * rows + row) * units.vectors + v) * N<T>);
      store((T *)to + row * size + v * N<T>, total, units.units(v));
    }
}

template <class T, int KIND, bool PLAIN>
int64_t backward(const peephole_gradient *lanes, const Plan &plan, Threads *threads, void *workspace) {
  using Pass = Backward<T, KIND, PLAIN>;
  Arena arena(workspace);
  const peephole_lane &first = *lanes[0].lane, &last = *lanes[plan.lanes - 1].lane;
  const Shared shared[] = {{first, plan, arena}, {last, plan, arena}};
  Gradient<T> gradients[] = {Gradient<T>(lanes[0]), Gradient<T>(lanes[plan.lanes - 1])};
  const peephole_cell &c = *first.cell;
  const int64_t rows = gates_of(c), row = first.batch * Blocks<T>(1, c.hidden).numbers(1);
  for (int64_t i = 0; i < plan.lanes; ++i) {
    if (lanes[i].bias) gradients[i].bias = arena.take<T>(rows * row);
    if (lanes[i].candidate_bias) gradients[i].candidate_bias = arena.take<T>(row);
    if (lanes[i].peephole) gradients[i].peephole = arena.take<T>((rows - 1) * row);
  }
  Arena counted(nullptr);
  Pass(Lane<T>(first), gradients[0], shared[0].part(first, plan, 0), counted);
  Arena for_products(nullptr);
  WeightGradients<T>(Lane<T>(first), rows * c.hidden, for_products);
  char *own = arena.take<char>(most(counted.used() * plan.parts(), for_products.used() * plan.threads));
  if (!threads) return arena.used();
  for (int64_t i = 0; i < plan.lanes; ++i) shared[i].begin(*lanes[i].lane, plan);
  on_all_parts(plan, *threads, [&](int64_t lane, int64_t part, int64_t number) {
    const Lane<T> l(*lanes[lane].lane);
    Arena mine(own + number * counted.used());
    Pass(l, gradients[lane], shared[lane].part(*lanes[lane].lane, plan, part), mine).run();
  });
  for (int64_t i = 0; i < plan.lanes; ++i) {
    const Gradient<T> &g = gradients[i];
    if (lanes[i].bias) add_up(g.bias, first.batch, rows, c.hidden, lanes[i].bias);
    if (lanes[i].candidate_bias) add_up(g.candidate_bias, first.batch, 1, c.hidden, lanes[i].candidate_bias);
    if (lanes[i].peephole) add_up(g.peephole, first.batch, rows - 1, c.hidden, lanes[i].peephole);
  }
  on_all_threads(*threads, [&](int64_t share) {
    for (int64_t i = 0; i < plan.lanes; ++i) {
      const Lane<T> l(*lanes[i].lane);
      if (gradients[i].x) InputGradient<T>(l, gradients[i]).run(share, plan.threads);
      Arena mine(own + share * for_products.used());
      WeightGradients<T> products(l, rows * c.hidden, mine);
      each_outer(l, gradients[i], [&](const Outer<T> &outer) { products.run(outer, share, plan.threads); });
    }
  });
  return 0;
}

int64_t on_forward(const peephole_lane *lanes, int64_t count, int64_t threads, Threads *run, void *workspace) {
  const peephole_cell &c = *lanes[0].cell;
  bool plain = true;
  for (int64_t i = 0; i < count; ++i) plain = plain && is_plain(c, lanes[i]);
  const Plan plan(lanes[0], count, threads);
  int64_t bytes = 0;
  of_cell(c, plain, true, [&]<class T, class W, int KIND, bool PLAIN>() {
    bytes = forward<T, W, KIND, PLAIN>(lanes, plan, run, workspace);
  });
  return bytes;
}

int64_t on_backward(const peephole_gradient *lanes, int64_t count, int64_t threads, Threads *run, void *workspace) {
  const peephole_cell &c = *lanes[0].lane->cell;
  bool plain = true;
  for (int64_t i = 0; i < count; ++i) plain = plain && is_plain(c, *lanes[i].lane);
  const Plan plan(*lanes[0].lane, count, threads);
  int64_t bytes = 0;
  of_cell(c, plain, false, [&]<class T, class W, int KIND, bool PLAIN>() {
    bytes = backward<T, KIND, PLAIN>(lanes, plan, run, workspace);
  });
  return bytes;
}

// A call may get fewer threads than it asked for, whose parts are then larger.
template <class F> int64_t largest(int64_t threads, F bytes) {
  int64_t found = 0;
  for (int64_t n = 1; n <= most<int64_t>(1, threads); ++n) found = most(found, bytes(n));
  return found;
}

int64_t packed_size(const peephole_cell *c, int64_t purpose) {
  return c->dtype == PEEPHOLE_FLOAT64 ? Packing<double>(*c, purpose).size : Packing<float>(*c, purpose).size;
}

void pack(const peephole_cell *c, const peephole_weights *w, int64_t purpose, void *to) {
  char *packed = (char *)to;
  const bool wide = c->dtype == PEEPHOLE_FLOAT64;
  if (purpose != PEEPHOLE_FORWARD)
    wide ? pack_backward<double>(*c, *w, purpose, packed) : pack_backward<float>(*c, *w, purpose, packed);
  else if (wide)
    pack_forward<double, double>(*c, *w, packed);
  else
    c->bfloat16 ? pack_forward<float, bfloat16>(*c, *w, packed) : pack_forward<float, float>(*c, *w, packed);
}

int64_t forward_workspace(const peephole_lane *lanes, int64_t count, int64_t threads) {
  return largest(threads, [&](int64_t n) { return on_forward(lanes, count, n, nullptr, nullptr); });
}

void forward_call(const peephole_lane *lanes, int64_t count, int64_t threads, void *workspace) {
  Threads own(threads);
  on_forward(lanes, count, own.count(), &own, workspace);
}

int64_t backward_workspace(const peephole_gradient *lanes, int64_t count, int64_t threads) {
  return largest(threads, [&](int64_t n) { return on_backward(lanes, count, n, nullptr, nullptr); });
}

void backward_call(const peephole_gradient *lanes, int64_t count, int64_t threads, void *workspace) {
  Threads own(threads);
  on_backward(lanes, count, own.count(), &own, workspace);
}

template <class T> void activate_all(const peephole_activation &f, int64_t n, const T *x, T *y, T *slopes) {
  for (int64_t i = 0; i < n; i += N<T>) {
    const int some = (int)least<int64_t>(N<T>, n - i);
    const V<T> in = load(x + i, some), out = activate<T>(f, in);
    store(y + i, out, some);
    store(slopes + i, slope<T>(f, in, out), some);
  }
}

void activate_call(int64_t dtype, const peephole_activation *f, int64_t n, const void *x, void *y, void *slopes) {
  if (dtype == PEEPHOLE_FLOAT64)
    activate_all(*f, n, (const double *)x, (double *)y, (double *)slopes);
  else
    activate_all(*f, n, (const float *)x, (float *)y, (float *)slopes);
}

int64_t keeps(const peephole_cell *c) { return keeps_before_activation(*c); }

#define PEEPHOLE_TEXT_OF(name) #name
#define PEEPHOLE_TEXT(name) PEEPHOLE_TEXT_OF(name)

}  // namespace

extern const Kernels kernels = {PEEPHOLE_TEXT(PEEPHOLE_SET),
                                packed_size,
                                pack,
                                forward_workspace,
                                forward_call,
                                backward_workspace,
                                backward_call,
                                activate_call,
                                keeps};

}  // namespace peephole::PEEPHOLE_SET
