using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch;

/// <summary>The one rule for whether a tensor is where it is wanted. TorchSharp's devices are equal by reference only.</summary>
internal static class TensorDevice
{
    // A device without an index means "the current one"; then the kind alone decides.
    public static bool IsOn(Tensor tensor, Device device) =>
        tensor.device_type == device.type && (device.type == DeviceType.CPU || device.index < 0 || tensor.device_index == device.index);
}
