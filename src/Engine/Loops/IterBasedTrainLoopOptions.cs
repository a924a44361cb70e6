namespace Compat.Engine.Loops;

/// <summary>Settings of <see cref="IterBasedTrainLoop"/>.</summary>
public sealed record IterBasedTrainLoopOptions : TrainLoopOptions
{
    /// <summary>Gets how many iterations are trained.</summary>
    /// <value>At least 0.</value>
    public required int MaxIters { get; init; }

    /// <summary>Gets the first iteration, counted from 1, after which the model is validated.</summary>
    /// <value>The default is 1.</value>
    public int ValBegin { get; init; } = 1;

    /// <summary>Gets how many iterations lie between two validations. The last iteration is followed by one in any case.</summary>
    /// <value>At least 1. The default is 1000.</value>
    public int ValInterval { get; init; } = 1000;

    /// <summary>Gets other intervals, each with the iteration, counted from 1, from which it takes the place of the one before.</summary>
    /// <value>The default is <see langword="null"/>: <see cref="ValInterval"/> throughout.</value>
    /// <example><code>DynamicIntervals = [(Milestone: 8000, Interval: 500)]</code></example>
    public IReadOnlyList<(int Milestone, int Interval)>? DynamicIntervals { get; init; }

    /// <inheritdoc/>
    public override TrainLoop Build(Runner runner) => new IterBasedTrainLoop(runner, this);
}
