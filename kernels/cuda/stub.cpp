// In the place of the .cu files where there was no CUDA toolkit.
#include "kernels/cuda/devices.h"

namespace trommel::cuda {

Devices visible_devices() {
    Devices devices;
    devices.why_none = "this was built without CUDA";
    return devices;
}

}  // namespace trommel::cuda
