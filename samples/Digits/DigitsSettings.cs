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
}
