#include "bindings/from_js.h"

#include <cmath>
#include <cstring>

#include "core/error.h"

namespace flm::bindings {
namespace {

constexpr double kLargestInteger = 9007199254740991.0;  // Number.MAX_SAFE_INTEGER

// Mirrors PIECE_FIELDS and its flags in lib/native/types.ts.
constexpr size_t kPieceFields = 5;
constexpr int64_t kPieceNewSegment = 1, kPieceLastTarget = 2, kPieceNoTargets = 4;

const char* type_name(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return "a boolean";
    case napi_number:
      return "a number";
    case napi_string:
      return "a string";
    case napi_function:
      return "a function";
    default:
      return "another object";
  }
}

[[noreturn]] void refuse(const std::string& path, const char* expected, const Napi::Value& value) {
  fail(ErrorCode::invalid_argument, path, " must be ", expected, ", not ", type_name(value));
}

template <class T>
std::vector<T> read_typed_array(const Napi::Value& value, napi_typedarray_type type, const std::string& path,
                                const char* expected) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    refuse(path, expected, value);
  }
  const auto array = value.As<Napi::TypedArrayOf<T>>();
  std::vector<T> copy(array.ElementLength());
  if (!copy.empty()) std::memcpy(copy.data(), array.Data(), copy.size() * sizeof(T));
  return copy;
}

double read_number(const Napi::Value& value, const std::string& path) {
  if (!value.IsNumber()) refuse(path, "a number", value);
  return value.As<Napi::Number>().DoubleValue();
}

int64_t to_integer(double number, const std::string& path) {
  FLM_CHECK(std::abs(number) <= kLargestInteger && number == std::trunc(number), ErrorCode::invalid_argument,
            path, " must be an integer, not ", number);
  return int64_t(number);
}

// An object whose fields are read one by one.
class Fields {
 public:
  Fields(const Napi::Value& value, std::string path) : path_(std::move(path)) {
    if (!value.IsObject()) refuse(path_, "an object", value);
    object_ = value.As<Napi::Object>();
  }

  Napi::Value value(const char* field) const { return object_.Get(field); }
  std::string path(const char* field) const { return path_ + "." + field; }
  double number(const char* field) const { return read_number(value(field), path(field)); }
  int64_t integer(const char* field) const { return to_integer(number(field), path(field)); }
  bool boolean(const char* field) const { return read_boolean(value(field), path(field)); }
  std::vector<int32_t> int32s(const char* field) const { return read_int32s(value(field), path(field)); }
  std::vector<uint32_t> uint32s(const char* field) const { return read_uint32s(value(field), path(field)); }
  std::vector<double> doubles(const char* field) const {
    return read_typed_array<double>(value(field), napi_float64_array, path(field), "a Float64Array");
  }
  std::vector<uint8_t> bytes(const char* field) const { return read_bytes(value(field), path(field)); }
  Napi::Array array(const char* field) const {
    if (!value(field).IsArray()) refuse(path(field), "an array", value(field));
    return value(field).As<Napi::Array>();
  }

 private:
  Napi::Object object_;
  std::string path_;
};

std::vector<Piece> read_pieces(const Fields& input) {
  const std::string path = input.path("pieces");
  const std::vector<double> numbers = input.doubles("pieces");
  FLM_CHECK(numbers.size() % kPieceFields == 0, ErrorCode::invalid_argument, path, " has ", numbers.size(),
            " numbers, which is no multiple of the ", kPieceFields, " of a piece");
  std::vector<Piece> pieces;
  pieces.reserve(numbers.size() / kPieceFields);
  for (size_t at = 0; at < numbers.size(); at += kPieceFields) {
    const auto field = [&](size_t i) { return to_integer(numbers[at + i], path); };
    const int64_t flags = field(4);
    pieces.push_back({.row = field(0),
                      .file = field(1),
                      .offset = field(2),
                      .length = field(3),
                      .new_segment = (flags & kPieceNewSegment) != 0,
                      .last_target = (flags & kPieceLastTarget) != 0,
                      .no_targets = (flags & kPieceNoTargets) != 0});
  }
  return pieces;
}

std::vector<Instruction> read_instructions(const Fields& input) {
  constexpr size_t kFields = 5;
  constexpr int32_t kKinds = 6;
  const std::vector<int32_t> numbers = input.int32s("instructions");
  FLM_CHECK(numbers.size() % kFields == 0, ErrorCode::invalid_argument, input.path("instructions"), " has ",
            numbers.size(), " numbers, which is no multiple of the ", kFields, " of an instruction");
  std::vector<Instruction> all;
  for (size_t at = 0; at < numbers.size(); at += kFields) {
    FLM_CHECK(numbers[at] >= 0 && numbers[at] < kKinds, ErrorCode::invalid_argument,
              input.path("instructions"), " has an instruction ", numbers[at], ", there are ", kKinds);
    all.push_back(
        {Instruction::Kind(numbers[at]), numbers[at + 1], numbers[at + 2], numbers[at + 3], numbers[at + 4]});
  }
  return all;
}

Ramp read_ramp(const Fields& input) {
  const Fields ramp(input.value("ramp"), input.path("ramp"));
  return {.hidden = ramp.number("hidden"),
          .ffn = ramp.number("ffn"),
          .heads = ramp.number("heads"),
          .layers = ramp.number("layers")};
}

GenerateRow read_generate_row(const Napi::Value& value) {
  const Fields row(value, "generate input.rows");
  const int64_t seed = row.integer("seed");
  FLM_CHECK(seed >= 0, ErrorCode::invalid_argument, row.path("seed"), " must be 0 or more, not ", seed);
  return {.lane = row.integer("lane"), .prompt = row.int32s("prompt"), .seed = uint64_t(seed)};
}

}  // namespace

std::vector<uint8_t> read_bytes(const Napi::Value& value, const std::string& path) {
  return read_typed_array<uint8_t>(value, napi_uint8_array, path, "a Uint8Array");
}

std::vector<int32_t> read_int32s(const Napi::Value& value, const std::string& path) {
  return read_typed_array<int32_t>(value, napi_int32_array, path, "an Int32Array");
}

std::vector<uint32_t> read_uint32s(const Napi::Value& value, const std::string& path) {
  return read_typed_array<uint32_t>(value, napi_uint32_array, path, "a Uint32Array");
}

std::string read_string(const Napi::Value& value, const std::string& path) {
  if (!value.IsString()) refuse(path, "a string", value);
  return value.As<Napi::String>().Utf8Value();
}

std::vector<std::string> read_strings(const Napi::Value& value, const std::string& path) {
  if (!value.IsArray()) refuse(path, "an array", value);
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    strings.push_back(read_string(array[i], path + "[" + std::to_string(i) + "]"));
  }
  return strings;
}

int64_t read_integer(const Napi::Value& value, const std::string& path) {
  return to_integer(read_number(value, path), path);
}

bool read_boolean(const Napi::Value& value, const std::string& path) {
  if (!value.IsBoolean()) refuse(path, "true or false", value);
  return value.As<Napi::Boolean>().Value();
}

WorldInput read_world_input(const Napi::Value& value) {
  const Fields input(value, "world");
  WorldInput world;
  const std::string device = read_string(input.value("device"), input.path("device"));
  FLM_CHECK(device == "cpu" || device == "cuda", ErrorCode::invalid_argument, input.path("device"), " is ",
            device, "; it must be cpu or cuda");
  world.device = device == "cpu" ? DeviceKind::cpu : DeviceKind::cuda;
  world.device_index = input.integer("device_index");
  const std::string communicator = read_string(input.value("communicator"), input.path("communicator"));
  FLM_CHECK(communicator == "host" || communicator == "nccl", ErrorCode::invalid_argument,
            input.path("communicator"), " is ", communicator, "; it must be host or nccl");
  world.use_nccl = communicator == "nccl";
  world.group.rank = int(input.integer("rank"));
  world.group.job = read_string(input.value("job"), input.path("job"));
  world.group.secret = input.bytes("secret");
  world.group.timeout_seconds = input.number("timeout_seconds");
  world.group.silence_seconds = input.number("silence_seconds");
  if (!input.value("peers").IsArray()) refuse(input.path("peers"), "an array", input.value("peers"));
  const auto peers = input.value("peers").As<Napi::Array>();
  for (uint32_t i = 0; i < peers.Length(); ++i) {
    const Fields peer(peers.Get(i), input.path("peers") + "[" + std::to_string(i) + "]");
    world.group.peers.push_back({.host = read_string(peer.value("host"), peer.path("host")),
                                 .unix_name = read_string(peer.value("unix_name"), peer.path("unix_name")),
                                 .address = read_string(peer.value("address"), peer.path("address")),
                                 .port = int(peer.integer("port"))});
  }
  return world;
}

StepInput read_step_input(const Napi::Value& value) {
  const Fields input(value, "step input");
  return {.pieces = read_pieces(input),
          .num_micro_batches = input.integer("num_micro_batches"),
          .lr = input.number("lr"),
          .ramp = read_ramp(input),
          .instructions = read_instructions(input),
          .stop = input.boolean("stop"),
          .max_loss = input.number("max_loss"),
          .max_grad_norm = input.number("max_grad_norm"),
          .row_weights = input.doubles("row_weights"),
          .loss = input.number("loss")};
}

EvalInput read_eval_input(const Napi::Value& value) {
  const Fields input(value, "evaluate input");
  return {.pieces = read_pieces(input),
          .num_micro_batches = input.integer("num_micro_batches"),
          .ramp = read_ramp(input),
          .per_token = input.boolean("per_token"),
          .instructions = read_instructions(input),
          .stop = input.boolean("stop")};
}

GenerateInput read_generate_input(const Napi::Value& value) {
  const Fields input(value, "generate input");
  GenerateInput generate{.lanes = input.integer("lanes"),
                         .rows = {},
                         .max_tokens = input.integer("max_tokens"),
                         .temperature = input.number("temperature"),
                         .top_k = input.integer("top_k"),
                         .top_p = input.number("top_p"),
                         .repetition_penalty = input.number("repetition_penalty"),
                         .stop_tokens = input.int32s("stop_tokens"),
                         .vocab_size = input.integer("vocab_size")};
  const Napi::Array rows = input.array("rows");
  for (uint32_t i = 0; i < rows.Length(); ++i) generate.rows.push_back(read_generate_row(rows.Get(i)));
  return generate;
}

text::Split read_split(const Napi::Value& value) {
  const std::string name = read_string(value, "split");
  if (name == "none") return text::Split::none;
  if (name == "gpt2") return text::Split::gpt2;
  if (name == "gpt4") return text::Split::gpt4;
  if (name == "qwen2") return text::Split::qwen2;
  if (name == "starcoder") return text::Split::starcoder;
  fail(ErrorCode::invalid_argument, "split \"", name,
       "\" is unknown; it must be none, gpt2, gpt4, qwen2 or starcoder");
}

text::Vocabulary read_vocabulary(const Napi::Value& value) {
  const Fields fields(value, "vocabulary");
  const auto bytes = fields.bytes("bytes");
  const auto ends = fields.uint32s("ends"), merges = fields.uint32s("merges");
  text::Vocabulary vocabulary;
  size_t begin = 0;
  for (const uint32_t end : ends) {
    FLM_CHECK(end >= begin && end <= bytes.size(), ErrorCode::invalid_argument, fields.path("ends"), " has ",
              end, " behind ", begin, " for ", bytes.size(), " bytes");
    vocabulary.pieces.emplace_back(bytes.begin() + std::ptrdiff_t(begin),
                                   bytes.begin() + std::ptrdiff_t(end));
    begin = end;
  }
  FLM_CHECK(merges.size() % 2 == 0, ErrorCode::invalid_argument, fields.path("merges"), " has ",
            merges.size(), " numbers; a merge has two");
  for (size_t i = 0; i < merges.size(); i += 2) vocabulary.merges.push_back({merges[i], merges[i + 1]});
  return vocabulary;
}

}  // namespace flm::bindings
