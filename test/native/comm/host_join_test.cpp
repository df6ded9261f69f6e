// Who is let into a group, and what the others are told.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <thread>

#include "comm/host/bootstrap.h"
#include "comm/host/sha256.h"
#include "host_group.h"
#include "oracle/host_device.h"
#include "test.h"

namespace flm::test {
namespace {

using Change = std::function<void(HostGroup&)>;

// Rank 0 as it should be, rank 1 changed: what each of them is told.
std::array<std::string, 2> join(const Change& common, const Change& of_rank_1,
                                const std::vector<int>& host_of = {0, 0}) {
  Listeners listeners(2, host_of);
  listeners.group.timeout_seconds = 1;
  common(listeners.group);
  std::array<std::string, 2> told;
  const auto run = [&](int rank) {
    oracle::HostDevice device;
    HostGroup group = listeners.group;
    group.rank = rank;
    if (rank == 1) of_rank_1(group);
    try {
      make_host_communicator(device, std::move(listeners.doors[size_t(rank)]), group)->barrier();
      told[size_t(rank)] = "joined";
    } catch (const Error& error) {
      told[size_t(rank)] = std::string(code_name(error.code())) + " " + error.what();
    }
  };
  std::thread other(run, 1);
  run(0);
  other.join();
  return told;
}

void check_parts(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    if (text.find(part) == std::string::npos)
      report_failure(__FILE__, __LINE__, "\"" + part + "\" is not in: " + text);
  }
}

const Change kNothing = [](HostGroup&) {};
const Change kSecret = [](HostGroup& group) { group.secret = {1, 2, 3}; };

FLM_TEST(host_join_with_the_secret) {
  for (const std::vector<int>& hosts : {std::vector<int>{0, 0}, std::vector<int>{0, 1}}) {
    const Change patient = [](HostGroup& group) {
      kSecret(group);
      group.timeout_seconds = 30;
    };
    for (const std::string& told : join(patient, kNothing, hosts)) CHECK_EQ(told, std::string("joined"));
  }
}

FLM_TEST(host_join_takes_the_silence_that_was_asked_for) {
  for (const double silence : {5.0, 60.0, 2e6}) {
    Listeners listeners(2, {0, 1});
    listeners.group.timeout_seconds = 30;
    listeners.group.silence_seconds = silence;
    std::array<int, 2> milliseconds{};
    const auto run = [&](int rank) {
      HostGroup group = listeners.group;
      group.rank = rank;
      const auto sockets = host::connect_group(listeners.doors[size_t(rank)], group);
      socklen_t length = sizeof(int);
      ::getsockopt(sockets[size_t(1 - rank)].get(), IPPROTO_TCP, TCP_USER_TIMEOUT,
                   &milliseconds[size_t(rank)], &length);
    };
    std::thread other(run, 1);
    run(0);
    other.join();
    for (const int found : milliseconds) CHECK_EQ(found, int(1000 * silence));
  }
}

FLM_TEST(host_join_with_another_secret_is_refused) {
  const auto told = join(kSecret, [](HostGroup& group) { group.secret = {1, 2, 4}; });
  check_parts(told[0], {"COMM_TIMEOUT", "rank 0 of 2 waited 1 s for rank 1"});
  check_parts(told[1], {"INVALID_ARGUMENT", "rank 1 refuses rank 0", "secret"});
}

FLM_TEST(host_join_without_a_secret_is_refused) {
  const auto told = join(kSecret, [](HostGroup& group) { group.secret.clear(); });
  check_parts(told[0], {"COMM_TIMEOUT", "it refused a caller: its secret is not the one of rank 0"});
  check_parts(told[1], {"INVALID_ARGUMENT", "rank 0 refuses rank 1", "secret"});
}

FLM_TEST(host_join_of_another_job_is_refused) {
  const auto told = join(kNothing, [](HostGroup& group) { group.job = "test, attempt 2"; });
  check_parts(told[0], {"COMM_TIMEOUT", "job \"test\"", "its job is \"test, attempt 2\""});
  check_parts(told[1], {"INVALID_ARGUMENT", "its job is \"test, attempt 2\", this one is \"test\""});
}

FLM_TEST(host_join_of_another_size_is_refused) {
  const auto told = join(kNothing, [](HostGroup& group) { group.peers.push_back(group.peers[0]); });
  check_parts(told[1], {"INVALID_ARGUMENT", "a group of 3, this one has 2"});
}

FLM_TEST(host_join_refuses_bad_settings) {
  oracle::HostDevice device;
  const auto make = [&](const Change& change) {
    Listeners listeners(1);
    change(listeners.group);
    return make_host_communicator(device, std::move(listeners.doors[0]), listeners.group);
  };
  CHECK_EQ(make(kNothing)->size(), 1);
  CHECK_THROWS(make([](HostGroup& group) { group.rank = 1; }), ErrorCode::invalid_argument);
  CHECK_THROWS(make([](HostGroup& group) { group.timeout_seconds = 0; }), ErrorCode::invalid_argument);
  CHECK_THROWS(make([](HostGroup& group) { group.job = std::string(201, 'x'); }),
               ErrorCode::invalid_argument);
}

std::string hex(const host::Digest& digest) {
  std::string text;
  for (const uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::vector<uint8_t> bytes(const std::string& text) { return {text.begin(), text.end()}; }

// The examples of FIPS 180-4 and of RFC 4231 (test cases 2 and 6).
FLM_TEST(sha256_published_examples) {
  CHECK_EQ(hex(host::sha256(bytes("abc"))),
           std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  CHECK_EQ(hex(host::sha256(bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
           std::string("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
  CHECK_EQ(hex(host::hmac_sha256(bytes("Jefe"), bytes("what do ya want for nothing?"))),
           std::string("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  CHECK_EQ(hex(host::hmac_sha256(std::vector<uint8_t>(131, 0xaa),
                                 bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
           std::string("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
}

}  // namespace
}  // namespace flm::test
