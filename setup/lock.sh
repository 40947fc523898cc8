#!/bin/sh
# Writes requirements/*.lock anew from pyproject.toml; needs uv. Pins that still fit stay as they are.
#
# torch and what only its CUDA build needs are left out of the lock: which build there is depends on the
# index, so setup.sh installs the one exact version by itself and lets pip bring what that build asks for.
set -eu
cd "$(dirname "$0")/.."

compile() {
    lock=$1
    shift
    uv pip compile pyproject.toml --universal --generate-hashes --no-header --quiet \
        --python-version 3.11 --output-file "requirements/$lock.lock" "$@"
}

left_out='torch triton cuda-bindings cuda-pathfinder cuda-toolkit
nvidia-cublas nvidia-cuda-cupti nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile
nvidia-curand nvidia-cusolver nvidia-cusparse nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvjitlink
nvidia-nvshmem-cu13 nvidia-nvtx'

compile runtime
# shellcheck disable=SC2046
compile gpu --extra neural --extra cluster $(printf -- '--no-emit-package %s ' $left_out)
# shellcheck disable=SC2046
compile dev --extra dev --extra neural --extra cluster $(printf -- '--no-emit-package %s ' $left_out)
