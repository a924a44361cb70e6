using Compat.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Amp;

/// <summary>A scope in which libtorch runs suitable operations in a lower precision: matrix products in the lower one, losses in float32.</summary>
/// <remarks>
/// <para>It is libtorch's own autocast, so it casts what PyTorch casts. It holds for the thread that opened it and must be closed there. Scopes nest; closing
/// one restores what was before, also after an exception. Backward runs outside. Source: PyTorch <c>torch.autocast</c>.</para>
/// <para>On the CPU the lower precision is bfloat16: float16 is refused.</para>
/// </remarks>
/// <example><code>using (new Autocast(DeviceType.CUDA)) { loss = model.Loss(batch); }</code></example>
public sealed class Autocast : IDisposable
{
    private readonly DeviceType device;
    private readonly int thread = Environment.CurrentManagedThreadId;
    private readonly bool wasEnabled;
    private readonly bool wasCacheEnabled;
    private readonly ScalarType previousDtype;
    private bool isClosed;

    /// <summary>Opens the scope.</summary>
    /// <param name="device">The kind of device whose operations are cast: CPU or CUDA.</param>
    /// <param name="dtype">
    /// The lower precision; <see langword="null"/>, the default, for libtorch's: bfloat16 on the CPU, float16 on CUDA unless it was set otherwise.
    /// </param>
    /// <param name="enabled">Whether to cast. The default is <see langword="true"/>; <see langword="false"/> switches an outer scope off.</param>
    /// <param name="cacheEnabled">Whether cast weights are kept for the scope; <see langword="null"/>, the default, as it is.</param>
    /// <exception cref="ArgumentException">The device or the precision is not supported.</exception>
    /// <exception cref="PlatformNotSupportedException">This libtorch does not export its autocast switches.</exception>
    public Autocast(DeviceType device, ScalarType? dtype = null, bool enabled = true, bool? cacheEnabled = null)
    {
        this.device = device;
        if (enabled)
        {
            Check(device, dtype);
        }

        wasEnabled = AutocastSymbols.IsEnabled(device);
        previousDtype = AutocastSymbols.Dtype(device);
        wasCacheEnabled = AutocastSymbols.IsCacheEnabled();
        AutocastSymbols.SetEnabled(device, enabled);
        AutocastSymbols.SetDtype(device, dtype ?? previousDtype);
        AutocastSymbols.IncrementNesting();
        AutocastSymbols.SetCacheEnabled(cacheEnabled ?? wasCacheEnabled);
    }

    /// <summary>Tells whether operations on a kind of device are cast on this thread now.</summary>
    /// <param name="device">CPU or CUDA.</param>
    /// <returns>Whether they are.</returns>
    public static bool IsEnabled(DeviceType device) => AutocastSymbols.IsEnabled(device);

    /// <summary>Closes the scope and restores what was before.</summary>
    /// <exception cref="InvalidOperationException">Another thread than the one that opened it closes it.</exception>
    public void Dispose()
    {
        if (isClosed)
        {
            return;
        }

        if (thread != Environment.CurrentManagedThreadId)
        {
            throw new InvalidOperationException(
                $"The autocast scope was opened on thread {thread} and is closed on thread {Environment.CurrentManagedThreadId}. "
                + "Close it on its own thread; do not await inside it.");
        }

        isClosed = true;
        if (AutocastSymbols.DecrementNesting() == 0)
        {
            AutocastSymbols.ClearCache();
        }

        AutocastSymbols.SetEnabled(device, wasEnabled);
        AutocastSymbols.SetDtype(device, previousDtype);
        AutocastSymbols.SetCacheEnabled(wasCacheEnabled);
    }

    private static void Check(DeviceType device, ScalarType? dtype)
    {
        if (device is not (DeviceType.CPU or DeviceType.CUDA))
        {
            throw new ArgumentException($"Autocast on {device} is not supported; the device must be CPU or CUDA.", nameof(device));
        }

        if (device == DeviceType.CPU && dtype is not (null or ScalarType.BFloat16))
        {
            throw new ArgumentException(
                $"Autocast to {dtype} on the CPU is not supported; there it must be bfloat16. Write dtype: ScalarType.BFloat16, or leave it out.",
                nameof(dtype));
        }

        if (dtype is not (null or ScalarType.BFloat16 or ScalarType.Float16 or ScalarType.Float32 or ScalarType.Float64))
        {
            throw new ArgumentException(
                $"Autocast to {dtype} is not supported; the precision must be Float16, BFloat16, Float32 or Float64.", nameof(dtype));
        }
    }
}
