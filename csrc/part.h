// How a lane is divided among threads, and the memory that each of them works in.
//
// A batch of some size is divided by its sequences: nobody waits for anybody. A small batch of a wide layer is divided by
// its units: then the threads meet at every step. Cells in which one step needs all of another's units in its midst
// (layer norm, projection, the GRU's reset gate before the product) are only divided by sequences.
#pragma once

#include "lane.h"
#include "threads.h"

namespace peephole::PEEPHOLE_SET {

// Gives out a caller's workspace piece by piece; without one it only counts the bytes.
class Arena {
 public:
  explicit Arena(void *begin) : begin_((char *)begin) {}
  template <class T> T *take(int64_t count) {
    T *here = begin_ ? (T *)(begin_ + used_) : nullptr;
    used_ += parts(count * (int64_t)sizeof(T), 64) * 64;
    return here;
  }
  int64_t used() const { return used_; }

 private:
  char *begin_;
  int64_t used_ = 0;
};

// What one thread does of a lane: some of its sequences, longest first, and some blocks of its units.
struct Part {
  const int32_t *order;  // the batch's sequences, longest first
  int64_t start, stride, count;
  int64_t share, shares;  // of the units
  Barrier *barrier;       // where the threads that share units meet

  int64_t sequence(int64_t number) const { return order[start + number * stride]; }
  int64_t begin(int64_t blocks) const { return blocks * share / shares; }
  int64_t end(int64_t blocks) const { return blocks * (share + 1) / shares; }
};

// Into how many threads' parts a lane is divided, and by what.
struct Division {
  int64_t sequences = 1, units = 1;
  int64_t count() const { return sequences * units; }
};

inline bool divided_by_units(const peephole_cell &c) {
  return !c.layer_norm && !projected(c) && !in_two_products(c);
}

inline Division division(const peephole_cell &c, int64_t batch, int64_t threads) {
  if (threads <= 1 || batch == 0) return {};
  if (batch >= 4 * threads || !divided_by_units(c)) return {least(batch, threads), 1};
  if (c.hidden >= 192) return {1, threads};
  return {batch >= 2 * threads ? threads : 1, 1};
}

// The sequences of a batch, longest first and else in their order.
inline void longest_first(const int64_t *lengths, int64_t batch, int32_t *order) {
  for (int64_t b = 0; b < batch; ++b) order[b] = (int32_t)b;
  if (!lengths) return;
  // Merge sort from pairs up, by turns in both halves of `order`, which has room for two.
  int32_t *from = order, *to = order + batch;
  for (int64_t width = 1; width < batch; width *= 2) {
    for (int64_t begin = 0; begin < batch; begin += 2 * width) {
      int64_t left = begin, middle = least(begin + width, batch), right = middle;
      const int64_t end = least(begin + 2 * width, batch);
      for (int64_t k = begin; k < end; ++k) {
        const bool first = right >= end || (left < middle && lengths[from[left]] >= lengths[from[right]]);
        to[k] = from[first ? left++ : right++];
      }
    }
    int32_t *other = from;
    from = to, to = other;
  }
  if (from != order) __builtin_memcpy(order, from, batch * sizeof *order);
}

// The sequences of a part that have a step at a time, kept up to date as time goes by: the first so many.
template <class T> class Alive {
 public:
  Alive(const Lane<T> &lane, const Part &part, bool ascending)
      : lane_(lane), part_(part), ascending_(ascending), count_(ascending ? part.count : 0) {}

  int64_t at(int64_t t) {
    if (ascending_)
      while (count_ > 0 && lane_.length(part_.sequence(count_ - 1)) <= t) --count_;
    else
      while (count_ < part_.count && lane_.length(part_.sequence(count_)) > t) ++count_;
    return count_;
  }

 private:
  const Lane<T> &lane_;
  const Part &part_;
  const bool ascending_;
  int64_t count_;
};

// Goes through rows 0 … count in tiles of about one size, at most `most_in_one`: f(first, rows).
template <class F> inline void in_tiles(int64_t count, int most_in_one, F f) {
  if (count <= most_in_one) return f(int64_t(0), (int)count);
  const int64_t tiles = parts(count, most_in_one);
  for (int64_t i = 0; i < tiles; ++i) {
    const int64_t first = count * i / tiles, next = count * (i + 1) / tiles;
    f(first, (int)(next - first));
  }
}

}  // namespace peephole::PEEPHOLE_SET
