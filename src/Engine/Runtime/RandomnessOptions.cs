namespace Compat.Engine.Runtime;

/// <summary>Settings of the random generators.</summary>
public sealed record RandomnessOptions
{
    /// <summary>Gets the seed that torch's generators get when the runner is made.</summary>
    /// <value>
    /// The default is <see langword="null"/>: they stay as they are, so that a program which seeded before it built the model keeps its stream.
    /// (MMEngine draws a random seed then.)
    /// </value>
    public long? Seed { get; init; }
}
