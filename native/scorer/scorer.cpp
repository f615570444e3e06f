// Log-probabilities from llama.cpp, many positions to a step. A Node-API addon over the libllama that node-llama-cpp has
// loaded already and over the weights it holds: no second library, no second copy of a model. See README.md.

#include <dlfcn.h>
#include <node_api.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "llama.h"

#ifndef ASSAY_LLAMA_RELEASE
#error "ASSAY_LLAMA_RELEASE is the llama.cpp release the headers are of, e.g. v0.5.0"
#endif

namespace {

// What is used of libllama, found at run time: its file is named after the graphics interface it was built for.
struct Library {
  decltype(&llama_version) version;
  decltype(&llama_context_default_params) context_default_params;
  decltype(&llama_init_from_model) init_from_model;
  decltype(&llama_free) free_context;
  decltype(&llama_model_get_vocab) model_get_vocab;
  decltype(&llama_vocab_n_tokens) vocab_n_tokens;
  decltype(&llama_model_has_encoder) model_has_encoder;
  decltype(&llama_model_n_swa) model_n_swa;
  decltype(&llama_get_memory) get_memory;
  decltype(&llama_memory_seq_rm) memory_seq_rm;
  decltype(&llama_memory_seq_pos_min) memory_seq_pos_min;
  decltype(&llama_decode) decode;
  decltype(&llama_synchronize) synchronize;
  decltype(&llama_get_logits_ith) get_logits_ith;
};

Library library{};
bool is_attached = false;

template <typename F>
void find(void *handle, const char *name, F &slot) {
  void *symbol = dlsym(handle, name);
  if (!symbol) throw std::runtime_error(std::string("libllama has no ") + name);
  slot = reinterpret_cast<F>(symbol);
}

// The parameters with room behind them, to see whether the library's are longer or shorter than the headers say.
struct ProbedParams {
  llama_context_params params;
  unsigned char behind[256];
};
constexpr unsigned char canary = 0xA5;

void require_same_layout(const Library &lib) {
  alignas(ProbedParams) static unsigned char room[sizeof(ProbedParams)];
  std::memset(room, canary, sizeof room);
  asm volatile("" : : "r"(room) : "memory");
  using Probe = ProbedParams (*)();
  const auto probe = reinterpret_cast<Probe>(reinterpret_cast<void *>(lib.context_default_params));
  auto *probed = new (room) ProbedParams(probe());
  asm volatile("" : : "r"(room) : "memory");
  const auto &p = probed->params;
  const bool is_longer = std::any_of(room + sizeof(llama_context_params), room + sizeof room,
                                     [](unsigned char byte) { return byte != canary; });
  const bool is_known = p.n_ctx == 512 && p.n_batch == 2048 && p.n_ubatch == 512 && p.n_seq_max == 1 &&
                        p.flash_attn_type == LLAMA_FLASH_ATTN_TYPE_AUTO && p.type_k == GGML_TYPE_F16 &&
                        !p.abort_callback && p.offload_kqv && !p.kv_unified && !p.samplers && !p.ctx_other;
  if (is_longer || !is_known) throw std::runtime_error("libllama lays its parameters out otherwise than its headers");
}

Library open_library(const std::string &path) {
  // Only what is in the process already: a second copy would know nothing of the first one's models.
  void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  if (!handle) throw std::runtime_error("libllama is not in this process: " + path);
  Library lib{};
  find(handle, "llama_version", lib.version);
  const std::string release = std::string(ASSAY_LLAMA_RELEASE).substr(1);
  const std::string version = lib.version();
  if (version != release && version.rfind(release + "-", 0) != 0)
    throw std::runtime_error("libllama is " + version + ", the addon was built for " + release);
  find(handle, "llama_context_default_params", lib.context_default_params);
  find(handle, "llama_init_from_model", lib.init_from_model);
  find(handle, "llama_free", lib.free_context);
  find(handle, "llama_model_get_vocab", lib.model_get_vocab);
  find(handle, "llama_vocab_n_tokens", lib.vocab_n_tokens);
  find(handle, "llama_model_has_encoder", lib.model_has_encoder);
  find(handle, "llama_model_n_swa", lib.model_n_swa);
  find(handle, "llama_get_memory", lib.get_memory);
  find(handle, "llama_memory_seq_rm", lib.memory_seq_rm);
  find(handle, "llama_memory_seq_pos_min", lib.memory_seq_pos_min);
  find(handle, "llama_decode", lib.decode);
  find(handle, "llama_synchronize", lib.synchronize);
  find(handle, "llama_get_logits_ith", lib.get_logits_ith);
  require_same_layout(lib);
  return lib;
}

// The model inside node-llama-cpp's own wrapper, which keeps it next to its vocabulary. The vocabulary is a member of
// the model, so the library can tell the true pair without following either pointer; nothing is read through a guess.
const llama_model *find_model(const void *wrapper) {
  // The wrapper begins with a small base, the model's parameters and one vector; it is far longer than that.
  constexpr size_t words = (sizeof(llama_model_params) + 96) / sizeof(void *);
  const auto *begin = static_cast<const unsigned char *>(wrapper);
  for (size_t word = 0; word + 1 < words; word++) {
    const llama_model *model;
    const llama_vocab *vocab;
    std::memcpy(&model, begin + word * sizeof(void *), sizeof model);
    std::memcpy(&vocab, begin + (word + 1) * sizeof(void *), sizeof vocab);
    if (model && vocab && library.model_get_vocab(model) == vocab) return model;
  }
  return nullptr;
}

struct Context {
  llama_context *ctx = nullptr;
  int32_t vocabulary = 0;
  int32_t sliding_window = 0;
  int32_t threads = 1;
  // Positions a step may ask about, and sequences there are: the library ends the process over one too many.
  int32_t rows = 0;
  int32_t sequences = 0;
  int32_t batch_size = 0;
  std::atomic<bool> is_aborted{false};
  bool is_busy = false;
};

bool is_aborted(void *data) { return static_cast<Context *>(data)->is_aborted.load(std::memory_order_relaxed); }

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define ASSAY_FOR_EACH_CPU __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define ASSAY_FOR_EACH_CPU
#endif

// The sum of exp(x - max), in lanes a compiler turns into vectors. exp is 2^n times a polynomial of degree 6 on
// [-ln 2 / 2, ln 2 / 2] (Cephes' expf), good to 2e-7; what is under exp(-87) counts as that. NaN stays NaN.
ASSAY_FOR_EACH_CPU
double sum_exp(const float *values, int32_t count, float max) {
  constexpr int32_t lanes = 16;
  double total = 0;
  for (int32_t from = 0; from < count; from += 4096) {
    const int32_t to = std::min(from + 4096, count);
    float sums[lanes] = {0};
    int32_t at = from;
    for (; at + lanes <= to; at += lanes) {
      for (int32_t lane = 0; lane < lanes; lane++) {
        float x = values[at + lane] - max;
        x = x < -87.0f ? -87.0f : x;
        const float shifted = x * 1.44269504f + 12582912.0f; // rounds to the nearest integer, kept in the low bits
        int32_t bits;
        std::memcpy(&bits, &shifted, sizeof bits);
        const float n = shifted - 12582912.0f;
        const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
        float y = 1.9875691500e-4f;
        y = y * r + 1.3981999507e-3f;
        y = y * r + 8.3334519073e-3f;
        y = y * r + 4.1665795894e-2f;
        y = y * r + 1.6666665459e-1f;
        y = y * r + 5.0000001201e-1f;
        y = y * r * r + r + 1.0f;
        const int32_t exponent = static_cast<int32_t>(static_cast<uint32_t>(bits - 0x4B400000 + 127) << 23);
        float scale;
        std::memcpy(&scale, &exponent, sizeof scale);
        sums[lane] += y * scale;
      }
    }
    for (float sum : sums) total += sum;
    for (; at < to; at++) total += std::exp(values[at] - max);
  }
  return total;
}

ASSAY_FOR_EACH_CPU
float find_max(const float *values, int32_t count) {
  constexpr int32_t lanes = 16;
  float best[lanes];
  std::fill(best, best + lanes, -std::numeric_limits<float>::infinity());
  int32_t at = 0;
  for (; at + lanes <= count; at += lanes)
    for (int32_t lane = 0; lane < lanes; lane++)
      best[lane] = values[at + lane] > best[lane] ? values[at + lane] : best[lane];
  float max = *std::max_element(best, best + lanes);
  for (; at < count; at++) max = std::max(max, values[at]);
  return max;
}

// ln p of targets[i] in the row of logits of batch position rows[i]; a row's queries are neighbours.
void read_logprobs(Context &context, const std::vector<int32_t> &rows, const std::vector<int32_t> &targets,
                   std::vector<double> &out) {
  std::vector<size_t> starts;
  std::vector<const float *> logits;
  for (size_t i = 0; i < rows.size(); i++) {
    if (i > 0 && rows[i] == rows[i - 1]) continue;
    starts.push_back(i);
    const float *row = library.get_logits_ith(context.ctx, rows[i]);
    if (!row) throw std::runtime_error("llama.cpp gave no logits for a position");
    logits.push_back(row);
  }
  starts.push_back(rows.size());
  out.resize(rows.size());
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t row = next++; row < logits.size(); row = next++) {
      const float max = find_max(logits[row], context.vocabulary);
      const double log_sum = std::log(sum_exp(logits[row], context.vocabulary, max));
      for (size_t i = starts[row]; i < starts[row + 1]; i++)
        out[i] = static_cast<double>(logits[row][targets[i]]) - max - log_sum;
    }
  };
  const int32_t others = std::min<int32_t>(context.threads, static_cast<int32_t>(logits.size() / 8)) - 1;
  std::vector<std::thread> threads;
  for (int32_t i = 0; i < others; i++) threads.emplace_back(work);
  work();
  for (auto &thread : threads) thread.join();
}

// ---- Node-API ----

#define CHECK(call)                                                       \
  do {                                                                    \
    if ((call) != napi_ok) throw std::runtime_error("Node-API: " #call);  \
  } while (0)

template <typename F>
napi_value guarded(napi_env env, F work) {
  try {
    return work();
  } catch (const std::exception &error) {
    napi_throw_error(env, "ASSAY_SCORER", error.what());
    return nullptr;
  }
}

std::vector<napi_value> read_arguments(napi_env env, napi_callback_info info, size_t count) {
  std::vector<napi_value> values(count);
  size_t given = count;
  CHECK(napi_get_cb_info(env, info, &given, values.data(), nullptr, nullptr));
  if (given < count) throw std::runtime_error("too few arguments");
  return values;
}

std::string read_string(napi_env env, napi_value value) {
  size_t length = 0;
  CHECK(napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  std::string text(length + 1, '\0');
  CHECK(napi_get_value_string_utf8(env, value, text.data(), text.size(), &length));
  text.resize(length);
  return text;
}

int32_t read_int(napi_env env, napi_value value) {
  int32_t number = 0;
  CHECK(napi_get_value_int32(env, value, &number));
  return number;
}

int32_t read_member(napi_env env, napi_value object, const char *name) {
  napi_value value;
  CHECK(napi_get_named_property(env, object, name, &value));
  return read_int(env, value);
}

std::vector<int32_t> read_ints(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0;
  void *data = nullptr;
  CHECK(napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
  if (type != napi_int32_array) throw std::runtime_error("an Int32Array was expected");
  const auto *first = static_cast<const int32_t *>(data);
  return {first, first + length};
}

Context &read_context(napi_env env, napi_value value) {
  void *data = nullptr;
  CHECK(napi_get_value_external(env, value, &data));
  auto *context = static_cast<Context *>(data);
  if (!context || !context->ctx) throw std::runtime_error("the context is closed");
  return *context;
}

// Work away from the main thread that settles a promise.
struct Job {
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
  std::string error;
  virtual void run() = 0;
  virtual napi_value answer(napi_env env) = 0;
  virtual void end() {}
  virtual ~Job() = default;
};

napi_value start(napi_env env, Job *job) {
  napi_value promise;
  napi_value name;
  CHECK(napi_create_promise(env, &job->deferred, &promise));
  CHECK(napi_create_string_utf8(env, "assay-scorer", NAPI_AUTO_LENGTH, &name));
  const auto run = [](napi_env, void *data) {
    auto *self = static_cast<Job *>(data);
    try {
      self->run();
    } catch (const std::exception &error) {
      self->error = error.what();
    }
  };
  const auto finish = [](napi_env environment, napi_status, void *data) {
    auto *self = static_cast<Job *>(data);
    self->end();
    napi_value value = self->error.empty() ? self->answer(environment) : nullptr;
    if (value) {
      napi_resolve_deferred(environment, self->deferred, value);
    } else {
      napi_value message;
      napi_value error;
      napi_create_string_utf8(environment, self->error.c_str(), NAPI_AUTO_LENGTH, &message);
      napi_create_error(environment, nullptr, message, &error);
      napi_reject_deferred(environment, self->deferred, error);
    }
    napi_delete_async_work(environment, self->work);
    delete self;
  };
  CHECK(napi_create_async_work(env, nullptr, name, run, finish, job, &job->work));
  CHECK(napi_queue_async_work(env, job->work));
  return promise;
}

struct OpenJob : Job {
  const llama_model *model = nullptr;
  llama_context_params params{};
  Context *context = nullptr;

  void run() override {
    context = new Context();
    context->vocabulary = library.vocab_n_tokens(library.model_get_vocab(model));
    context->sliding_window = library.model_n_swa(model);
    context->threads = params.n_threads_batch;
    context->rows = params.n_outputs_max;
    context->sequences = params.n_seq_max;
    context->batch_size = params.n_batch;
    params.abort_callback = is_aborted;
    params.abort_callback_data = context;
    context->ctx = library.init_from_model(const_cast<llama_model *>(model), params);
    if (context->ctx) return;
    delete context;
    throw std::runtime_error("llama.cpp could not make the context");
  }

  napi_value answer(napi_env env) override {
    napi_value external;
    // Closed by its owner only, before the model: what nobody closed is left to the end of the process.
    if (napi_create_external(env, context, nullptr, nullptr, &external) == napi_ok) return external;
    error = "the context could not be handed over";
    return nullptr;
  }
};

struct StepJob : Job {
  Context *context = nullptr;
  std::vector<int32_t> tokens, positions, sequences, rows, targets;
  std::vector<double> logprobs;

  void run() override {
    const size_t count = tokens.size();
    std::vector<int32_t> counts(count, 1);
    std::vector<int32_t *> lists(count);
    std::vector<int8_t> asked(count, 0);
    for (size_t i = 0; i < count; i++) lists[i] = &sequences[i];
    for (int32_t row : rows) asked[row] = 1;
    llama_batch batch{};
    batch.n_tokens = static_cast<int32_t>(count);
    batch.token = tokens.data();
    batch.pos = positions.data();
    batch.n_seq_id = counts.data();
    batch.seq_id = lists.data();
    batch.logits = asked.data();
    const int32_t status = library.decode(context->ctx, batch);
    if (status == 1) throw std::runtime_error("the context has no room for the step");
    if (status == 2) throw std::runtime_error("ASSAY_ABORTED");
    if (status != 0) throw std::runtime_error("llama.cpp could not process the step (" + std::to_string(status) + ")");
    library.synchronize(context->ctx);
    read_logprobs(*context, rows, targets, logprobs);
  }

  void end() override { context->is_busy = false; }

  napi_value answer(napi_env env) override {
    napi_value buffer;
    napi_value array;
    void *data = nullptr;
    const size_t bytes = logprobs.size() * sizeof(double);
    if (napi_create_arraybuffer(env, bytes, &data, &buffer) == napi_ok &&
        napi_create_typedarray(env, napi_float64_array, logprobs.size(), buffer, 0, &array) == napi_ok) {
      if (bytes > 0) std::memcpy(data, logprobs.data(), bytes);
      return array;
    }
    error = "the answer could not be handed over";
    return nullptr;
  }
};

napi_value attach(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    const auto arguments = read_arguments(env, info, 1);
    library = open_library(read_string(env, arguments[0]));
    is_attached = true;
    return nullptr;
  });
}

napi_value open(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    const auto arguments = read_arguments(env, info, 2);
    if (!is_attached) throw std::runtime_error("no libllama was attached");
    void *wrapper = nullptr;
    CHECK(napi_unwrap(env, arguments[0], &wrapper));
    const auto *model = wrapper ? find_model(wrapper) : nullptr;
    if (!model) throw std::runtime_error("the model was not found inside node-llama-cpp's");
    if (library.model_has_encoder(model)) throw std::runtime_error("the model has an encoder");
    auto params = library.context_default_params();
    params.n_seq_max = read_member(env, arguments[1], "sequences");
    params.n_ctx = read_member(env, arguments[1], "contextSize") * params.n_seq_max;
    params.n_batch = read_member(env, arguments[1], "batchSize");
    params.n_ubatch = params.n_batch;
    params.n_outputs_max = read_member(env, arguments[1], "rows");
    params.n_threads = read_member(env, arguments[1], "threads");
    params.n_threads_batch = params.n_threads;
    params.flash_attn_type = read_member(env, arguments[1], "flashAttention") ? LLAMA_FLASH_ATTN_TYPE_ENABLED
                                                                             : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    params.swa_full = false;
    params.kv_unified = false;
    auto *job = new OpenJob();
    job->model = model;
    job->params = params;
    return start(env, job);
  });
}

napi_value step(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    const auto arguments = read_arguments(env, info, 6);
    auto &context = read_context(env, arguments[0]);
    if (context.is_busy) throw std::runtime_error("a step is running");
    auto *job = new StepJob();
    job->context = &context;
    job->tokens = read_ints(env, arguments[1]);
    job->positions = read_ints(env, arguments[2]);
    job->sequences = read_ints(env, arguments[3]);
    job->rows = read_ints(env, arguments[4]);
    job->targets = read_ints(env, arguments[5]);
    const auto count = static_cast<int32_t>(job->tokens.size());
    const auto is_under = [](const std::vector<int32_t> &values, int32_t bound) {
      return std::all_of(values.begin(), values.end(), [&](int32_t value) { return value >= 0 && value < bound; });
    };
    const bool is_whole = count > 0 && job->positions.size() == job->tokens.size() &&
                          job->sequences.size() == job->tokens.size() && job->rows.size() == job->targets.size() &&
                          is_under(job->tokens, context.vocabulary) && is_under(job->targets, context.vocabulary) &&
                          is_under(job->rows, count) && is_under(job->sequences, context.sequences) &&
                          count <= context.batch_size &&
                          std::set<int32_t>(job->rows.begin(), job->rows.end()).size() <=
                              static_cast<size_t>(context.rows);
    if (!is_whole) {
      delete job;
      throw std::runtime_error("the step is not whole");
    }
    context.is_aborted = false;
    context.is_busy = true;
    return start(env, job);
  });
}

// Cuts a sequence back to its first tokens. Answers how many it has then: 0 where this memory cannot be cut there.
napi_value keep(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    const auto arguments = read_arguments(env, info, 3);
    auto &context = read_context(env, arguments[0]);
    if (context.is_busy) throw std::runtime_error("a step is running");
    const int32_t sequence = read_int(env, arguments[1]);
    int32_t length = read_int(env, arguments[2]);
    if (sequence < 0 || sequence >= context.sequences) throw std::runtime_error("there is no such sequence");
    auto *memory = library.get_memory(context.ctx);
    if (length > 0 && !library.memory_seq_rm(memory, sequence, length, -1)) length = 0;
    // A sliding window has forgotten what is before it; the next token needs a whole window.
    if (length > 0 && library.memory_seq_pos_min(memory, sequence) > std::max(0, length - context.sliding_window))
      length = 0;
    if (length == 0) library.memory_seq_rm(memory, sequence, -1, -1);
    napi_value kept;
    CHECK(napi_create_int32(env, length, &kept));
    return kept;
  });
}

napi_value abort_step(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    read_context(env, read_arguments(env, info, 1)[0]).is_aborted = true;
    return nullptr;
  });
}

napi_value close(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    auto &context = read_context(env, read_arguments(env, info, 1)[0]);
    if (context.is_busy) throw std::runtime_error("a step is running");
    library.free_context(context.ctx);
    context.ctx = nullptr;
    return nullptr;
  });
}

} // namespace

NAPI_MODULE_INIT() {
  const napi_property_descriptor members[] = {
      {"attach", nullptr, attach, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"open", nullptr, open, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"step", nullptr, step, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"keep", nullptr, keep, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"abort", nullptr, abort_step, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"close", nullptr, close, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_value release;
  napi_create_string_utf8(env, ASSAY_LLAMA_RELEASE, NAPI_AUTO_LENGTH, &release);
  napi_set_named_property(env, exports, "release", release);
  napi_define_properties(env, exports, sizeof members / sizeof *members, members);
  return exports;
}
