// The memory that the library is lent for one call, laid out as a caller might: planes with gaps, in either order of
// time and batch, side by side or alone, at any address. Everything that the library may not write is remembered, and
// what it may not read is NaN.
#pragma once

#include <cstring>
#include <deque>
#include <limits>

#include "arrays.h"
#include "peephole.h"
#include "random.h"

template <class T>
class Arena {
 public:
  explicit Arena(uint64_t layout) : random(layout, 1) {}

  // Numbers to be read.
  const T *put(const Vector<double> &values) {
    if (values.empty()) return nullptr;
    T *data = block(static_cast<int64_t>(values.size()));
    std::copy(values.begin(), values.end(), data);
    return remembered(data);
  }

  peephole_plane put(const Array<double> &values, const Vector<int64_t> &lengths) {
    if (!values.is_there()) return {};
    const peephole_plane plane = repeats(values) && random.chance(0.7)
                                     ? peephole_plane{block(values.width), 0, 0}
                                     : planes(values.time, values.batch, {values.width}).front();
    over(values.time, lengths, [&](int64_t t, int64_t b) {
      std::copy(values.at(t, b), values.at(t, b) + values.width, at(plane, t, b));
    });
    remembered(static_cast<T *>(plane.data));
    return plane;
  }

  // What stays the same over time is given once a sequence.
  peephole_plane put_once(const Array<double> &values) {
    if (!values.is_there()) return {};
    peephole_plane plane = put(values, Vector<int64_t>(static_cast<size_t>(values.batch), 1));
    plane.time = 0;
    return plane;
  }

  // Room to be written.
  T *room(int64_t count) {
    T *data = block(count);
    open(data, count);
    return data;
  }

  // Planes side by side, of which only the steps of each sequence may be written.
  Vector<peephole_plane> rooms(int64_t time, const Vector<int64_t> &lengths, const Vector<int64_t> &widths) {
    const Vector<peephole_plane> made = planes(time, static_cast<int64_t>(lengths.size()), widths);
    for (size_t n = 0; n < made.size(); ++n)
      over(time, lengths, [&](int64_t t, int64_t b) { open(at(made[n], t, b), widths[n]); });
    return made;
  }

  peephole_plane room(int64_t time, const Vector<int64_t> &lengths, int64_t width) {
    return rooms(time, lengths, {width}).front();
  }

  // Bytes at a multiple of 64, which hold nonsense.
  void *bytes(int64_t count) {
    const int64_t before = 64 + 64 / static_cast<int64_t>(sizeof(T));
    T *data = block((count + static_cast<int64_t>(sizeof(T)) - 1) / static_cast<int64_t>(sizeof(T)) + before);
    while (reinterpret_cast<uintptr_t>(data) % 64) ++data;
    std::memset(data, 0xff, static_cast<size_t>(count));
    remembered(data);
    open(data, count / static_cast<int64_t>(sizeof(T)));
    blocks.back().is_scratch = true;
    return data;
  }

  static T *at(const peephole_plane &plane, int64_t t, int64_t b) {
    return static_cast<T *>(plane.data) + t * plane.time + b * plane.batch;
  }

  // Whether everything is as it was that may not be written.
  bool is_intact() const {
    for (const Block &block : blocks)
      for (size_t n = 0; n < block.memory.size(); ++n)
        if (!block.writable[n] && std::memcmp(&block.memory[n], &block.before[n], sizeof(T)) != 0) return false;
    return true;
  }

  // Whether both hold the same to the bit; what is packed and the workspaces left out.
  bool is_same(const Arena &other) const {
    for (size_t n = 0; n < blocks.size(); ++n) {
      const Block &a = blocks[n], &b = other.blocks[n];
      if (!a.is_scratch && std::memcmp(a.memory.data(), b.memory.data(), a.memory.size() * sizeof(T)) != 0) return false;
    }
    return true;
  }

 private:
  struct Block {
    Vector<T> memory, before;
    std::vector<bool> writable;
    bool is_scratch = false;
  };

  Random random;
  std::deque<Block> blocks;

  // A new block, with something before and behind.
  T *block(int64_t count) {
    const int64_t before = random.whole(16, 32), behind = 32;
    const auto size = static_cast<size_t>(before + count + behind);
    Block made{Vector<T>(size, std::numeric_limits<T>::quiet_NaN()), {}, std::vector<bool>(size, false)};
    made.before = made.memory;
    blocks.push_back(std::move(made));
    return blocks.back().memory.data() + before;
  }

  // Planes beside one another in one new block.
  Vector<peephole_plane> planes(int64_t time, int64_t batch, const Vector<int64_t> &widths) {
    int64_t width = random.chance(0.5) ? 0 : random.whole(1, 9);
    for (int64_t each : widths) width += each;
    const int64_t gap = random.chance(0.7) ? 0 : random.whole(1, 9);
    const bool batch_first = random.chance(0.25);
    T *data = block(batch_first ? batch * (time * width + gap) : time * (batch * width + gap));
    Vector<peephole_plane> made;
    for (int64_t each : widths) {
      made.push_back(batch_first ? peephole_plane{data, width, time * width + gap}
                                 : peephole_plane{data, batch * width + gap, width});
      data += each;
    }
    return made;
  }

  static bool repeats(const Array<double> &values) {
    const size_t width = static_cast<size_t>(values.width);
    for (size_t n = width; n < values.data.size(); ++n)
      if (values.data[n] != values.data[n - width]) return false;
    return !values.data.empty();
  }

  template <class F>
  static void over(int64_t time, const Vector<int64_t> &lengths, F f) {
    for (int64_t b = 0; b < static_cast<int64_t>(lengths.size()); ++b)
      for (int64_t t = 0; t < std::min(time, lengths[b]); ++t) f(t, b);
  }

  // The last block holds what it shall.
  T *remembered(T *data) {
    blocks.back().before = blocks.back().memory;
    return data;
  }

  void open(const T *data, int64_t count) {
    Block &last = blocks.back();
    const auto first = static_cast<size_t>(data - last.memory.data());
    for (size_t n = first; n < first + static_cast<size_t>(count); ++n) last.writable[n] = true;
  }
};
