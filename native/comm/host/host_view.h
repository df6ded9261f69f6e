#pragma once
#include "core/device.h"

namespace flm::host {

// Device memory as the host sees it for one operation: itself where the host can reach it, otherwise a pinned
// copy. The stream must be synchronized when one is made; the copies are done when a call returns.
class HostView {
 public:
  enum class Content { needed, unneeded };

  HostView(Device& device, const void* data, size_t bytes, Content content, Stream stream)
      : device_(device),
        original_(const_cast<void*>(data)),
        bytes_(bytes),
        stream_(stream),
        view_(original_) {
    if (device.host_accessible() || bytes == 0) return;
    view_ = device.allocate_pinned(bytes);
    if (content == Content::unneeded) return;
    device.copy(view_, original_, bytes, CopyKind::device_to_host, stream);
    device.synchronize(stream);
  }
  ~HostView() {
    if (view_ != original_) device_.release_pinned(view_);
  }
  HostView(const HostView&) = delete;
  HostView& operator=(const HostView&) = delete;

  void* data() const { return view_; }
  // To the device, if it is a copy.
  void write_back() {
    if (view_ == original_) return;
    device_.copy(original_, view_, bytes_, CopyKind::host_to_device, stream_);
    device_.synchronize(stream_);
  }

 private:
  Device& device_;
  void* original_;
  size_t bytes_;
  Stream stream_;
  void* view_;
};

}  // namespace flm::host
