#include "comm/single.h"

#include <vector>

#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

struct Group {
  Backend backend = oracle::make_backend();
  std::unique_ptr<Communicator> alone = make_single_communicator(*backend.device);
  Stream stream = backend.device->stream(StreamRole::comm);
};

FLM_TEST(single_communicator_keeps_what_it_reduces) {
  Group g;
  std::vector<double> data{1, -2, 3};
  for (const ReduceOp op : {ReduceOp::sum, ReduceOp::max})
    g.alone->all_reduce({data.data(), DType::f64}, 3, op, g.stream);
  g.alone->broadcast({data.data(), DType::f64}, 3, 0, g.stream);
  g.alone->barrier();
  CHECK(data == (std::vector<double>{1, -2, 3}));
}

FLM_TEST(single_communicator_gathers_and_scatters_by_copying) {
  Group g;
  std::vector<double> own{4, 5}, all(2), part(2);
  g.alone->all_gather({all.data(), DType::f64}, {own.data(), DType::f64}, 2, g.stream);
  g.alone->reduce_scatter({part.data(), DType::f64}, {all.data(), DType::f64}, 2, g.stream);
  CHECK(all == own);
  CHECK(part == own);
}

FLM_TEST(single_communicator_has_no_peers) {
  Group g;
  double value = 0;
  const Out data{&value, DType::f64};
  CHECK_THROWS(g.alone->send(data, 1, 0, g.stream), ErrorCode::invalid_argument);
  CHECK_THROWS(g.alone->recv(data, 1, 1, g.stream), ErrorCode::invalid_argument);
  CHECK_THROWS(g.alone->broadcast(data, 1, 1, g.stream), ErrorCode::invalid_argument);
  CHECK_EQ(g.alone->split(3, 1)->size(), 1);
}

FLM_TEST(single_communicator_refuses_after_an_abort) {
  Group g;
  g.alone->abort();
  CHECK_THROWS(g.alone->barrier(), ErrorCode::comm_peer_lost);
}

}  // namespace
}  // namespace flm::test
