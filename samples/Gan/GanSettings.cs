namespace Gan;

/// <summary>What all three trainings share.</summary>
internal sealed record GanSettings
{
    public long Seed { get; init; }

    public int Epochs { get; init; } = 60;

    public int BatchSize { get; init; } = 32;

    public double GeneratorLr { get; init; } = 1e-3;

    public double DiscriminatorLr { get; init; } = 1e-3;

    /// <summary>Gets the first beta of both optimizers.</summary>
    public double Beta1 { get; init; } = 0.5;

    public string Device { get; init; } = "cpu";

    /// <summary>Gets whether the engine's program computes in a lower precision.</summary>
    public bool Amp { get; init; }

    /// <summary>Gets how many iterations of the engine's program add up their gradients before one update.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>Gets whether there is something that only the engine's program can do.</summary>
    public bool IsForEngineOnly => Amp || Accumulate > 1;
}
