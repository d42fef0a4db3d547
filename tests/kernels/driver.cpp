// Tests the kernels through their C contract, without Python: random cases against the reference of naive.h.
//
//   driver [--seed N] [--cases N] [--only NUMBER] [--set NAME] [--forks 0]
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "checks.h"

namespace {

struct Options {
  uint64_t seed = 1;
  int64_t cases = 200;
  int64_t only = -1;  // the number of the one case to run
  std::string set;    // empty: all
  bool forks = true;  // QEMU cannot fork a process with threads
};

// The case that runs, for whoever is killed by it. (Sanitizers: abort_on_error=1.)
std::string at_work;

void tell_at_work(int signal) {
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, at_work.data(), at_work.size());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void begin(const std::string &set, const Case &given) { at_work = "killed in " + set + ", " + given.told() + "\n"; }

class Report {
 public:
  void note(const std::string &set, const std::string &what, const Fault &fault) {
    ++(fault.empty() ? passed : failed);
    if (!fault.empty() && failed <= 40) std::printf("%s: %s\n  %s\n", set.c_str(), fault.c_str(), what.c_str());
  }

  int end() const {
    std::printf("%lld passed, %lld failed\n", static_cast<long long>(passed), static_cast<long long>(failed));
    return failed > 0 || passed == 0;
  }

 private:
  int64_t passed = 0, failed = 0;
};

Options read(int count, char **words) {
  Options options;
  for (int n = 1; n + 1 < count; n += 2) {
    const std::string word = words[n];
    if (word == "--seed") options.seed = std::strtoull(words[n + 1], nullptr, 10);
    else if (word == "--cases") options.cases = std::atoll(words[n + 1]);
    else if (word == "--only") options.only = std::atoll(words[n + 1]);
    else if (word == "--set") options.set = words[n + 1];
    else if (word == "--forks") options.forks = std::atoll(words[n + 1]) != 0;
    else count = 0;
  }
  if (count % 2 == 0) {
    std::fprintf(stderr, "usage: driver [--seed N] [--cases N] [--only NUMBER] [--set NAME] [--forks 0]\n");
    std::exit(2);
  }
  return options;
}

std::vector<std::string> sets_to_run(const Options &options) {
  std::vector<std::string> found;
  for (int64_t n = 0; const char *name = peephole_instruction_set(n); ++n)
    if (options.set.empty() || options.set == name) found.push_back(name);
  return found;
}

// The contract's own edges: versions and names.
Fault check_names(const std::vector<std::string> &sets) {
  if (peephole_version() != PEEPHOLE_VERSION) return "the library is of another version than its header";
  std::vector<char> large(std::size_t{8} << 20);
  peephole_expect(large.data() + 3, static_cast<int64_t>(large.size()) - 7);  // any memory
  peephole_expect(large.data(), 0);
  if (peephole_use("abacus")) return "peephole_use takes a set that is not there";
  for (const std::string &set : sets)
    if (!peephole_use(set.c_str()) || set != peephole_in_use()) return "peephole_use does not take " + set;
  return {};
}

// Every set on the same case, since the reference is what takes time.
void run_case(const Case &given, const std::vector<std::string> &sets, Report &report) {
  const Reference reference = reference_of(given);
  for (const std::string &set : sets) {
    peephole_use(set.c_str());
    begin(set, given);
    report.note(set, given.told(), check_forward(given, reference));
    report.note(set, given.told(), check_backward(given, reference));
    if (given.number % 4 == 0) report.note(set, given.told(), check_spoiled(given));
  }
}

void run_callers(const Options &options, const std::vector<std::string> &sets, Report &report) {
  const uint64_t last = 4;
  for (const std::string &set : sets) {
    peephole_use(set.c_str());
    for (uint64_t n = 0; n < last; ++n) {
      const Case one = random_case(options.seed, 2 * n), other = random_case(options.seed, 2 * n + 1);
      begin(set, one);
      report.note(set, one.told() + "\n  " + other.told(), check_two_callers(one, other));
      if (options.forks) report.note(set, one.told() + "\n  " + other.told(), check_fork(one, other));
    }
  }
}

void run_activations(const Options &options, const std::vector<std::string> &sets, Report &report) {
  for (const std::string &set : sets) {
    peephole_use(set.c_str());
    report.note(set, "activations in float32", check_activations(PEEPHOLE_FLOAT32, options.seed));
    report.note(set, "activations in float64", check_activations(PEEPHOLE_FLOAT64, options.seed));
  }
}

}  // namespace

int main(int count, char **words) {
  const Options options = read(count, words);
  for (int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGBUS}) std::signal(signal, tell_at_work);
  const std::vector<std::string> sets = sets_to_run(options);
  Report report;
  if (options.only >= 0) {
    run_case(random_case(options.seed, static_cast<uint64_t>(options.only)), sets, report);
    return report.end();
  }
  report.note("library", "names", check_names(sets));
  run_activations(options, sets, report);
  for (int64_t n = 0; n < options.cases; ++n)
    run_case(random_case(options.seed, static_cast<uint64_t>(n)), sets, report);
  run_callers(options, sets, report);
  return report.end();
}
