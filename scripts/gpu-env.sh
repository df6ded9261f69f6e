# For scripts that measure a GPU: the toolkit where it is not on PATH, and which GPU is CUDA's first.
export PATH="$PATH:${CUDA_HOME:-/usr/local/cuda}/bin"
export CUDA_DEVICE_ORDER=PCI_BUS_ID # nvidia-smi's order; CUDA's own begins with the fastest
gpu_id=${CUDA_VISIBLE_DEVICES:-0}
gpu_id=${gpu_id%%,*}
[[ $gpu_id == MIG-* ]] && gpu_id=0 # nvidia-smi knows the GPU alone
