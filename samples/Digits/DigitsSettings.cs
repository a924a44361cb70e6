using Compat.Torch.Distributed;
using static TorchSharp.torch;

namespace Digits;

/// <summary>What all three trainings share.</summary>
internal sealed record DigitsSettings
{
    public long Seed { get; init; }

    public int Epochs { get; init; } = 8;

    public int BatchSize { get; init; } = 64;

    public double Lr { get; init; } = 0.05;

    public double Momentum { get; init; } = 0.9;

    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Gets the epochs after which the learning rate falls to a tenth.</summary>
    public IReadOnlyList<int> Steps { get; init; } = [5, 7];

    public string Device { get; init; } = "cpu";

    /// <summary>Gets how many iterations add up their gradients before one update.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>Gets whether the model computes in half precision.</summary>
    public bool Amp { get; init; }

    /// <summary>Gets whether training is counted in iterations rather than in epochs.</summary>
    public bool ByIter { get; init; }

    /// <summary>Gets what has started the processes that train together.</summary>
    public Launcher Launcher { get; init; }

    /// <summary>Gets the lower precision: all that a CPU can is bfloat16.</summary>
    public ScalarType HalfPrecision => Device == "cpu" ? ScalarType.BFloat16 : ScalarType.Float16;
}
