#pragma once
// FLM_HD marks a function that host and device code share: headers of core/ are compiled by nvcc too.
#ifdef __CUDACC__
#define FLM_HD __host__ __device__
#else
#define FLM_HD
#endif
