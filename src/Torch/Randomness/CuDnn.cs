using Compat.Torch.Native;

namespace Compat.Torch.Randomness;

/// <summary>Switches of cuDNN, the library of convolutions on CUDA. They hold for the process, and mean nothing on the CPU.</summary>
/// <remarks>
/// Source: PyTorch <c>torch.backends.cudnn</c>. MMCV's <c>deterministic=True</c> is these two; MMEngine's is <see cref="DeterministicAlgorithms"/>.
/// </remarks>
public static class CuDnn
{
    /// <summary>Gets or sets whether only convolutions that give the same bits at every run are used.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    /// <exception cref="PlatformNotSupportedException">This libtorch does not export the switch.</exception>
    public static bool Deterministic
    {
        get => DeterminismSymbols.CuDnn;
        set => DeterminismSymbols.SetCuDnn(value);
    }

    /// <summary>Gets or sets whether several algorithms are tried at the first batch of each shape, to go on with the fastest.</summary>
    /// <value>The default is <see langword="false"/>. Which one is fastest may change from run to run, and with it the last bits.</value>
    /// <exception cref="PlatformNotSupportedException">This libtorch does not export the switch.</exception>
    public static bool Benchmark
    {
        get => DeterminismSymbols.CuDnnBenchmark;
        set => DeterminismSymbols.SetCuDnnBenchmark(value);
    }
}
