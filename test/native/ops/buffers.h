#pragma once
// The tensors of one run of a case, in device memory between guard zones. Everything goes through Device, so
// that the same cases run where the host cannot read device memory.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/backend.h"
#include "ops/values.h"

namespace flm::test {

// `rows` rows of `cols` elements, `stride` elements apart. What lies between the rows belongs to nobody.
struct Extent {
  Extent(int64_t rows, int64_t cols = 1, int64_t stride = 0)
      : rows(rows), cols(cols), stride(stride ? stride : cols) {}
  int64_t elements() const { return rows * cols; }
  int64_t span() const { return rows * stride; }

  int64_t rows, cols, stride;
};

enum class Role {
  input,    // must be left as it is
  output,   // '=': NaN before the run
  in_out,   // '+=', or '=' from old values
  scratch,  // contents are the backend's own
};

// A tensor before and after the run, as numbers and as bytes. Gaps between rows are left out.
struct TensorRecord {
  Role role;
  DType dtype;
  std::vector<double> before, after;
  std::vector<unsigned char> bits_after;
};
using Records = std::map<std::string, TensorRecord>;
using Values = std::map<std::string, std::vector<double>>;

class Buffers {
 public:
  // `precision` is what the backend computes in; values are first rounded to `tested`, so that the oracle and
  // the backend under test see the same numbers. A tensor named in `given` takes its values from there.
  Buffers(const Backend& backend, Precision precision, Precision tested, const Values& given);
  ~Buffers();
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  In input(const std::string& name, Extent extent, Kind kind, const Draw& draw);
  Out output(const std::string& name, Extent extent, Kind kind);
  Out in_out(const std::string& name, Extent extent, Kind kind, const Draw& draw);
  In indices(const std::string& name, const std::vector<int32_t>& list);
  // `bytes` bytes of NaN; null where bytes is 0.
  Out scratch(const std::string& name, size_t bytes);
  // A host array that the arguments point to; it lives as long as this object.
  template <class T>
  const T* keep(std::vector<T> list) {
    auto kept = std::make_shared<std::vector<T>>(std::move(list));
    kept_.push_back(kept);
    return kept->data();
  }

  // Reads everything but scratch back. Fails the test for each guard zone, gap or input that was written to.
  Records read_back(const std::string& case_name);
  // What an ideal implementation moves: inputs once, outputs once, in_out twice.
  double bytes_moved() const;

 private:
  struct Buffer {
    std::string name;
    Role role;
    DType dtype;
    Extent extent;
    void* memory;
    std::vector<unsigned char> image;  // of the whole allocation, guards included, before the run
  };
  // Without `draw` the elements are NaN.
  Out add(const std::string& name, Role role, Kind kind, Extent extent, const Draw& draw);
  std::vector<unsigned char> download(const Buffer& buffer);
  // Fails the test for every stretch that nobody may write to and that has changed.
  static void check_untouched(const std::string& case_name, const Buffer& buffer,
                              const std::vector<unsigned char>& after);

  const Backend& backend_;
  Precision precision_, tested_;
  const Values& given_;
  std::vector<Buffer> buffers_;
  std::vector<std::shared_ptr<void>> kept_;
};

}  // namespace flm::test
