// A library that lacks a function.
extern "C" __attribute__((visibility("default"))) int ncclGetVersion(int* version) {
  *version = 22703;
  return 0;
}
