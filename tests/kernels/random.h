// Random numbers that are the same on every machine, which the standard's distributions are not.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <iterator>

class Random {
 public:
  Random(uint64_t seed, uint64_t number) : state(seed * 0x9e3779b97f4a7c15u + number) { bits(), bits(); }

  // splitmix64
  uint64_t bits() {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // A whole number from `low` to `high`, both possible.
  int64_t whole(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(bits() % static_cast<uint64_t>(high - low + 1));
  }

  double uniform(double low, double high) { return low + (high - low) * (static_cast<double>(bits() >> 11) * 0x1p-53); }

  bool chance(double probability) { return uniform(0, 1) < probability; }

  int64_t one_of(std::initializer_list<int64_t> values) {
    return *std::next(values.begin(), whole(0, static_cast<int64_t>(values.size()) - 1));
  }

 private:
  uint64_t state;
};
