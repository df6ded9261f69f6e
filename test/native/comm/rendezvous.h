#pragma once
// A communicator between threads of this process whose messages move only when both sides are there, as those
// of GPU libraries do. Everything but messages is another communicator's.
#include <memory>

#include "comm/communicator.h"

namespace flm::test {

enum class Sends {
  // As Communicator wants it: a queue of its own for each rank waits for the receives.
  posted,
  // The sender waits itself, for a short time; then the test has found a deadlock: Error(comm_timeout).
  waiting,
};

// Where the ranks meet.
class MeetingPlace;
std::shared_ptr<MeetingPlace> make_meeting_place();

// `other` outlives the result. Groups that are split from it meet at the same place.
std::unique_ptr<Communicator> make_rendezvous_communicator(std::shared_ptr<MeetingPlace> place,
                                                           Communicator& other, Sends sends);

}  // namespace flm::test
