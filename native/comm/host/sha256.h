#pragma once
#include <array>
#include <cstdint>
#include <span>

namespace flm::host {

using Digest = std::array<uint8_t, 32>;

// FIPS 180-4.
Digest sha256(std::span<const uint8_t> bytes);
// RFC 2104 with SHA-256.
Digest hmac_sha256(std::span<const uint8_t> key, std::span<const uint8_t> message);
// In a time that does not tell where they differ.
bool equal_digests(const Digest& a, const Digest& b);

}  // namespace flm::host
