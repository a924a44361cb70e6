using Compat.Torch.Amp;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>The part of a method that computes in one precision: from <see cref="Fp16.Auto(IFp16Switchable)"/> or <see cref="Fp16.Force32(IFp16Switchable)"/> to its end.</summary>
/// <remarks>If the module is not switched on, it does nothing.</remarks>
public sealed class Fp16Scope : IDisposable
{
    private static readonly Fp16Scope Off = new(DeviceType.CPU, ScalarType.Float32, ScalarType.Float32);

    private readonly DeviceType device;
    private readonly ScalarType outside;
    private readonly ScalarType inside;
    private Autocast? autocast;

    private Fp16Scope(DeviceType device, ScalarType outside, ScalarType inside) => (this.device, this.outside, this.inside) = (device, outside, inside);

    /// <summary>Casts what the method returns back: MMCV's <c>out_fp32</c> after Auto, <c>out_fp16</c> after Force32.</summary>
    /// <typeparam name="T">A tensor, or a list, array, tuple or dictionary with tensors.</typeparam>
    /// <param name="outputs">The outputs. Borrowed.</param>
    /// <returns>The outputs; what was of the scope's precision is of the other one now. Others are as they were.</returns>
    public T CastBack<T>(T outputs) => TensorCast.Cast(outputs, inside, outside);

    /// <summary>Ends the scope. What held before holds again.</summary>
    public void Dispose() => autocast?.Dispose();

    /// <summary>Makes the scope of a lower precision; it begins with <see cref="Begin"/>.</summary>
    internal static Fp16Scope Lower(IFp16Switchable module, params object?[] inputs)
    {
        ArgumentNullException.ThrowIfNull(module);
        if (!module.Fp16Enabled)
        {
            return Off;
        }

        (DeviceType device, ScalarType dtype) = (DeviceOf(module, inputs), module.Fp16Dtype ?? ScalarType.Float16);
        return device == DeviceType.CPU && dtype == ScalarType.Float16
            ? throw new InvalidOperationException(
                $"{module.GetType().Name} would compute in Float16 on the CPU; there it must be BFloat16. Set Dtype = ScalarType.BFloat16 in the settings of the optimizer "
                + "hook, for example in Fp16OptimizerConfig, or train on a GPU.")
            : new(device, ScalarType.Float32, dtype);
    }

    /// <summary>Makes the scope of full precision; it begins with <see cref="Begin"/>.</summary>
    internal static Fp16Scope Full(IFp16Switchable module, params object?[] inputs)
    {
        ArgumentNullException.ThrowIfNull(module);
        return module.Fp16Enabled ? new(DeviceOf(module, inputs), module.Fp16Dtype ?? ScalarType.Float16, ScalarType.Float32) : Off;
    }

    /// <summary>Casts an input of the method.</summary>
    internal T Cast<T>(T input) => TensorCast.Cast(input, outside, inside);

    /// <summary>Begins the scope, once all inputs are cast, so that a failing cast leaves nothing switched.</summary>
    internal Fp16Scope Begin()
    {
        autocast = ReferenceEquals(this, Off) ? null : inside == ScalarType.Float32 ? new(device, enabled: false) : new(device, inside);
        return this;
    }

    // Where the method computes is where its inputs are; without a tensor among them, where the module is.
    private static DeviceType DeviceOf(IFp16Switchable module, object?[] inputs)
    {
        DeviceType[] devices = [.. inputs.OfType<Tensor>().Select(tensor => tensor.device_type)];
        return devices.Contains(DeviceType.CUDA) ? DeviceType.CUDA
            : devices.Length > 0 ? devices[0]
            : (module as nn.Module)?.parameters().FirstOrDefault()?.device_type ?? DeviceType.CPU;
    }
}
