namespace Compat.Engine.Loops;

/// <summary>Settings of <see cref="EpochBasedTrainLoop"/>.</summary>
public sealed record EpochBasedTrainLoopOptions : TrainLoopOptions
{
    /// <summary>Gets how many epochs are trained.</summary>
    /// <value>At least 0.</value>
    public required int MaxEpochs { get; init; }

    /// <summary>Gets the first epoch, counted from 1, after which the model is validated.</summary>
    /// <value>The default is 1.</value>
    public int ValBegin { get; init; } = 1;

    /// <summary>Gets how many epochs lie between two validations. The last epoch is followed by one in any case.</summary>
    /// <value>At least 1. The default is 1.</value>
    public int ValInterval { get; init; } = 1;

    /// <summary>Gets other intervals, each with the epoch, counted from 1, from which it takes the place of the one before.</summary>
    /// <value>The default is <see langword="null"/>: <see cref="ValInterval"/> throughout.</value>
    /// <example><code>DynamicIntervals = [(Milestone: 280, Interval: 1)]</code></example>
    public IReadOnlyList<(int Milestone, int Interval)>? DynamicIntervals { get; init; }

    /// <inheritdoc/>
    public override TrainLoop Build(Runner runner) => new EpochBasedTrainLoop(runner, this);
}
